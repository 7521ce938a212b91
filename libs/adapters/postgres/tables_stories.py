"""The deduplicator's own tables: everything here but editors' corrections is derived and can be made anew.

A *text* is a distinct body (see `libs.domain.stories.texts`); articles with equal bodies carry one text.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from libs.adapters.postgres.tables import metadata, one_of

texts = Table(
    "texts",
    metadata,
    Column("text_id", Text, primary_key=True),
    Column("text_no", Integer, Identity(), nullable=False),  # what postings hold; never part of a judgement
    Column("live", Boolean, nullable=False),  # some current revision carries it
    Column("words", Integer, nullable=False),
    Column("codes", LargeBinary, nullable=False),  # uint32, little endian, one a word
    Column("spoken", LargeBinary, nullable=False),  # a bit a word
    Column("dull_words", Integer, nullable=False, server_default=text("0")),  # covered by boilerplate
    # What the carriers say of the interview, as far as candidates are looked up by it.
    Column("person_keys", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("first_published", Float),  # seconds since 1970
    UniqueConstraint("text_no"),
    Index("ix_texts_person_keys", "person_keys", postgresql_using="gin", postgresql_where=text("live")),
)

# Which text the registered revision of an article carries.
carriers = Table(
    "carriers",
    metadata,
    Column("article_id", Text, ForeignKey("articles.article_id"), primary_key=True),
    Column("text_id", Text, nullable=False),  # of `texts`; written before the text itself
    Column("revision_id", Text, ForeignKey("revisions.revision_id"), nullable=False),
    Column("founding_id", Text, nullable=False),  # the story id that this article gives when it is the first member
    Column("in_focus", Boolean, nullable=False),
    Index("ix_carriers_text", "text_id"),
    Index("ix_carriers_founding", "founding_id"),
)

# Links join texts; `a` is the longer one. What the two texts share never
# changes; type and weight follow what is known to be boilerplate, and which stories the two are in.
links = Table(
    "links",
    metadata,
    Column("a", Text, primary_key=True),
    Column("b", Text, primary_key=True),
    Column("live", Boolean, nullable=False),  # both texts are current; else history
    Column("type", Text),  # null: shared words that amount to nothing
    Column("words_type", Text),  # by words alone, before stories were cut
    Column("candidate", Boolean, nullable=False),  # both say of themselves that they tell of one interview
    Column("meant_matched", Integer),  # of `verdicts`, where meaning speaks for one interview
    Column("meant_sentences", Integer),
    Column("longest_run", Integer, nullable=False),
    Column("weight_words", Integer, nullable=False),
    Column("coverage_a", Integer, nullable=False),  # per mille
    Column("coverage_b", Integer, nullable=False),
    Column("words_a", Integer, nullable=False),
    Column("words_b", Integer, nullable=False),
    Column("kinship", Integer, nullable=False),  # per mille
    Column("stranger", Boolean, nullable=False),  # may share boilerplate only: other subjects
    Column("aside", Boolean, nullable=False),  # may share boilerplate only: little, and nothing else
    Column("passages", JSONB, nullable=False),  # [[[word in a, word in b, words], ...], ...]
    Column("prints", JSONB, nullable=False),  # [[hash, word in a, told], ...]
    Column("spoken", JSONB, nullable=False),  # [[first word in a, end], ...]
    Column("reasons", JSONB, nullable=False),
    one_of("type", ("copy", "rewrite", "identity", "quotes", "possible"), null=True),
    one_of("words_type", ("copy", "rewrite", "quotes"), null=True),
    Index("ix_links_a", "a", postgresql_where=text("live")),
    Index("ix_links_b", "b", postgresql_where=text("live")),
)

# Fingerprints: what is new stands a row a posting, the rest in packed chunks of one ordered file; see docs/adr/0006.
fingerprints = Table(
    "fingerprints",
    metadata,
    Column("hash", BigInteger, primary_key=True),
    Column("text_no", Integer, primary_key=True),
)
fingerprint_chunks = Table(
    "fingerprint_chunks",
    metadata,
    Column("first_hash", BigInteger, primary_key=True, autoincrement=False),  # its upper 40 bits
    # uint32, big endian as int4send writes: how far above the first, in order
    Column("hashes", LargeBinary, nullable=False),
    Column("text_nos", LargeBinary, nullable=False),  # int32, little endian
)

boilerplate = Table(
    "boilerplate",
    metadata,
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("witnesses", ARRAY(Text), nullable=False),  # the three texts that show it
)

# What editors decided, in the order of the numbers; a later decision wins over an earlier one. Never deleted: one that
# was taken back stays with who took it back.
corrections = Table(
    "corrections",
    metadata,
    Column("correction_id", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("revoked_at", DateTime(timezone=True)),
    Column("revoked_by", Text),
    Column("revoked_why", Text),
    Column("erased", Boolean, nullable=False, server_default=text("false")),  # texts and bytes went too
    Column("blobs", ARRAY(Text), nullable=False, server_default=text("'{}'")),  # sha256 of bytes still to be removed
    one_of("kind", ("merge", "split", "pin", "withdraw")),
    CheckConstraint(
        "(revoked_at IS NULL) = (revoked_by IS NULL) AND (revoked_at IS NULL) = (revoked_why IS NULL)",
        name="revoked_whole",
    ),
    CheckConstraint("revoked_at IS NULL OR NOT erased", name="erased_for_ever"),
)

# The articles that a decision names: never story ids, which follow from decisions.
correction_articles = Table(
    "correction_articles",
    metadata,
    Column("correction_id", BigInteger, ForeignKey("corrections.correction_id"), primary_key=True),
    Column("article_id", Text, ForeignKey("articles.article_id"), primary_key=True),
    Column("apart", Boolean, nullable=False, server_default=text("false")),  # of a split: stays where the others leave
    Index("ix_correction_articles_article", "article_id"),
)

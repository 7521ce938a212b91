"""The tables of sentence meaning, empty unless it is on: what texts are found by, their vectors, verdicts on pairs."""

from sqlalchemy import CheckConstraint, Column, Float, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from libs.adapters.postgres.tables import metadata

# A row a text that is or was to be heard. `wanted` counts how often that was asked for, `heard` up to which time it was
# done: a text is unheard while it is behind, so what is asked for meanwhile is not lost.
voices = Table(
    "voices",
    metadata,
    Column("text_id", Text, primary_key=True),  # of `texts`
    Column("wanted", Integer, nullable=False, server_default=text("1")),
    Column("heard", Integer, nullable=False, server_default=text("0")),
    # What the carriers say, as far as pairs are looked up by it: `libs.domain.stories.naming`.
    Column("named", ARRAY(Integer), nullable=False, server_default=text("'{}'")),
    Column("sought", ARRAY(Integer), nullable=False, server_default=text("'{}'")),
    Column("first_published", Float),  # seconds since 1970
    Column("spoken", Text),  # sha256 of the sentences
    # Only of texts that were compared with another; made anew when one of the versions changes.
    Column("encoders", Text),
    Column("background", Text),
    Column("sentences", Integer),
    Column("vectors", LargeBinary),  # float16, little endian: a row a sentence, one encoder beside the other
    Index("ix_voices_named", "named", postgresql_using="gin"),
    Index("ix_voices_sought", "sought", postgresql_using="gin"),
    Index("ix_voices_unheard", "text_id", postgresql_where=text("heard < wanted")),
)

# How many of the shorter text's sentences have their counterpart in the other; `a` is the smaller id.
verdicts = Table(
    "verdicts",
    metadata,
    Column("a", Text, primary_key=True),
    Column("b", Text, primary_key=True),
    Column("matched", Integer, nullable=False),
    Column("sentences", Integer, nullable=False),
    Column("encoders", Text, nullable=False),
    Column("background", Text, nullable=False),
    CheckConstraint("a < b", name="order"),
    Index("ix_verdicts_b", "b"),
)

"""The statements of `stories`; lists go in as arrays, so that a statement is one whatever the size of a batch."""

from collections.abc import Mapping

from sqlalchemy import text

LINK_COLUMNS = {
    "a": "text",
    "b": "text",
    "words_type": "text",
    "candidate": "boolean",
    "longest_run": "int",
    "weight_words": "int",
    "coverage_a": "int",
    "coverage_b": "int",
    "words_a": "int",
    "words_b": "int",
    "kinship": "int",
    "stranger": "boolean",
    "aside": "boolean",
    "passages": "jsonb",
    "prints": "jsonb",
    "spoken": "jsonb",
    "reasons": "jsonb",
}
TEXT_COLUMNS = {"text_id": "text", "words": "int", "codes": "bytea", "spoken": "bytea", "dull_words": "int"}


def _unnest(kinds: Mapping[str, str]) -> str:
    return "unnest(" + ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in kinds.items()) + ")"


UPSERT_TEXTS = (
    f"INSERT INTO texts (live, {', '.join(TEXT_COLUMNS)}) SELECT true, * FROM {_unnest(TEXT_COLUMNS)}"  # noqa: S608
    " ON CONFLICT (text_id) DO UPDATE SET live = true, dull_words = excluded.dull_words"
    " RETURNING text_id, text_no"
)
UPSERT_LINKS = (
    f"INSERT INTO links (live, {', '.join(LINK_COLUMNS)}) SELECT true, * FROM {_unnest(LINK_COLUMNS)}"  # noqa: S608
    " ON CONFLICT (a, b) DO UPDATE SET live = true, "
    + ", ".join(f"{name} = excluded.{name}" for name in LINK_COLUMNS if name not in ("a", "b"))
)
REVISIONS = text(
    "SELECT revision_id, article_id, body, interviewee, broadcasters, interviewers, aired, questions, assigned_at"
    " FROM revisions WHERE revision_id = ANY(CAST(:ids AS text[])) ORDER BY revision_id"
)
TURNS = text(
    'SELECT revision_id, role, speaker, start, "end" FROM turns WHERE revision_id = ANY(CAST(:ids AS text[]))'
    " ORDER BY revision_id, n"
)
QUOTES = text(
    'SELECT revision_id, speaker, text, start, "end" FROM quotes WHERE revision_id = ANY(CAST(:ids AS text[]))'
    " ORDER BY revision_id, n"
)
RESULTS = text(
    "SELECT revision_id, attempt, touched_articles, touched_stories FROM revisions"
    " WHERE revision_id = ANY(CAST(:ids AS text[])) AND assigned_at IS NOT NULL ORDER BY revision_id"
)
PLACED = text("SELECT article_id, story_id, projection FROM articles WHERE article_id = ANY(CAST(:ids AS text[]))")
TOLD = text("SELECT story_id, projection, redirect_to FROM stories WHERE story_id = ANY(CAST(:ids AS text[]))")
CARRIERS = """
SELECT c.text_id, c.article_id, c.in_focus, p.url, p.declared_original, r.outlet, r.publisher, r.title, r.published,
       r.language, r.credit, r.kind, r.interviewee, r.broadcasters, r.interviewers, r.aired, r.questions
FROM carriers c JOIN articles a USING (article_id) JOIN pages p USING (page_id)
     JOIN revisions r ON r.revision_id = c.revision_id
WHERE c.text_id = ANY(CAST(:ids AS text[])) AND a.withdrawn_reason IS NULL ORDER BY c.article_id"""
OF_PAIRS = """
SELECT links.* FROM links JOIN unnest(CAST(:a AS text[]), CAST(:b AS text[])) AS wanted (a, b)
    ON links.a = wanted.a AND links.b = wanted.b WHERE links.live"""
JOINING = "live AND (candidate OR words_type IN ('copy', 'rewrite'))"
JOINED = f"""
SELECT b AS text_id FROM links WHERE {JOINING} AND a = ANY(CAST(:ids AS text[]))
UNION SELECT a FROM links WHERE {JOINING} AND b = ANY(CAST(:ids AS text[]))"""  # noqa: S608
MATES = """
SELECT DISTINCT mate.text_id FROM carriers AS mine JOIN articles AS a ON a.article_id = mine.article_id
    JOIN articles AS other ON other.story_id = a.story_id JOIN carriers AS mate ON mate.article_id = other.article_id
WHERE mine.text_id = ANY(CAST(:ids AS text[]))"""
PLACINGS = """
SELECT a.article_id, a.story_id, a.lead, a.quoted_stories, a.link_types FROM carriers JOIN articles a USING (article_id)
WHERE text_id = ANY(CAST(:ids AS text[])) AND a.story_id IS NOT NULL ORDER BY a.article_id"""
LINK_TYPES = """
SELECT a AS text_id, type FROM links WHERE live AND type IS NOT NULL AND a = ANY(CAST(:ids AS text[]))
UNION SELECT b, type FROM links WHERE live AND type IS NOT NULL AND b = ANY(CAST(:ids AS text[]))"""
TELL = """
UPDATE texts SET person_keys = new.keys, first_published = new.first
FROM (SELECT id, ARRAY(SELECT jsonb_array_elements_text(keys)) AS keys, first FROM unnest(
          CAST(:ids AS text[]), CAST(:keys AS jsonb[]), CAST(:firsts AS float8[])) AS given (id, keys, first)) AS new
WHERE text_id = new.id AND (person_keys, first_published) IS DISTINCT FROM (new.keys, new.first)"""
TOLD_LIKE = """
SELECT mine.text_id, other.text_id AS other_id FROM texts AS mine JOIN texts AS other
    ON other.live AND other.person_keys && mine.person_keys
    AND other.first_published BETWEEN mine.first_published - :window AND mine.first_published + :window
WHERE mine.text_id = ANY(CAST(:ids AS text[])) AND mine.person_keys <> '{}'"""
ASIDES = """
SELECT * FROM links WHERE live AND aside AND a = ANY(CAST(:ids AS text[]))
UNION SELECT * FROM links WHERE live AND aside AND b = ANY(CAST(:ids AS text[]))"""

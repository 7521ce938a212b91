"""The statements of `stories`; lists go in as arrays, so that a statement is one whatever the size of a batch."""

from collections.abc import Mapping

from sqlalchemy import text

LINK_COLUMNS = {
    "a": "text",
    "b": "text",
    "words_type": "text",
    "candidate": "boolean",
    "meant_matched": "int",
    "meant_sentences": "int",
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
# Links come as one JSON document: most of a row is JSON anyway.
UPSERT_LINKS = (
    f"INSERT INTO links (live, {', '.join(LINK_COLUMNS)}) SELECT true, new.* FROM"  # noqa: S608
    f" jsonb_to_recordset(CAST(:rows AS jsonb)) AS new ({', '.join(f'{n} {kind}' for n, kind in LINK_COLUMNS.items())})"
    " ON CONFLICT (a, b) DO UPDATE SET live = true, "
    + ", ".join(f"{name} = excluded.{name}" for name in LINK_COLUMNS if name not in ("a", "b"))
)
# Plans are made for the arrays at hand: a plan kept from a table's first minutes would read all of it later. Compiling
# expressions never pays for look-ups by index.
BEGIN = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true),"
    " pg_advisory_xact_lock(:key)"
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
SELECT c.text_id, c.article_id, c.in_focus, p.url, p.declared_original, p.gone_at IS NOT NULL AS gone, r.outlet, r.publisher, r.title, r.published,
       r.language, r.credit, r.kind, r.interviewee, r.broadcasters, r.interviewers, r.aired, r.questions
FROM carriers c JOIN articles a USING (article_id) JOIN pages p USING (page_id)
     JOIN revisions r ON r.revision_id = c.revision_id
WHERE c.text_id = ANY(CAST(:ids AS text[])) AND a.withdrawn_reason IS NULL ORDER BY c.article_id"""
UPSERT_CARRIERS = """
INSERT INTO carriers (article_id, text_id, revision_id, founding_id, in_focus)
SELECT * FROM unnest(CAST(:article_id AS text[]), CAST(:text_id AS text[]), CAST(:revision_id AS text[]),
                     CAST(:founding_id AS text[]), CAST(:in_focus AS boolean[]))
ON CONFLICT (article_id) DO UPDATE SET text_id = excluded.text_id, revision_id = excluded.revision_id,
    in_focus = excluded.in_focus"""
SET_DULL = """
UPDATE texts SET dull_words = new.dull FROM unnest(CAST(:ids AS text[]), CAST(:dull AS int[])) AS new (text_id, dull)
WHERE texts.text_id = new.text_id"""
# Lists in a list: ids hold no spaces, and PostgreSQL's arrays of arrays must be rectangular.
PUT_BOILERPLATE = """
INSERT INTO boilerplate (hash, witnesses)
SELECT hash, string_to_array(witnesses, ' ')
FROM unnest(CAST(:hashes AS bigint[]), CAST(:witnesses AS text[])) AS new (hash, witnesses)
ON CONFLICT (hash) DO UPDATE SET witnesses = excluded.witnesses"""
OF_PAIRS = """
SELECT links.* FROM links JOIN unnest(CAST(:a AS text[]), CAST(:b AS text[])) AS wanted (a, b)
    ON links.a = wanted.a AND links.b = wanted.b WHERE links.live ORDER BY a, b"""
SET_TYPES = """
UPDATE links SET type = new.type, reasons = new.reasons
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (a text, b text, type text, reasons jsonb)
WHERE links.a = new.a AND links.b = new.b"""


def _touching(columns: str, which: str = "live") -> str:
    """Links with an end among `ids`, each once: two plain look-ups instead of comparing whole rows."""
    ids = "ANY(CAST(:ids AS text[]))"
    return (
        f"SELECT {columns} FROM links WHERE {which} AND a = {ids}"  # noqa: S608
        f" UNION ALL SELECT {columns} FROM links WHERE {which} AND b = {ids} AND a <> ALL(CAST(:ids AS text[])) ORDER BY a, b"
    )


LINKS = _touching("*")
CANDIDATES = _touching("*", "live AND (candidate OR meant_matched IS NOT NULL)")
STANDING = _touching(
    "a, b, type, words_type, candidate, meant_matched, meant_sentences, longest_run, weight_words, coverage_a, coverage_b, reasons,"
    " passages <> CAST('[]' AS jsonb) AS worded"
)
STRANGERS = """
SELECT * FROM links WHERE live AND stranger AND a = ANY(CAST(:ids AS text[])) AND b = ANY(CAST(:ids AS text[]))
ORDER BY a, b"""
# The decisions that name an article which carries one of these texts. An array, so that no plan begins with all decisions.
NAMING = """correction_id IN (
    SELECT correction_id FROM correction_articles WHERE article_id = ANY(ARRAY(
        SELECT article_id FROM carriers WHERE text_id = ANY(CAST(:ids AS text[])))))"""
JOINING = "live AND (candidate OR meant_matched IS NOT NULL OR words_type IN ('copy', 'rewrite'))"
JOINED = f"""
SELECT b AS text_id FROM links WHERE {JOINING} AND a = ANY(CAST(:ids AS text[]))
UNION SELECT a FROM links WHERE {JOINING} AND b = ANY(CAST(:ids AS text[]))
UNION SELECT text_id FROM carriers WHERE article_id = ANY(ARRAY(
    SELECT article_id FROM corrections JOIN correction_articles USING (correction_id)
    WHERE kind = 'merge' AND revoked_at IS NULL AND {NAMING}))"""  # noqa: S608
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
# Every aside of those texts that have so many of them.
ASIDES = """
WITH wanted AS (SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:least AS int[])) AS wanted (text_id, least)),
ends AS (
    SELECT text_id, least, a, b FROM wanted JOIN links ON a = text_id WHERE live AND aside
    UNION ALL SELECT text_id, least, a, b FROM wanted JOIN links ON b = text_id WHERE live AND aside),
counted AS (SELECT a, b, least, count(*) OVER (PARTITION BY text_id) AS asides FROM ends)
SELECT links.* FROM links JOIN (SELECT DISTINCT a, b FROM counted WHERE asides >= least) AS crowd USING (a, b)"""
# A revision's result and its line in the ledger. One that is not current any more has no result; that of a withdrawn
# article has its end here, for the index never hears of it.
RECORD = """
WITH done AS (
    UPDATE revisions SET assigned_at = now(), touched_articles = string_to_array(new.articles, ' '),
        touched_stories = string_to_array(new.stories, ' '),
        "end" = CASE WHEN out THEN 'withdrawn' ELSE "end" END, ended_at = CASE WHEN out THEN now() ELSE ended_at END
    FROM (
        SELECT given.*, a.article_id IS NOT NULL AS out
        FROM unnest(CAST(:revisions AS text[]), CAST(:articles AS text[]), CAST(:stories AS text[]))
            AS given (revision_id, articles, stories)
        JOIN revisions r USING (revision_id) LEFT JOIN articles a
            ON a.article_id = r.article_id AND a.revision_id = r.revision_id AND a.withdrawn_reason IS NOT NULL) AS new
    WHERE revisions.revision_id = new.revision_id
    RETURNING revisions.revision_id, revisions.article_id, revisions.capture_id, revisions.trace_id)
INSERT INTO ledger (stage, outcome, capture_id, page_id, article_id, revision_id, story_id, trace_id)
SELECT 'deduplicator',
    CASE WHEN a.revision_id IS DISTINCT FROM done.revision_id THEN 'superseded'
         WHEN a.withdrawn_reason IS NOT NULL THEN 'withdrawn' ELSE 'assigned' END,
    done.capture_id, a.page_id, done.article_id, done.revision_id,
    CASE WHEN a.revision_id = done.revision_id AND a.withdrawn_reason IS NULL THEN a.story_id END, done.trace_id
FROM done JOIN articles a USING (article_id) ORDER BY done.revision_id"""
# Editors' standing decisions that name an article which carries one of these texts.
CORRECTIONS = f"""
SELECT correction_id, kind,
    coalesce(array_agg(article_id) FILTER (WHERE NOT apart), CAST(ARRAY[] AS text[])) AS articles,
    coalesce(array_agg(article_id) FILTER (WHERE apart), CAST(ARRAY[] AS text[])) AS apart
FROM corrections JOIN correction_articles USING (correction_id)
WHERE revoked_at IS NULL AND kind <> 'withdraw' AND {NAMING}
GROUP BY correction_id ORDER BY correction_id"""  # noqa: S608

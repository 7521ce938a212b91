"""Statements that put right what is derived, when everything is judged anew, whatever was recorded before."""

# Each article's registered revision; its current one where the registration was lost. What the deduplicator has not
# seen yet is left to it.
ALL_TAKEN = """
SELECT c.revision_id FROM carriers c JOIN articles a USING (article_id) WHERE a.withdrawn_reason IS NULL
UNION SELECT a.revision_id FROM articles a JOIN revisions r USING (revision_id)
WHERE a.withdrawn_reason IS NULL AND r.assigned_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM carriers c WHERE c.article_id = a.article_id)
ORDER BY revision_id"""

# Withdrawn articles that stand in a story all the same.
MISPLACED = """
SELECT article_id FROM articles WHERE withdrawn_reason IS NOT NULL AND (story_id IS NOT NULL OR lead) ORDER BY 1"""

# Stories follow from where articles stand. A story without members leads to where the article stands that gave it its
# id; where that article was withdrawn, to where it led before.
RESTORE_STORIES = """
WITH counted AS (
    SELECT story_id, count(*)::int AS size, min(article_id) FILTER (WHERE lead) AS lead
    FROM articles WHERE story_id IS NOT NULL AND withdrawn_reason IS NULL GROUP BY story_id
), heirs AS (
    SELECT founding_id, min(a.story_id) AS heir FROM carriers JOIN articles a USING (article_id)
    WHERE a.story_id IS NOT NULL AND a.withdrawn_reason IS NULL GROUP BY founding_id
), right_ones AS (
    SELECT story_id, coalesce(counted.size, 0) AS size, counted.lead,
        CASE WHEN counted.size IS NULL THEN coalesce(heir, s.redirect_to) END AS redirect_to
    FROM counted FULL JOIN stories s USING (story_id) LEFT JOIN heirs ON founding_id = story_id
)
INSERT INTO stories (story_id, lead_article_id, size, redirect_to, lane, trace_id)
SELECT w.story_id, w.lead, w.size, w.redirect_to, :lane, :trace
FROM right_ones w LEFT JOIN stories s USING (story_id)
WHERE (w.lead, w.size, w.redirect_to) IS DISTINCT FROM (s.lead_article_id, s.size, s.redirect_to)
ON CONFLICT (story_id) DO UPDATE SET lead_article_id = excluded.lead_article_id, size = excluded.size,
    redirect_to = excluded.redirect_to, lane = excluded.lane, trace_id = excluded.trace_id,
    projection = stories.projection + 1
RETURNING story_id"""

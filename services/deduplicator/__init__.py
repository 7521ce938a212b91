"""Deduplicator: who retold which interview. `article.normalized` in, `story.assigned` and `story.changed` out."""

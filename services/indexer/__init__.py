"""Indexer: what PostgreSQL holds becomes searchable. `story.assigned` and `story.changed` in, `article.indexed` out."""

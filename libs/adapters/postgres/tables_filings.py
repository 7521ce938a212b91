"""The table of what pages say beside an article's text. Part of the schema in `libs.adapters.postgres.tables`."""

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from libs.adapters.postgres.tables import metadata

# How the page presents and files an article, as its newest capture that showed it says: order of arrival does not matter.
# A change of it alone makes no revision.
filings = Table(
    "filings",
    metadata,
    Column("article_id", Text, ForeignKey("articles.article_id", ondelete="CASCADE"), primary_key=True),
    Column("captured_at", DateTime(timezone=True), nullable=False),
    Column("sha256", Text, nullable=False),  # of that capture
    Column("image", Text),
    Column("section", Text),
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("paywall", Boolean),  # null: the page says nothing
)

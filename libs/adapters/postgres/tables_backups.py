"""Which backups were taken, and when one was last brought back for trial: what the monitor knows of backups."""

from sqlalchemy import Column, DateTime, Integer, Table, Text

from libs.adapters.postgres.tables import metadata

backups = Table(
    "backups",
    metadata,
    Column("backup", Text, primary_key=True),  # the name of its folder, which is the time
    Column("taken_at", DateTime(timezone=True), nullable=False),
    Column("missing_blobs", Integer, nullable=False),  # bytes that captures name and that were not to be had
    Column("verified_at", DateTime(timezone=True)),  # a drill found all of it
)

"""Alembic migrations of the PostgreSQL schema. `libs.adapters.postgres.migrate` runs them."""

"""PostgreSQL, the truth: tables, migrations, and one class for each port of the stages."""

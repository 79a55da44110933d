"""Durable records: SQLite in WAL mode by default, PostgreSQL by URL, through SQLAlchemy Core."""

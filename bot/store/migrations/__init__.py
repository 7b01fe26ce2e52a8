"""Alembic's room: how the schema grew."""

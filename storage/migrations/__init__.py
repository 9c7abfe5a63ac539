"""Alembic migrations; run by :func:`storage.migrate`, never by hand."""

"""The migration this code was written for; kept apart so that opening the store does not load Alembic."""

#: Newest file in storage/migrations/versions; a test compares the two.
HEAD = "0025"

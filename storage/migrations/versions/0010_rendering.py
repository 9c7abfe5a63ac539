"""When pages of a target are shown in a browser: a word in place of a switch that had no effect."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Set switches become ``always``: whoever set one wanted pages to be rendered."""
    op.add_column("targets", sa.Column("rendering", sa.Text(), nullable=False, server_default="auto"))
    op.execute("UPDATE targets SET rendering = 'always' WHERE render")
    # Both databases drop a column in place (SQLite since 3.35); a copy of the table would need its foreign keys off.
    op.drop_column("targets", "render")


def downgrade() -> None:
    """``never`` cannot be told by a switch."""
    raise NotImplementedError("this migration cannot be undone; restore a backup instead")

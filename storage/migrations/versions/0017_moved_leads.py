"""Which earlier lead a lead joins, and at which new address it stands again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Both columns follow from events that no lead has yet."""
    op.add_column("leads", sa.Column("joins", ID, nullable=True))
    op.add_column("leads", sa.Column("moved_to", ID, nullable=True))
    where = sa.text("moved_to IS NOT NULL")
    op.create_index("ix_leads_moved_to", "leads", ["moved_to"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """What happened to a lead stays."""
    raise NotImplementedError("events are kept; restore a backup instead")

"""Digests of several rest days in one parcel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A joined parcel's first day; parcels that are there hold one digest each."""
    op.add_column("deliveries", sa.Column("first_date", sa.Date(), nullable=True))


def downgrade() -> None:
    """What was sent stays known."""
    raise NotImplementedError("joined parcels are kept; restore a backup instead")

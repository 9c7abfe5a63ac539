"""What could not be photographed and why, and on what the blacklist was last proposed: both may be forgotten without loss."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "capture_tries",
        sa.Column("snapshot_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name="fk_capture_tries_snapshot_id_snapshots"),
        sa.PrimaryKeyConstraint("snapshot_id", "kind", name="pk_capture_tries"),
    )
    op.create_table(
        "blacklist_proposing",
        sa.Column("id", ID, nullable=False),
        sa.Column("event", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_blacklist_proposing"),
    )


def downgrade() -> None:
    """Drop both tables; the next run makes anew what they held."""
    op.drop_table("blacklist_proposing")
    op.drop_table("capture_tries")

"""When taking in stopped for lack of room, and when it went on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table and close it."""
    op.create_table(
        "stoppage_events",
        sa.Column("id", ID, nullable=False),
        sa.Column("began", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stoppage_events"),
    )
    op.create_index("ix_stoppage_events_at", "stoppage_events", ["at"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER stoppage_events_no_{verb.lower()} BEFORE {verb} ON stoppage_events "
                "BEGIN SELECT RAISE(ABORT, 'stoppage_events is append-only'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER stoppage_events_append_only BEFORE UPDATE OR DELETE ON stoppage_events "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    """Gaps of past days are explained by it."""
    raise NotImplementedError("stoppages are kept; restore a backup instead")

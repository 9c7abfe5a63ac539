"""Counts of finished runs per target, and the alarms of targets that fell silent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create both tables and close the events."""
    op.create_table(
        "run_outcomes",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("target_id", ID, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_runs.id"], name="fk_run_outcomes_run_id_crawl_runs"),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_run_outcomes_target_id_targets"),
        sa.PrimaryKeyConstraint("run_id", "target_id", "outcome", name="pk_run_outcomes"),
    )
    op.create_index("ix_run_outcomes_target_id_run_id", "run_outcomes", ["target_id", "run_id"], unique=False)
    op.create_table(
        "health_events",
        sa.Column("id", ID, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("raised", sa.Boolean(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("target_id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_health_events_target_id_targets"),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_runs.id"], name="fk_health_events_run_id_crawl_runs"),
        sa.PrimaryKeyConstraint("id", name="pk_health_events"),
    )
    op.create_index("ix_health_events_subject_kind_id", "health_events", ["subject", "kind", "id"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER health_events_no_{verb.lower()} BEFORE {verb} ON health_events "
                "BEGIN SELECT RAISE(ABORT, 'health_events is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER health_events_append_only BEFORE UPDATE OR DELETE ON health_events "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    """Alarms are part of what was known on a day and stay."""
    raise NotImplementedError("alarms are kept; restore a backup instead")

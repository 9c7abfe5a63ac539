"""Case work: what people and authorities do with a lead, runs that only look at leads again, and the 黑名单."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add columns (no table is rebuilt: triggers stay), fill them from the events, add the table of the 黑名单."""
    for name, kind in (
        ("confirmed_at", TIME),
        ("confirmed_by", sa.Text()),
        ("first_referred_at", TIME),
        ("referred_to", sa.Text()),
        ("answer", sa.Text()),
        ("answered_at", TIME),
        ("owner", sa.Text()),
        ("gone_at", TIME),
        ("site_down_since", TIME),
    ):
        op.add_column("leads", sa.Column(name, kind, nullable=True))
    for name in ("referrals", "reappeared"):
        op.add_column("leads", sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("lead_events", sa.Column("code", sa.Text(), nullable=True))
    op.add_column("lead_events", sa.Column("details", sa.Text(), nullable=True))
    op.add_column("crawl_runs", sa.Column("kind", sa.Text(), nullable=False, server_default=sa.text("'crawl'")))
    _fill()
    op.create_table(
        "blacklist_events",
        sa.Column("id", ID, nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_key", sa.Text(), nullable=False),
        sa.Column("subject_name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("lead_ids", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_blacklist_events"),
    )
    op.create_index("ix_blacklist_events_subject", "blacklist_events", ["subject_kind", "subject_key", "id"])
    _refuse_change("blacklist_events")


def _fill() -> None:
    """What the fold of the events says of leads that are there already."""
    for column, told in (("confirmed_at", "at"), ("confirmed_by", "actor")):
        last = f"SELECT e.{told} FROM lead_events e WHERE e.lead_id = leads.id AND e.kind = 'confirmed'"  # noqa: S608 - names of this file
        op.execute(f"UPDATE leads SET {column} = ({last} ORDER BY e.id DESC LIMIT 1)")  # noqa: S608
    op.execute("UPDATE leads SET first_referred_at = referred_at, referrals = 1 WHERE referred_at IS NOT NULL")
    op.execute("UPDATE leads SET gone_at = missing_since WHERE presence = 'removed'")
    op.execute("UPDATE leads SET gone_at = presence_at WHERE presence = 'corrected'")
    op.execute(
        "UPDATE leads SET reappeared = "
        "(SELECT count(*) FROM lead_events e WHERE e.lead_id = leads.id AND e.kind = 'reappeared')"
    )


def _refuse_change(table: str) -> None:
    """The database itself refuses to change or delete rows of ``table`` (the function is of the first migration)."""
    if op.get_bind().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    else:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    """Events of people cannot be told in the tables before."""
    raise NotImplementedError("this migration cannot be undone; restore a backup instead")

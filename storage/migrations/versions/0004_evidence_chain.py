"""The evidence chain: links that vouch for snapshots, captures, WARC files and time stamps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the chain, closed for changes, and the note of how far its copy in the evidence folder goes."""
    op.create_table(
        "evidence_links",
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("snapshot_last", ID, nullable=True),
        sa.Column("capture_last", ID, nullable=True),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_evidence_links"),
        sa.UniqueConstraint("subject", name="uq_evidence_links_subject"),
    )
    op.create_index("ix_evidence_links_snapshot_last", "evidence_links", ["snapshot_last"], unique=False)
    op.create_index("ix_evidence_links_capture_last", "evidence_links", ["capture_last"], unique=False)
    op.create_table(
        "evidence_chain_copy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", ID, nullable=False),
        sa.Column("size", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_chain_copy"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER evidence_links_no_{verb.lower()} BEFORE {verb} ON evidence_links "
                "BEGIN SELECT RAISE(ABORT, 'evidence_links is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER evidence_links_append_only BEFORE UPDATE OR DELETE ON evidence_links "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    """Evidence is never dropped."""
    raise NotImplementedError("the evidence chain stays; restore a backup instead")

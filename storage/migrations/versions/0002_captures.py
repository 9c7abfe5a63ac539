"""Captures: screenshots, pictures and logs kept with a snapshot; a way from a WARC file to what refers to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table, close it for changes, and index where records lie."""
    op.create_table(
        "captures",
        sa.Column("id", ID, nullable=False),
        sa.Column("snapshot_id", ID, nullable=False),
        sa.Column("url_key", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("taken_at", TIME, nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", ID, nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("warc_file", sa.Text(), nullable=False),
        sa.Column("warc_offset", ID, nullable=False),
        sa.Column("warc_record_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name="fk_captures_snapshot_id_snapshots"),
        sa.PrimaryKeyConstraint("id", name="pk_captures"),
        sa.UniqueConstraint("snapshot_id", "kind", "url_key", name="uq_captures_snapshot_id_kind_url_key"),
    )
    op.create_index("ix_captures_warc", "captures", ["warc_file", "warc_offset"], unique=False)
    op.create_index("ix_snapshots_warc", "snapshots", ["warc_file", "warc_offset"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER captures_no_{verb.lower()} BEFORE {verb} ON captures "
                "BEGIN SELECT RAISE(ABORT, 'captures is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER captures_append_only BEFORE UPDATE OR DELETE ON captures "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    """Evidence is never dropped."""
    raise NotImplementedError("captures are evidence and stay; restore a backup instead")

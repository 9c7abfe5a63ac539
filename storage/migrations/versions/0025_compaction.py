"""Compaction: records may move to another file; what else rows say of them stays as it was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

#: All columns that stay as they were written: every one but where the record lies.
FIXED = {
    "snapshots": "id, page_id, request_id, fetched_at, status, size, sha256, text_sha256, warc_record_id, content_type, "
    "etag, last_modified, ip_address, url, final_url, redirects",
    "captures": "id, snapshot_id, url_key, kind, taken_at, content_type, sha256, size, width, height, warc_record_id, url",
}


def upgrade() -> None:
    """Add the columns (no table is rebuilt), let the triggers refuse all changes but of the record's place."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, columns in FIXED.items():
        op.add_column(table, sa.Column("first_file", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("first_offset", ID, nullable=True))
        where = sa.text("first_file IS NOT NULL")
        op.create_index(
            f"ix_{table}_moved", table, ["first_file", "first_offset"], sqlite_where=where, postgresql_where=where
        )
        if sqlite:
            op.execute(f"DROP TRIGGER {table}_no_update")
            op.execute(
                f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        else:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OF {columns} OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
    op.create_index("ix_evidence_links_kind", "evidence_links", ["kind"])
    op.create_table(
        "compaction_looks",
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size", ID, nullable=False),
        sa.Column("needed", ID, nullable=False),
        sa.PrimaryKeyConstraint("file", name="pk_compaction_looks"),
    )


def downgrade() -> None:
    """Records that moved cannot be found without the columns."""
    raise NotImplementedError("this migration cannot be undone; restore a backup instead")

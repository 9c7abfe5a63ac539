"""What people hand in: one row per hand-over, one per piece of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create both tables and close them: rows are only ever added."""
    op.create_table(
        "intakes",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("size", ID, nullable=True),
        sa.Column("handed_in_by", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("warc_file", sa.Text(), nullable=True),
        sa.Column("warc_offset", ID, nullable=True),
        sa.Column("warc_record_id", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_intakes"),
        sa.UniqueConstraint("sha256", name="uq_intakes_sha256"),
    )
    op.create_table(
        "intake_items",
        sa.Column("id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=True),
        sa.Column("url_key", sa.LargeBinary(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["intake_id"], ["intakes.id"], name="fk_intake_items_intake_id_intakes"),
        sa.PrimaryKeyConstraint("id", name="pk_intake_items"),
    )
    op.create_index("ix_intake_items_intake_id_id", "intake_items", ["intake_id", "id"], unique=False)
    op.create_index("ix_intake_items_url_key", "intake_items", ["url_key"], unique=False)
    for table in ("intakes", "intake_items"):
        if op.get_bind().dialect.name == "sqlite":
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        else:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )


def downgrade() -> None:
    """What was handed in is evidence and stays."""
    raise NotImplementedError("hand-overs are kept; restore a backup instead")

"""Pictures: pages whose pictures are to be read, what was read in them, and where in a picture a claim stands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables, close the readings for changes, and find captures by the address of what they show."""
    op.create_table(
        "picture_pages",
        sa.Column("page_id", ID, nullable=False),
        sa.Column("document_id", ID, nullable=False),
        sa.Column("snapshot_id", ID, nullable=False),
        sa.Column("reader", sa.Text(), nullable=True),
        sa.Column("settled_at", TIME, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_picture_pages_document_id_documents"),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_picture_pages_page_id_pages"),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name="fk_picture_pages_snapshot_id_snapshots"),
        sa.PrimaryKeyConstraint("page_id", name="pk_picture_pages"),
    )
    op.create_index("ix_picture_pages_reader_page_id", "picture_pages", ["reader", "page_id"], unique=False)
    op.create_table(
        "picture_readings",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("read_at", TIME, nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("look_hash", sa.LargeBinary(), nullable=False),
        sa.Column("same_as", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("incomplete", sa.Text(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "reader", name="pk_picture_readings"),
    )
    op.create_index("ix_captures_url_key", "captures", ["url_key", "id"], unique=False)
    with op.batch_alter_table("findings") as findings:
        findings.add_column(sa.Column("picture", sa.Text(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER picture_readings_no_{verb.lower()} BEFORE {verb} ON picture_readings "
                "BEGIN SELECT RAISE(ABORT, 'picture_readings is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER picture_readings_append_only BEFORE UPDATE OR DELETE ON picture_readings "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    """What was read stays."""
    raise NotImplementedError("what was read in pictures stays; restore a backup instead")

"""Who issued which digest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table and close it against changes."""
    op.create_table(
        "digest_issues",
        sa.Column("digest_id", ID, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name="fk_digest_issues_digest_id_digests"),
        sa.PrimaryKeyConstraint("digest_id", name="pk_digest_issues"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER digest_issues_no_{verb.lower()} BEFORE {verb} ON digest_issues "
                "BEGIN SELECT RAISE(ABORT, 'digest_issues is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER digest_issues_append_only BEFORE UPDATE OR DELETE ON digest_issues "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    """Who answered for a digest stays known."""
    raise NotImplementedError("issues are kept; restore a backup instead")

"""Lists that authorities publish of bodies that may train or assess."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
APPEND_ONLY = ("directory_editions", "directory_rows", "directory_withdrawals")


def upgrade() -> None:
    """Create the tables and close them."""
    op.create_table(
        "directory_editions",
        sa.Column("id", ID, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("list_key", "name", "kind", "authority", "source")),
        sa.Column("as_of", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("file_name", "sha256", "imported_by")),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_directory_editions"),
    )
    op.create_table(
        "directory_rows",
        sa.Column("id", ID, nullable=False),
        sa.Column("edition_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("credit_code", sa.Text(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("occupations", "levels", "district")),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("validity", sa.Text(), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["directory_editions.id"], name="fk_directory_rows_edition_id_directory_editions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_directory_rows"),
    )
    for column in ("name_key", "credit_code", "edition_id"):
        op.create_index(f"ix_directory_rows_{column}", "directory_rows", [column], unique=False)
    op.create_table(
        "directory_withdrawals",
        sa.Column("id", ID, nullable=False),
        sa.Column("edition_id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["directory_editions.id"], name="fk_directory_withdrawals_edition_id_directory_editions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_directory_withdrawals"),
        sa.UniqueConstraint("edition_id", name="uq_directory_withdrawals_edition_id"),
    )
    for table in APPEND_ONLY:
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
    """What was listed once stays known."""
    raise NotImplementedError("lists are kept; restore a backup instead")

"""A picture that was replaced under its own address is kept beside the one before, with the same version of the page."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What a snapshot has of an address is told apart by when it was taken as well."""
    with op.batch_alter_table("captures") as table:
        table.drop_constraint("uq_captures_snapshot_id_kind_url_key", type_="unique")
        table.create_unique_constraint(
            "uq_captures_snapshot_id_kind_url_key_taken_at", ["snapshot_id", "kind", "url_key", "taken_at"]
        )
    if op.get_bind().dialect.name == "sqlite":  # the table was built anew, without its triggers
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER captures_no_{verb.lower()} BEFORE {verb} ON captures "
                "BEGIN SELECT RAISE(ABORT, 'captures is append-only'); END"
            )


def downgrade() -> None:
    """Evidence is never dropped."""
    raise NotImplementedError("this migration cannot be undone; restore a backup instead")

"""Login in two steps: authenticators, recovery codes, and how far a session has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Two tables, and a column that says of every login of today that it is a whole one."""
    op.add_column("sessions", sa.Column("stage", sa.Text(), nullable=False, server_default=sa.text("'full'")))
    op.create_table(
        "authenticators",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("confirmed_at", TIME, nullable=True),
        sa.Column("last_step", ID, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_authenticators_user_id_users"),
        sa.PrimaryKeyConstraint("user_id", name="pk_authenticators"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_recovery_codes_user_id_users"),
        sa.PrimaryKeyConstraint("user_id", "sha256", name="pk_recovery_codes"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Without the tables everybody would be let in by the password alone."""
    raise NotImplementedError("restore a backup made before the upgrade instead")

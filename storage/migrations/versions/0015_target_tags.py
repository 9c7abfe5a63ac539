"""Tags of targets, and the audit log by what was acted upon."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Targets of earlier versions have none."""
    op.add_column("targets", sa.Column("tags", sa.Text(), nullable=False, server_default="[]"))
    op.create_index("ix_audit_log_target_id", "audit_log", ["target", "id"])


def downgrade() -> None:
    """What people wrote stays."""
    raise NotImplementedError("this migration cannot be undone; restore a backup instead")

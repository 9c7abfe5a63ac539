"""When the personal data of a document was masked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nothing is masked yet."""
    op.add_column("documents", sa.Column("masked_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """What was masked cannot be told again."""
    raise NotImplementedError("masked documents stay masked; restore a backup instead")

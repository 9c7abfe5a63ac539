"""Leads know their platform, and the indexes of their lists hold all that lists are filtered by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

LISTED_BY = ("platform", "level", "presence", "owner", "target_id", "referred_at")


def upgrade() -> None:
    """Add the column (no table is rebuilt: triggers stay), fill it, make both indexes anew."""
    op.add_column("leads", sa.Column("platform", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.execute(
        "UPDATE leads SET platform = (SELECT d.platform FROM documents d WHERE d.id = leads.document_id)",
    )
    for name, first in (("ix_leads_score", ()), ("ix_leads_review_score", ("review",))):
        op.drop_index(name, table_name="leads")
        op.create_index(name, "leads", [*first, sa.text("score DESC"), "id", *LISTED_BY])


def downgrade() -> None:
    """Older versions of the program do not know the column and need not be served."""
    raise NotImplementedError("restore a backup made before the upgrade instead")

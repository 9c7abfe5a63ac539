"""Operators: identifiers and where they occur, groups of pages with their grounds, decisions, text fingerprints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

APPEND_ONLY = ("operator_decisions", "operator_decision_pages", "lead_relations")


def upgrade() -> None:
    """Create the tables and close those that hold decisions."""
    op.create_table(
        "identifiers",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("sites", sa.Integer(), nullable=False),
        sa.Column("parties", sa.Integer(), nullable=False),
        sa.Column("official", sa.Boolean(), nullable=False),
        sa.Column("excluded", sa.Boolean(), nullable=False),
        sa.Column("common", sa.Boolean(), nullable=False),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("last_seen", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identifiers"),
        sa.UniqueConstraint("value", "kind", name="uq_identifiers_value_kind"),
    )
    op.create_table(
        "identifier_sites",
        sa.Column("identifier_id", ID, nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["identifier_id"], ["identifiers.id"], name="fk_identifier_sites_identifier_id_identifiers"
        ),
        sa.PrimaryKeyConstraint("identifier_id", "site", name="pk_identifier_sites"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "identifier_parties",
        sa.Column("identifier_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("other_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["identifier_id"], ["identifiers.id"], name="fk_identifier_parties_identifier_id_identifiers"
        ),
        sa.PrimaryKeyConstraint("identifier_id", "kind", "other_id", name="pk_identifier_parties"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "identifier_occurrences",
        sa.Column("page_id", ID, nullable=False),
        sa.Column("identifier_id", ID, nullable=False),
        sa.Column("first_document_id", ID, nullable=False),
        sa.Column("document_id", ID, nullable=False),
        sa.Column("snapshot_id", ID, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("segment", sa.Integer(), nullable=True),
        sa.Column("span_start", sa.Integer(), nullable=True),
        sa.Column("span_end", sa.Integer(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_identifier_occurrences_page_id_pages"),
        sa.ForeignKeyConstraint(
            ["identifier_id"], ["identifiers.id"], name="fk_identifier_occurrences_identifier_id_identifiers"
        ),
        sa.PrimaryKeyConstraint("page_id", "identifier_id", name="pk_identifier_occurrences"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_identifier_occurrences_identifier_id_page_id",
        "identifier_occurrences",
        ["identifier_id", "page_id"],
        unique=False,
    )
    op.create_table(
        "operators",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("merged_into", ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_operators"),
    )
    op.create_table(
        "operator_pages",
        sa.Column("page_id", ID, nullable=False),
        sa.Column("operator_id", ID, nullable=True),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("because_page_id", ID, nullable=True),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_operator_pages_page_id_pages"),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name="fk_operator_pages_operator_id_operators"),
        sa.PrimaryKeyConstraint("page_id", name="pk_operator_pages"),
    )
    op.create_index("ix_operator_pages_operator_id_page_id", "operator_pages", ["operator_id", "page_id"], unique=False)
    op.create_index("ix_operator_pages_site_operator_id", "operator_pages", ["site", "operator_id"], unique=False)
    op.create_table(
        "operator_identifiers",
        sa.Column("identifier_id", ID, nullable=False),
        sa.Column("operator_id", ID, nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["identifier_id"], ["identifiers.id"], name="fk_operator_identifiers_identifier_id_identifiers"
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name="fk_operator_identifiers_operator_id_operators"
        ),
        sa.PrimaryKeyConstraint("identifier_id", "operator_id", name="pk_operator_identifiers"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_operator_identifiers_operator_id", "operator_identifiers", ["operator_id"], unique=False)
    op.create_table(
        "operator_decisions",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("operator_id", ID, nullable=True),
        sa.Column("other_id", ID, nullable=True),
        sa.Column("identifier_id", ID, nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name="fk_operator_decisions_operator_id_operators"),
        sa.ForeignKeyConstraint(["other_id"], ["operators.id"], name="fk_operator_decisions_other_id_operators"),
        sa.ForeignKeyConstraint(
            ["identifier_id"], ["identifiers.id"], name="fk_operator_decisions_identifier_id_identifiers"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_operator_decisions"),
    )
    op.create_index("ix_operator_decisions_operator_id", "operator_decisions", ["operator_id"], unique=False)
    op.create_index("ix_operator_decisions_other_id", "operator_decisions", ["other_id"], unique=False)
    op.create_table(
        "operator_decision_pages",
        sa.Column("decision_id", ID, nullable=False),
        sa.Column("page_id", ID, nullable=False),
        sa.Column("side", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["operator_decisions.id"], name="fk_operator_decision_pages_decision_id_operator_decisions"
        ),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_operator_decision_pages_page_id_pages"),
        sa.PrimaryKeyConstraint("decision_id", "page_id", name="pk_operator_decision_pages"),
    )
    op.create_index("ix_operator_decision_pages_page_id", "operator_decision_pages", ["page_id"], unique=False)
    op.create_table(
        "text_prints",
        sa.Column("page_id", ID, nullable=False),
        sa.Column("simhash", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_text_prints_page_id_pages"),
        sa.PrimaryKeyConstraint("page_id", name="pk_text_prints"),
    )
    op.create_table(
        "text_keys",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("page_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_text_keys_page_id_pages"),
        sa.PrimaryKeyConstraint("key", "page_id", name="pk_text_keys"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "near_texts",
        sa.Column("page_id", ID, nullable=False),
        sa.Column("other_id", ID, nullable=False),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_near_texts_page_id_pages"),
        sa.ForeignKeyConstraint(["other_id"], ["pages.id"], name="fk_near_texts_other_id_pages"),
        sa.PrimaryKeyConstraint("page_id", "other_id", name="pk_near_texts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_near_texts_other_id", "near_texts", ["other_id"], unique=False)
    op.create_table(
        "linking",
        sa.Column("id", ID, nullable=False),
        sa.Column("position", ID, nullable=False),
        sa.Column("limits", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_linking"),
    )
    op.create_table(
        "lead_relations",
        sa.Column("lead_id", ID, nullable=False),
        sa.Column("other_id", ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name="fk_lead_relations_lead_id_leads"),
        sa.ForeignKeyConstraint(["other_id"], ["leads.id"], name="fk_lead_relations_other_id_leads"),
        sa.PrimaryKeyConstraint("lead_id", name="pk_lead_relations"),
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
    """Decisions of reviewers are never dropped."""
    raise NotImplementedError("decisions about operators stay; restore a backup instead")

"""First tables: targets, runs, pages with their versions, leads and digests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

#: Evidence and decisions: the database itself refuses to change or delete their rows, whoever asks.
APPEND_ONLY = (
    "target_robots_overrides",
    "snapshots",
    "lead_events",
    "digests",
    "digest_items",
    "digest_numbers",
)


def upgrade() -> None:
    """Create all tables, then close those that are only ever added to."""
    op.create_table(
        "crawl_runs",
        sa.Column("id", ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("resumed_at", TIME, nullable=True),
        sa.Column("finished_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_crawl_runs"),
    )
    op.create_index("ix_crawl_runs_finished_at", "crawl_runs", ["finished_at"], unique=False)
    op.create_index(
        "ix_crawl_runs_running",
        "crawl_runs",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index("ix_crawl_runs_started_at", "crawl_runs", ["started_at"], unique=False)
    op.create_table(
        "digest_numbers",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_digest_numbers"),
        sa.UniqueConstraint("year", "sequence", name="uq_digest_numbers_year_sequence"),
    )
    op.create_table(
        "digests",
        sa.Column("id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("generated_at", TIME, nullable=False),
        sa.Column("rule_pack", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("item_count", sa.Integer(), nullable=False),
        sa.Column("coverage", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_digests"),
        sa.UniqueConstraint("day", name="uq_digests_day"),
        sa.UniqueConstraint("number", name="uq_digests_number"),
    )
    op.create_table(
        "targets",
        sa.Column("id", ID, nullable=False),
        sa.Column("url_key", sa.LargeBinary(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("budget", sa.Text(), nullable=False),
        sa.Column("render", sa.Boolean(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("removed_at", TIME, nullable=True),
        sa.Column("last_run_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_targets"),
        sa.UniqueConstraint("url_key", name="uq_targets_url_key"),
    )
    op.create_table(
        "crawl_run_targets",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("target_id", ID, nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_runs.id"], name="fk_crawl_run_targets_run_id_crawl_runs"),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_crawl_run_targets_target_id_targets"),
        sa.PrimaryKeyConstraint("run_id", "target_id", name="pk_crawl_run_targets"),
    )
    op.create_index("ix_crawl_run_targets_target_id", "crawl_run_targets", ["target_id"], unique=False)
    op.create_table(
        "pages",
        sa.Column("id", ID, nullable=False),
        sa.Column("url_key", sa.LargeBinary(), nullable=False),
        sa.Column("target_id", ID, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("plan_rank", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", ID, nullable=True),
        sa.Column("document_id", ID, nullable=True),
        sa.Column("assessment_id", ID, nullable=True),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("last_seen", TIME, nullable=False),
        sa.Column("last_checked", TIME, nullable=False),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("gone_since", TIME, nullable=True),
        sa.Column("times_seen", sa.Integer(), nullable=False),
        sa.Column("times_changed", sa.Integer(), nullable=False),
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=True),
        sa.Column("anchor", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_pages_target_id_targets"),
        sa.PrimaryKeyConstraint("id", name="pk_pages"),
        sa.UniqueConstraint("url_key", name="uq_pages_url_key"),
    )
    op.create_index("ix_pages_plan", "pages", ["target_id", "plan_rank", "last_checked", "id"], unique=False)
    op.create_table(
        "rejudgings",
        sa.Column("rule_pack", sa.Text(), nullable=False),
        sa.Column("begun_at", TIME, nullable=False),
        sa.Column("position", ID, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("rule_pack", name="pk_rejudgings"),
    )
    op.create_index("ix_rejudgings_begun_at", "rejudgings", ["begun_at"], unique=False)
    op.create_table(
        "target_robots_overrides",
        sa.Column("id", ID, nullable=False),
        sa.Column("target_id", ID, nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_target_robots_overrides_target_id_targets"),
        sa.PrimaryKeyConstraint("id", name="pk_target_robots_overrides"),
    )
    op.create_index("ix_target_robots_overrides_target_id", "target_robots_overrides", ["target_id"], unique=False)
    op.create_table(
        "crawl_requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("target_id", ID, nullable=False),
        sa.Column("url_key", sa.LargeBinary(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("at", TIME, nullable=True),
        sa.Column("sight", sa.Text(), nullable=True),
        sa.Column("page_id", ID, nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("bytes_received", ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("final_url", sa.Text(), nullable=True),
        sa.Column("via", sa.Text(), nullable=True),
        sa.Column("anchor", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_crawl_requests_page_id_pages"),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_runs.id"], name="fk_crawl_requests_run_id_crawl_runs"),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_crawl_requests_target_id_targets"),
        sa.PrimaryKeyConstraint("id", name="pk_crawl_requests"),
        sa.UniqueConstraint("run_id", "url_key", name="uq_crawl_requests_run_id_url_key"),
    )
    op.create_index(
        "ix_crawl_requests_at_target_id_outcome", "crawl_requests", ["at", "target_id", "outcome"], unique=False
    )
    op.create_index(
        "ix_crawl_requests_left_over",
        "crawl_requests",
        ["run_id", "target_id", sa.literal_column("priority DESC"), "id"],
        unique=False,
        sqlite_where=sa.text("page_id IS NULL AND outcome IS NOT NULL"),
        postgresql_where=sa.text("page_id IS NULL AND outcome IS NOT NULL"),
    )
    op.create_index("ix_crawl_requests_page_id_at", "crawl_requests", ["page_id", "at"], unique=False)
    op.create_index(
        "ix_crawl_requests_pending",
        "crawl_requests",
        ["run_id", "target_id", sa.literal_column("priority DESC"), "id"],
        unique=False,
        sqlite_where=sa.text("outcome IS NULL"),
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_table(
        "snapshots",
        sa.Column("id", ID, nullable=False),
        sa.Column("page_id", ID, nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("fetched_at", TIME, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("size", ID, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.Column("warc_file", sa.Text(), nullable=False),
        sa.Column("warc_offset", ID, nullable=False),
        sa.Column("warc_record_id", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("ip_address", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("final_url", sa.Text(), nullable=False),
        sa.Column("redirects", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_snapshots_page_id_pages"),
        sa.ForeignKeyConstraint(["request_id"], ["crawl_requests.id"], name="fk_snapshots_request_id_crawl_requests"),
        sa.PrimaryKeyConstraint("id", name="pk_snapshots"),
        sa.UniqueConstraint("request_id", name="uq_snapshots_request_id"),
    )
    op.create_index("ix_snapshots_page_id", "snapshots", ["page_id"], unique=False)
    op.create_table(
        "documents",
        sa.Column("id", ID, nullable=False),
        sa.Column("snapshot_id", ID, nullable=False),
        sa.Column("page_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("embedded", sa.Boolean(), nullable=False),
        sa.Column("has_form", sa.Boolean(), nullable=False),
        sa.Column("published_at", TIME, nullable=True),
        sa.Column("published_raw", sa.Text(), nullable=True),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("extractor", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("contacts", sa.Text(), nullable=False),
        sa.Column("images", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("segments", sa.Text(), nullable=False),
        sa.Column("links", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_documents_page_id_pages"),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name="fk_documents_snapshot_id_snapshots"),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
    )
    op.create_index("ix_documents_page_id_id", "documents", ["page_id", "id"], unique=False)
    op.create_index("ix_documents_snapshot_id", "documents", ["snapshot_id"], unique=False)
    op.create_table(
        "assessments",
        sa.Column("id", ID, nullable=False),
        sa.Column("document_id", ID, nullable=False),
        sa.Column("rule_pack", sa.Text(), nullable=False),
        sa.Column("assessed_at", TIME, nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=False),
        sa.Column("evasion", sa.Text(), nullable=False),
        sa.Column("incomplete", sa.Text(), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_assessments_document_id_documents"),
        sa.PrimaryKeyConstraint("id", name="pk_assessments"),
        sa.UniqueConstraint("document_id", "rule_pack", name="uq_assessments_document_id_rule_pack"),
    )
    op.create_table(
        "findings",
        sa.Column("id", ID, nullable=False),
        sa.Column("assessment_id", ID, nullable=False),
        sa.Column("exempted", sa.Boolean(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("segment", sa.Integer(), nullable=True),
        sa.Column("span_start", sa.Integer(), nullable=False),
        sa.Column("span_end", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("behaviour", sa.Text(), nullable=True),
        sa.Column("exempted_by", sa.Text(), nullable=True),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["assessment_id"], ["assessments.id"], name="fk_findings_assessment_id_assessments"),
        sa.PrimaryKeyConstraint("id", name="pk_findings"),
    )
    op.create_index("ix_findings_assessment_id_id", "findings", ["assessment_id", "id"], unique=False)
    op.create_table(
        "leads",
        sa.Column("id", ID, nullable=False),
        sa.Column("page_id", ID, nullable=False),
        sa.Column("target_id", ID, nullable=False),
        sa.Column("document_id", ID, nullable=False),
        sa.Column("assessment_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("review", sa.Text(), nullable=False),
        sa.Column("presence", sa.Text(), nullable=False),
        sa.Column("found_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("presence_at", TIME, nullable=True),
        sa.Column("edited_at", TIME, nullable=True),
        sa.Column("missing_since", TIME, nullable=True),
        sa.Column("referred_at", TIME, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("last_event_at", TIME, nullable=False),
        sa.Column("flagged_at", TIME, nullable=False),
        sa.Column("last_seen", TIME, nullable=False),
        sa.Column("shown_on", sa.Date(), nullable=True),
        sa.Column("shown_at", TIME, nullable=True),
        sa.Column("to_report", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["assessment_id"], ["assessments.id"], name="fk_leads_assessment_id_assessments"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_leads_document_id_documents"),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_leads_page_id_pages"),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_leads_target_id_targets"),
        sa.PrimaryKeyConstraint("id", name="pk_leads"),
        sa.UniqueConstraint("page_id", name="uq_leads_page_id"),
    )
    op.create_index("ix_leads_flagged_at", "leads", ["flagged_at"], unique=False)
    op.create_index("ix_leads_found_at", "leads", ["found_at"], unique=False)
    op.create_index("ix_leads_last_event_at", "leads", ["last_event_at"], unique=False)
    op.create_index("ix_leads_review_score", "leads", ["review", sa.literal_column("score DESC"), "id"], unique=False)
    op.create_index("ix_leads_score", "leads", [sa.literal_column("score DESC"), "id"], unique=False)
    op.create_index("ix_leads_shown_on", "leads", ["shown_on"], unique=False)
    op.create_index(
        "ix_leads_target_id_score", "leads", ["target_id", sa.literal_column("score DESC"), "id"], unique=False
    )
    op.create_index(
        "ix_leads_to_report",
        "leads",
        ["id"],
        unique=False,
        sqlite_where=sa.text("to_report"),
        postgresql_where=sa.text("to_report"),
    )
    op.create_table(
        "digest_items",
        sa.Column("digest_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("lead_id", ID, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name="fk_digest_items_digest_id_digests"),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name="fk_digest_items_lead_id_leads"),
        sa.PrimaryKeyConstraint("digest_id", "position", name="pk_digest_items"),
    )
    op.create_index("ix_digest_items_lead_id", "digest_items", ["lead_id"], unique=False)
    op.create_table(
        "lead_events",
        sa.Column("id", ID, nullable=False),
        sa.Column("lead_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("snapshot_id", ID, nullable=True),
        sa.Column("run_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name="fk_lead_events_lead_id_leads"),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_runs.id"], name="fk_lead_events_run_id_crawl_runs"),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name="fk_lead_events_snapshot_id_snapshots"),
        sa.PrimaryKeyConstraint("id", name="pk_lead_events"),
    )
    op.create_index("ix_lead_events_lead_id_id", "lead_events", ["lead_id", "id"], unique=False)
    op.create_index("ix_lead_events_run_id_kind", "lead_events", ["run_id", "kind"], unique=False)

    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    """There is nothing before the first tables."""
    raise NotImplementedError("the first migration cannot be undone; restore a backup instead")

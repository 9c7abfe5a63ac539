"""``/metrics``: the status in Prometheus's text format. Figures of the whole installation only: no names, no addresses."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from console.status import Status

CONTENT_TYPE = CONTENT_TYPE_LATEST


def as_text(status: Status) -> bytes:
    """One look as gauges; what is not known (no run yet, no digest yet) has no sample rather than a zero."""
    registry = CollectorRegistry()

    def gauge(name: str, words: str, value: float) -> None:
        Gauge(f"zhengxun_{name}", words, registry=registry).set(value)

    def gauges(name: str, words: str, label: str, values: tuple[tuple[str, int], ...]) -> None:
        family = Gauge(f"zhengxun_{name}", words, [label], registry=registry)
        for word, value in values:
            family.labels(word).set(value)

    Gauge("zhengxun_build_info", "Version of the program.", ["version"], registry=registry).labels(status.version).set(
        1
    )
    gauge("healthy", "1 if nothing needs a person, as /healthz says.", status.healthy)
    gauge("problems", "Problems listed by /healthz.", len(status.problems))
    gauge("alarms", "Targets and platforms that fell silent or keep us out.", len(status.alarms))
    gauges(
        "alarm",
        "1 while an alarm of the whole installation sounds.",
        "kind",
        tuple((kind, int(sounds)) for kind, sounds in status.watched),
    )
    active = status.targets - status.targets_paused
    gauges("targets", "Targets.", "state", (("active", active), ("paused", status.targets_paused)))
    gauge("targets_due", "Targets that are due now.", status.targets_due)
    gauge("disk_free_bytes", "Bytes free on the disk of the data directory.", status.disk_free)
    gauge("disk_size_bytes", "Size of that disk in bytes.", status.disk_total)
    if status.runs:
        run = status.runs[0]
        gauge("last_run_started_timestamp_seconds", "When the newest run began.", run.started_at.timestamp())
        if run.finished_at is not None:
            gauge("last_run_finished_timestamp_seconds", "When it ended.", run.finished_at.timestamp())
        gauges("last_run_requests", "Requests of the newest run by outcome.", "outcome", run.pages)
        gauge("last_run_leads_new", "New leads of the newest run.", run.leads_new)
    if status.coverage is not None:
        coverage = status.coverage
        planned = (("planned", coverage.targets_planned), ("seen", coverage.targets_ok), ("gap", len(coverage.gaps)))
        gauges("coverage_today", "Targets planned and seen today, and gaps.", "what", planned)
    if status.digest is not None:
        digest = status.digest
        gauge("last_digest_timestamp_seconds", "When the newest digest was made.", digest.generated_at.timestamp())
        gauges("last_digest_items", "Its items by status.", "status", digest.totals)
    return generate_latest(registry)

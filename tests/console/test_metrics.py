"""``/metrics``: who may read it, and what it says."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from console.app import ConsoleServices, make_app
from tests.console.status import STATUS


def _client(console: ConsoleServices, address: str, token: str | None = None) -> TestClient:
    app = make_app(replace(console, metrics_token=token))
    return TestClient(app, base_url="http://console.test", client=(address, 40000))


def test_the_figures_are_those_of_the_status_page(console: ConsoleServices) -> None:
    """Prometheus's own parser reads them; no name of a target and no address is among them."""
    answer = _client(console, "127.0.0.1").get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["zhengxun_healthy",] == 1
    assert samples["zhengxun_targets", "paused"] == STATUS.targets_paused
    assert samples["zhengxun_disk_free_bytes",] == STATUS.disk_free
    assert samples["zhengxun_last_run_requests", "ok"] == 10
    assert samples["zhengxun_coverage_today", "planned"] == 3
    assert "script" not in answer.text


def test_only_this_machine_or_who_has_the_token(console: ConsoleServices) -> None:
    """Without a token loopback only; with one everybody needs it, loopback too."""
    assert _client(console, "::1").get("/metrics").status_code == 200
    assert _client(console, "192.0.2.7").get("/metrics").status_code == 403
    for address in ("127.0.0.1", "192.0.2.7"):
        client = _client(console, address, "geheim-0123456789")
        assert client.get("/metrics").status_code == 403
        assert client.get("/metrics", headers={"Authorization": "Bearer falsch"}).status_code == 403
        good = client.get("/metrics", headers={"Authorization": "Bearer geheim-0123456789"})
        assert good.status_code == 200

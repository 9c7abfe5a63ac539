"""Settings that must hold whatever Scrapy's next version takes for its default (DEPENDENCIES.md, traps 1–4)."""

from __future__ import annotations

from pathlib import Path

import pytest
from scrapy.crawler import Crawler
from scrapy.settings import Settings

from tests.crawler.crawling import crawl, target_of
from tests.web import web


def _settings() -> Settings:
    settings = Settings()
    settings.setmodule("crawler.scrapy_settings", priority="project")
    return settings


@pytest.mark.parametrize(
    "name",
    [
        "REMOTE_CONTROL_ENABLED",
        "TELNETCONSOLE_ENABLED",
        "COOKIES_ENABLED",
        "HTTPPROXY_ENABLED",
        "REDIRECT_ENABLED",
        "RETRY_ENABLED",
        "HTTPCACHE_ENABLED",
        "AUTOTHROTTLE_ENABLED",
    ],
)
def test_is_off(name: str) -> None:
    """No open port, no cookies, nothing that acts behind the crawler's back."""
    assert _settings().getbool(name) is False


def test_only_named_components_are_loaded() -> None:
    """Scrapy's default middlewares and extensions do not come in through the back door."""
    settings = _settings()
    assert settings.getdict("DOWNLOADER_MIDDLEWARES_BASE") == {}
    assert settings.getdict("SPIDER_MIDDLEWARES_BASE") == {}
    assert set(settings.getdict("EXTENSIONS_BASE")) == {
        "scrapy.extensions.corestats.CoreStats",
        "scrapy.extensions.feedexport.FeedExporter",
    }
    assert set(settings.getdict("DOWNLOAD_HANDLERS_BASE")) == {"http", "https"}
    assert settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN") == 1


def test_a_running_crawl_has_them_and_opens_no_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a real engine was given: asserted inside the process that crawls."""
    seen: list[Settings] = []
    original = Crawler._apply_settings

    def spy(self: Crawler) -> None:
        original(self)
        seen.append(self.settings)

    monkeypatch.setattr(Crawler, "_apply_settings", spy)
    with web() as net:
        crawl([target_of(net.site({"/": "x"}))], tmp_path)
    (settings,) = seen
    assert settings.getbool("REMOTE_CONTROL_ENABLED") is False
    assert settings.getbool("TELNETCONSOLE_ENABLED") is False
    assert settings["EXTENSIONS_BASE"].copy_to_dict() == {}

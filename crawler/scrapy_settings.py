"""Scrapy's settings for this project: what ``scrapy`` reads through scrapy.cfg and what :mod:`crawler.process` starts from.

One engine, one spider, many targets. Everything a page needs beyond the transfer itself — robots.txt, redirects,
decompression, retries, the order of requests — is decided in ``crawler`` where each request has exactly one outcome,
so Scrapy's own components for these are off: they would act a second time, unseen.
"""

from __future__ import annotations

import os

BOT_NAME = "zhengxun"
SPIDER_MODULES = ["spiders"]
NEWSPIDER_MODULE = "spiders"

TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
TWISTED_DNS_RESOLVER = "crawler.resolver.GuardedResolver"
# Read here by ``scrapy crawl`` alone, for its resolver and its spider; jobs are given their networks.
ALLOW_NETWORKS = [part.strip() for part in os.environ.get("ZHENGXUN_ALLOW_NETWORKS", "").split(",") if part.strip()]

# Scrapy 2.19 opens a port on loopback that executes code, and a telnet console; we serve neither.
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False

# Cookies tie requests together and make Scrapy's middleware fetch the public suffix list from the internet.
COOKIES_ENABLED = False
# A proxy taken from the environment would resolve names itself, behind the address guard's back.
HTTPPROXY_ENABLED = False
# Done by crawler.robots, which also knows what an unreachable robots.txt means.
ROBOTSTXT_OBEY = False
REDIRECT_ENABLED = False
RETRY_ENABLED = False
HTTPCACHE_ENABLED = False
AUTOTHROTTLE_ENABLED = False
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"
# The ledger is the frontier; Scrapy's own queue would be asked after every answer and is always empty.
SCHEDULER = "crawler.transport.EmptyScheduler"

DOWNLOADER_MIDDLEWARES_BASE: dict[str, int] = {}
SPIDER_MIDDLEWARES_BASE: dict[str, int] = {}
EXTENSIONS_BASE = {
    "scrapy.extensions.corestats.CoreStats": 0,
    "scrapy.extensions.feedexport.FeedExporter": 0,
}
DOWNLOAD_HANDLERS_BASE = {
    "http": "crawler.transport.BoundedHandler",
    "https": "crawler.transport.BoundedHandler",
}

# The second line of defence: crawler.politeness already lets one request at a time through to a host.
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 0
DOWNLOAD_DELAY_JITTER = 0
DOWNLOAD_FAIL_ON_DATALOSS = True
DOWNLOAD_WARNSIZE = 0

FEED_EXPORT_ENCODING = "utf-8"

LOG_LEVEL = "WARNING"
LOG_FORMATTER = "crawler.transport.QuietFormatter"
LOGSTATS_INTERVAL = 0

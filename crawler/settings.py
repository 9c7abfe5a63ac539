"""What a crawl may take and how polite it is; frozen, read once, passed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crawler.logins import Login
from domain.crawl import CrawlOutcome
from domain.ports import HostTurns

#: Host name → its addresses as text; blocks, and raises ``OSError`` where there are none. Runs in a thread.
Lookup = Callable[[str], Sequence[str]]

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CrawlSettings:
    """Limits of one crawl. Every field has its only default here."""

    evidence_folder: Path = Path("var/evidence")
    """WARC files go to ``warc/<yyyymmdd>/`` inside."""
    delay: float = 1.0
    """Seconds between the end of one answer and the next request to the same host; Crawl-delay wins where longer."""
    concurrency: int = 32
    """Transfers under way over all hosts; never more than one per host name."""
    allow_networks: tuple[str, ...] = ()
    """CIDR blocks that may be fetched although they are not public."""
    user_agent: str = "ZhengxunBot/1.0 (+certificate advertising monitor; obeys robots.txt)"
    """Says who we are; the part before ``/`` is the name that robots.txt is read for."""
    timeout: float = 20.0
    """Seconds for one whole answer, from connecting to its last byte: a slow drip does not extend it.
    A page that answers at all does so in a few seconds; each one that hangs holds its whole host up for this long."""
    max_body: int = 10 * MEBIBYTE
    """Bytes of a body as received."""
    max_decoded: int = 16 * MEBIBYTE
    """Bytes of a body after decompression."""
    max_redirects: int = 8
    retries: int = 2
    """Further tries after a connection failure, 429 or 5xx."""
    retry_wait: float = 2.0
    """Seconds before the first further try, doubled for the second; ``Retry-After`` wins where longer."""
    longest_wait: float = 60.0
    """Cap on Crawl-delay and Retry-After, seconds: a site must not be able to stop the run."""
    workers: int | None = None
    """Analysis processes; None: one per core. The engine needs a fifth of the time that reading a page takes, and workers
    are niced: leaving a core to it alone would leave most of that core idle."""
    analysis_seconds: float = 60.0
    """Time one page may take to be read, after which its worker is killed."""
    about: tuple[tuple[str, str], ...] = ()
    """What the first record of each WARC file says of who crawls: ``software``, ``hostname``, ``ip`` …"""
    warc_size: int = 512 * MEBIBYTE
    """A WARC file is closed once it is longer."""
    sitemaps: bool = True
    """Read robots.txt's sitemaps and /sitemap.xml of website targets."""
    planned_only: bool = False
    """Fetch only what the ledger has planned already: no start pages, no known pages, no links, no sitemaps (复核)."""
    browser_pages: int = 2
    """Pages shown in the browser at a time; each keeps a core busy while its scripts run."""
    browser_seconds: float = 90.0
    """Time one page may take to be shown, waiting for its host's pauses included."""
    browser_stall: float = 15.0
    """Seconds without any answer or progress after which a page's scripts count as stuck."""
    browser_restarts: int = 3
    """How often a browser that ended by itself is started again in one crawl."""
    trap_pages: int = 20
    """Pages of one kind of address that may bring nothing new in a row before the kind comes last; after three times as many
    the rest of it is left (:mod:`crawler.novelty`)."""
    logins: tuple[Login, ...] = ()
    """Logins of platforms that staff provided."""
    standing_workers: str | None = None
    """Keep the analysis workers for the next crawl of this process that says the same name; None: they end with this one.
    The name stands for what they loaded: another one, and they are replaced."""
    turns: Callable[[], HostTurns] | None = None
    """Opens the turns at hosts that are shared with other processes; None: nobody else crawls for this installation."""
    lookup: Lookup | None = None
    """Name resolution; None: the system's. Its answers are checked like any other."""

    @property
    def robots_token(self) -> str:
        """Product token that robots.txt groups are matched against (RFC 9309, 2.2.1)."""
        return self.user_agent.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; counts of this process only (a resumed run starts at zero)."""

    targets_started: int
    targets_finished: int
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Requests that ended so far, per :class:`domain.crawl.Outcome` value."""
    latest: CrawlOutcome | None = None

    @property
    def pages(self) -> int:
        """Requests that ended so far."""
        return sum(self.outcomes.values())

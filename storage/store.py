"""The store: one open database, and everything that is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from domain.assessment import Assessment
from domain.crawl import CrawlRun, RunKind, RunSummary
from domain.document import Document
from domain.errors import NotSetUp
from domain.operator import LinkLimits
from domain.ports import Clock, CrawlLedger
from domain.target import Target
from storage import rejudging, runs
from storage.accounts import Accounts
from storage.blacklist import Blacklist
from storage.chain import Chain
from storage.compaction import Compaction
from storage.coverage import TargetCoverage, target_coverage
from storage.deliveries import Deliveries
from storage.digest_issues import DigestIssues
from storage.digests import Digests
from storage.directory import Directory
from storage.engine import named, new_engine, parse_url
from storage.evidence import Evidence
from storage.health import Health
from storage.intakes import Intakes
from storage.leads import Leads
from storage.ledger import SqlLedger
from storage.linking import DomainOf, Linked, link
from storage.looks import Looks
from storage.masking import Masking
from storage.migration import current_revision, missing_file, newer
from storage.operators import Operators
from storage.pictures import Pictures
from storage.proposals import Proposals
from storage.rejudging import Rejudged
from storage.retention import Retention
from storage.revision import HEAD
from storage.rule_verdicts import RuleVerdicts
from storage.site_checks import settle_sites
from storage.stoppages import Stoppages
from storage.stored import StoredDocument, documents_to_try, stored_documents
from storage.targets import Targets
from storage.tidying import Tidying

IsDue = Callable[[Target, datetime], bool]


@dataclass(frozen=True, slots=True)
class Store:
    """An open database. Safe to use from several threads; close it when done. Not to be carried over a fork."""

    engine: Engine
    clock: Clock
    confirm_after: timedelta
    """Time between two looks before a page counts as removed."""
    is_due: IsDue | None = None

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @property
    def targets(self) -> Targets:
        """监测对象."""
        return Targets(self.engine, self.clock)

    @property
    def health(self) -> Health:
        """健康: what runs brought of targets, and the alarms of those that fell silent."""
        return Health(self.engine)

    @property
    def stoppages(self) -> Stoppages:
        """停采: times in which nothing was taken in for lack of room."""
        return Stoppages(self.engine)

    @property
    def intakes(self) -> Intakes:
        """人工接收: what people handed in."""
        return Intakes(self.engine, self.targets)

    @property
    def proposals(self) -> Proposals:
        """发现: addresses proposed as targets."""
        return Proposals(self.engine)

    @property
    def leads(self) -> Leads:
        """线索."""
        return Leads(self.engine)

    @property
    def blacklist(self) -> Blacklist:
        """动态黑名单."""
        return Blacklist(self.engine)

    @property
    def directory(self) -> Directory:
        """名录: lists that authorities publish of bodies that may train or assess."""
        return Directory(self.engine)

    @property
    def operators(self) -> Operators:
        """主体."""
        return Operators(self.engine, self.clock)

    def link(self, limits: LinkLimits, domain_of: DomainOf, portion: int = 200) -> Linked:
        """Join documents that came since the last time to operators; see :mod:`storage.linking`.

        Ask only while holding the crawl lock.
        """
        return link(self.engine, self.clock, limits, domain_of, portion)

    @property
    def digests(self) -> Digests:
        """处置简报; also the source from which the builder makes a new one."""
        return Digests(self.engine, self.is_due)

    @property
    def digest_issues(self) -> DigestIssues:
        """签发 of digests."""
        return DigestIssues(self.engine)

    @property
    def deliveries(self) -> Deliveries:
        """报送: the outbox of digests."""
        return Deliveries(self.engine)

    @property
    def evidence(self) -> Evidence:
        """取证件: what is kept beside the pages' own answers."""
        return Evidence(self.engine, self.clock)

    @property
    def chain(self) -> Chain:
        """证据链: the list that vouches for everything that is kept."""
        return Chain(self.engine, self.clock)

    @property
    def accounts(self) -> Accounts:
        """用户, their sessions and the audit log."""
        return Accounts(self.engine)

    @property
    def retention(self) -> Retention:
        """保存期限: WARC files that hold nothing any more that must be kept."""
        return Retention(self.engine, self.clock)

    @property
    def compaction(self) -> Compaction:
        """整理证据文件: what of a WARC file is still needed, and its move to a file of its own."""
        return Compaction(self.engine, self.clock)

    @property
    def masking(self) -> Masking:
        """到期遮蔽: personal data in texts that need not be kept in clear any more."""
        return Masking(self.engine)

    @property
    def tidying(self) -> Tidying:
        """整理: rows that nobody needs any more, and the order of the database."""
        return Tidying(self.engine)

    @property
    def pictures(self) -> Pictures:
        """Pictures of kept pages: what is to be read, and what was."""
        return Pictures(self.engine, self.clock, self.confirm_after)

    def ledger(self, *, pictures: bool = False) -> CrawlLedger:
        """The book of all crawl runs; ``pictures``: its part for pictures, which the other part does not see."""
        return SqlLedger(self.engine, self.clock, self.confirm_after, pictures)

    @property
    def looks(self) -> Looks:
        """复核: looks at the pages of leads."""
        return Looks(self.engine)

    def begin_run(self, target_ids: Sequence[int], kind: RunKind = RunKind.CRAWL) -> CrawlRun:
        """A new run over these targets; it stays ``running`` until :meth:`finish_run`, whatever happens."""
        return runs.begin_run(self.engine, target_ids, self.clock(), kind)

    def settle_sites(self, run_id: int, shut_after: timedelta) -> int:
        """Tell pages that are gone from sites that are down, see :mod:`storage.site_checks`; return how many leads."""
        return settle_sites(self.engine, run_id, shut_after)

    def interrupted_runs(self) -> list[CrawlRun]:
        """Runs that were not finished, oldest first; ask only while holding the crawl lock."""
        return runs.interrupted_runs(self.engine)

    def recent_runs(self, limit: int) -> list[CrawlRun]:
        """The newest runs, newest first."""
        return runs.recent_runs(self.engine, limit)

    def resume(self, run_id: int) -> CrawlRun:
        """Take up an interrupted run; its ledger hands out again what has no outcome."""
        return runs.resume(self.engine, run_id, self.clock())

    def finish_run(self, run_id: int) -> RunSummary:
        """Close a run; finishing it again changes nothing."""
        return runs.finish_run(self.engine, run_id, self.clock())

    def run_summary(self, run_id: int) -> RunSummary:
        """What a run did so far."""
        return runs.run_summary(self.engine, run_id)

    def run_progress(self, run_id: int) -> tuple[int, int]:
        """Requests that a run has planned so far, and of them those that have ended."""
        return runs.run_progress(self.engine, run_id)

    def rejudge(self, rule_pack: str, judge: Callable[[Document], Assessment], portion: int = 100) -> Rejudged | None:
        """Judge every kept page again by the packs in force, where that was not done yet; None where it was.

        See :mod:`storage.rejudging`. Ask only while holding the crawl lock.
        """
        if not rejudging.begin(self.engine, rule_pack, self.clock()):
            return None
        done = Rejudged(0, 0, 0)
        while pages := rejudging.next_pages(self.engine, rule_pack, portion):
            judged = [(page, page.known or judge(page.document)) for page in pages]
            part = rejudging.record(self.engine, rule_pack, judged, self.clock(), self.confirm_after)
            done = Rejudged(
                done.pages + part.pages, done.leads_new + part.leads_new, done.no_longer_hit + part.no_longer_hit
            )
        rejudging.finish(self.engine, rule_pack, self.clock())
        return done

    def must_rejudge(self, rule_pack: str) -> bool:
        """Whether :meth:`rejudge` has something to do."""
        return rejudging.is_due(self.engine, rule_pack)

    def target_coverage(self, day: date, cutoff: datetime) -> list[TargetCoverage]:
        """Coverage of each planned target on a day (Asia/Shanghai), up to ``cutoff``."""
        return target_coverage(self.engine, day, cutoff, self.is_due)

    def stored_documents(self, limit: int | None = None, since: datetime | None = None) -> Iterator[StoredDocument]:
        """Documents with their last assessment and the reviewers' verdict, oldest first, read as they are used."""
        return stored_documents(self.engine, limit, since)

    def documents_to_try(self, limit: int) -> Iterator[StoredDocument]:
        """At most ``limit`` documents on which changed rules show what they do: see :mod:`storage.stored`."""
        return documents_to_try(self.engine, limit)

    @property
    def rule_verdicts(self) -> RuleVerdicts:
        """What became of the leads that each rule hit."""
        return RuleVerdicts(self.engine)


def open_store(database_url: str, *, clock: Clock, confirm_after: timedelta, is_due: IsDue | None = None) -> Store:
    """Open a database that :func:`storage.migrate` has set up.

    ``is_due`` says whether a target is due at a moment: by it the coverage of a day knows what should have been
    visited and was not. One that is missing, unreachable or of another version raises :class:`NotSetUp`.
    """
    url = parse_url(database_url)
    if missing_file(url):
        raise NotSetUp(f"数据库 {named(url)} 不存在；请先运行“zhengxun init”。")
    engine = new_engine(url)
    try:
        current = current_revision(engine, url)
        if current is None:
            raise NotSetUp(f"数据库 {named(url)} 还没有建表；请先运行“zhengxun init”。")
        if current > HEAD:
            raise NotSetUp(newer(named(url), current))
        if current != HEAD:
            raise NotSetUp(
                f"数据库 {named(url)} 的版本是 {current}，本程序需要 {HEAD}；请运行“zhengxun init”升级数据库，"
                "或改用与数据库相符的程序版本。"
            )
    except NotSetUp:
        engine.dispose()
        raise
    return Store(engine, clock, confirm_after, is_due)

"""From what a request landed on (:mod:`crawler.landing`) to its one outcome."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from crawler import promise, rendering, verdicts
from crawler.addresses import canonical
from crawler.analysis_pool import AnalysisPool, ReadingTooSlow, WorkerDied
from crawler.analysis_worker import Finished, Reading
from crawler.browser.showing import Shown
from crawler.exchange import Exchange
from crawler.fetch import retry_after
from crawler.landing import Landing, alias_ending
from crawler.logins import Logins, remark
from crawler.pictures.choice import looks_like_picture
from crawler.recorder import Finish, Kept, KeptPicture, Recorder, Report
from crawler.rendering import Renderer
from crawler.settings import CrawlSettings
from crawler.target_crawl import TargetCrawl, mark_of
from crawler.verdicts import Ending
from domain.analysis import JudgedDocument, PageAnalysis
from domain.crawl import CrawlOutcome, CrawlRequest, FetchedPage, Outcome, Purpose
from domain.document import Link, PageVerdict
from domain.ports import Clock
from domain.target import TargetKind

logger = logging.getLogger(__name__)

#: Answers that say that there is nothing at an address; a refusal or an error of the server says nothing of the kind.
_GONE = frozenset({"http_404", "http_410"})
_WANT_LOGIN = frozenset({PageVerdict.LOGIN_WALL.value, "http_401", "http_403"})


class Visitor:
    """Makes the visits of one crawl."""

    def __init__(
        self,
        logins: Logins,
        pool: AnalysisPool,
        recorder: Recorder,
        settings: CrawlSettings,
        clock: Clock,
        renderer: Renderer,
    ) -> None:
        self._renderer = renderer
        self._logins = logins
        self._pool = pool
        self._recorder = recorder
        self._settings = settings
        self._clock = clock

    async def conclude(self, crawl: TargetCrawl, request: CrawlRequest, landing: Landing) -> Report:
        """Judge what was fetched: status, sameness, verdict; exactly one finish for ``request`` comes of it."""
        answer = landing.answer
        if landing.ending is not None or answer is None:
            return self._ended(crawl, request, landing, landing.ending or verdicts.INTERNAL)
        if answer.status == 304 and request.known is not None and not landing.hops:
            return self._ended(crawl, request, landing, verdicts.NOT_MODIFIED)
        ending = verdicts.of_status(answer.status, retry_after(answer))
        if ending is not None:
            if ending.reason in _GONE:
                crawl.novelty.saw_nothing(request.url)
            return self._ended(crawl, request, landing, self._told_of_login(crawl, answer, ending))
        if request.purpose is Purpose.PICTURE:
            return self._picture(crawl, request, landing, answer)
        page = request
        if landing.canonical_url != request.url:
            page = await self._request_of(crawl, request, landing)
            if page.id is None:
                return self._ended(crawl, request, landing, alias_ending(request, landing.canonical_url))
        digest = answer.sha256()
        if page.known is not None and digest == page.known.sha256 and rendering.may_skip(crawl.target, page.known):
            return self._ended(crawl, request, landing, verdicts.SAME_BYTES, page=page)
        return await self._read(crawl, request, page, landing, answer, digest)

    def _picture(self, crawl: TargetCrawl, request: CrawlRequest, landing: Landing, answer: Exchange) -> Report:
        """Keep a picture as it came; it is opened and read later, in a process of its own."""
        coded = answer.header("Content-Encoding") is not None  # undone where the picture is opened
        if answer.status != 200 or not (coded or looks_like_picture(answer.body)) or not answer.body:
            return self._ended(crawl, request, landing, verdicts.NOT_PICTURE)
        if request.known is not None and answer.sha256() == request.known.sha256:
            return self._ended(crawl, request, landing, verdicts.SAME_PICTURE)
        ending = Ending(Outcome.OK, status=answer.status, final_url=answer.url)
        kept = KeptPicture(request.url, (*landing.hops, answer), ())
        return Report(crawl, (Finish(self._outcome(request, landing, ending), picture=kept),))

    async def _request_of(self, crawl: TargetCrawl, request: CrawlRequest, landing: Landing) -> CrawlRequest:
        """The request of the page that a redirect led to; without id where it is planned already."""
        wanted = replace(request, url=landing.canonical_url, id=None, known=None, via=request.url, anchor=None)
        crawl.is_new(wanted.url, wanted.depth)
        planned = await self._recorder.plan([wanted])
        return planned[0] if planned else wanted

    async def _read(
        self,
        crawl: TargetCrawl,
        request: CrawlRequest,
        page: CrawlRequest,
        landing: Landing,
        answer: Exchange,
        digest: str,
    ) -> Report:
        finished = await self._analyse(crawl, page, answer)
        shown = None
        note = None
        if isinstance(finished, Finished) and finished.analysis is not None:
            shown, finished, note = await self._render(crawl, page, answer, finished, finished.analysis)
        if isinstance(finished, Ending):
            return self._ended(crawl, request, landing, finished, page=page)
        analysis = finished.analysis
        assert analysis is not None
        extraction = analysis.extraction
        moves = tuple(Link(url) for move in shown.moves if (url := canonical(move, answer.url))) if shown else ()
        links = self._links(crawl, page, (*extraction.links, *moves))
        ending = verdicts.of_verdict(extraction.verdict, extraction.verdict_reason)
        if ending is not None:
            if ending.outcome is Outcome.EMPTY:
                crawl.novelty.saw_nothing(page.url)
            ending = self._told_of_login(crawl, answer, ending)
            return self._ended(crawl, request, landing, ending, page=page, verdict=extraction.verdict, links=links)
        if request.purpose is Purpose.SITE_CHECK:
            return self._ended(crawl, request, landing, verdicts.SITE_UP, page=page)
        known = page.known
        if known is not None and known.text_sha256 == analysis.text_sha256:
            # Same text under new bytes: the links may be new nevertheless.
            return self._ended(
                crawl, request, landing, verdicts.SAME_TEXT, page=page, verdict=extraction.verdict, links=links
            )
        flagged = any(assessment.flagged for assessment in analysis.assessments)
        crawl.novelty.saw(page.url, extraction.documents, (link.url for link in links), flagged)
        if request.known is None:
            crawl.learn(page, flagged)
        judged = tuple(
            JudgedDocument(document, assessment)
            for document, assessment in zip(extraction.documents, analysis.assessments, strict=True)
        )
        made = rendering.resources(shown, page.url, self._clock()) if shown is not None else ()
        kept = Kept((*landing.hops, answer), digest, analysis.text_sha256, judged, made)
        ending = Ending(Outcome.OK, status=answer.status, final_url=answer.url)
        if note is not None:
            ending = replace(ending, reason="not_rendered", detail=note)
        finishes = [Finish(self._outcome(page, landing, ending), extraction.verdict, kept)]
        if page is not request:
            finishes.append(Finish(self._outcome(request, landing, alias_ending(request, page.url))))
        return Report(crawl, tuple(finishes), links)

    async def _render(
        self, crawl: TargetCrawl, page: CrawlRequest, answer: Exchange, plain: Finished, analysis: PageAnalysis
    ) -> tuple[Shown | None, Finished | Ending, str | None]:
        """The page as a browser shows it, where that is wanted: what was shown, its reading, and what kept it from it."""
        if not rendering.is_wanted(crawl.target, answer, analysis.extraction):
            return None, plain, None
        fragment = page.url.partition("#")[2]
        shown = await self._renderer.show(crawl.target, answer.url + (f"#{fragment}" if fragment else ""), answer)
        if isinstance(shown, Ending):
            if rendering.is_shell(analysis.extraction):
                return None, shown, None
            return None, plain, f"按普通方式读取；未能渲染：{shown.detail}"
        crawl.bytes += shown.bytes_received
        read = await self._analyse(crawl, page, answer, shown)
        made = read.analysis if isinstance(read, Finished) else None
        reads_well = made is not None and made.extraction.verdict is PageVerdict.OK
        if not rendering.is_shell(analysis.extraction) and not reads_well:
            return None, plain, "按普通方式读取；渲染后没有可读内容。"
        return shown, read, None

    async def _analyse(
        self, crawl: TargetCrawl, page: CrawlRequest, answer: Exchange, shown: Shown | None = None
    ) -> Finished | Ending:
        fetched = FetchedPage(
            url=page.url,
            final_url=answer.url,
            status=answer.status,
            content_type=answer.header("Content-Type") if shown is None else "text/html; charset=utf-8",
            body=answer.body if shown is None else shown.html,
            hosts=crawl.link_hosts,
            rendered=shown is not None,
        )
        reading = Reading(
            fetched,
            answer.header("Content-Encoding") if shown is None else None,
            self._settings.max_decoded,
            page.known.text_sha256 if page.known else None,
        )
        try:
            finished = await self._pool.read(reading)
        except WorkerDied:
            logger.error("reading %s ended its worker twice", page.url)
            return verdicts.CRASHED
        except ReadingTooSlow:
            logger.error("reading %s took longer than %s s", page.url, self._settings.analysis_seconds)
            return verdicts.TOO_SLOW
        if finished.problem == "decoded":
            return verdicts.too_large("decoded", self._settings.max_decoded)
        if finished.problem == "bad_coding":
            return verdicts.BAD_CODING
        if finished.problem is not None:
            logger.error("reading %s: %s", page.url, finished.problem)
            return verdicts.ANALYSIS_ERROR
        return finished

    def _told_of_login(self, crawl: TargetCrawl, answer: Exchange, ending: Ending) -> Ending:
        """An ending that asks for a login, with what is the matter with the one that staff provided."""
        if ending.reason not in _WANT_LOGIN:
            return ending
        said = remark(self._logins.of(answer.url, crawl.target.kind), answer.login is not None)
        return replace(ending, detail=f"{ending.detail or ''}{said}") if said else ending

    def _links(self, crawl: TargetCrawl, page: CrawlRequest, links: Sequence[Link]) -> tuple[CrawlRequest, ...]:
        """Links of the target that were not planned from here before, with their promise; none of a page handed in."""
        if crawl.target.kind is TargetKind.INTAKE:
            return ()
        depth = page.depth + 1
        found: list[CrawlRequest] = []
        if self._settings.planned_only:
            return ()
        for link in links:
            if crawl.navigation is not None and not crawl.navigation.follows(page.url, page.depth, link.url):
                continue
            # Most links of a page were on the last one too: the cheapest question first.
            if not crawl.is_new(link.url, depth) or not promise.is_page(link.url) or not crawl.in_scope(link.url):
                continue
            priority = promise.promise(link.url, link.anchor, link.place, depth, link.nofollow)
            if depth > crawl.target.budget.max_depth:
                priority = promise.LAST
            found.append(
                CrawlRequest(
                    run_id=page.run_id,
                    target_id=page.target_id,
                    url=link.url,
                    depth=depth,
                    priority=priority,
                    via=page.url,
                    anchor=link.anchor or None,
                )
            )
        return tuple(found)

    def _ended(
        self,
        crawl: TargetCrawl,
        request: CrawlRequest,
        landing: Landing,
        ending: Ending,
        *,
        page: CrawlRequest | None = None,
        verdict: PageVerdict | None = None,
        links: tuple[CrawlRequest, ...] = (),
    ) -> Report:
        """A report without anything to keep; where a redirect led to a page of its own, both requests end so."""
        if page is None and landing.answer is not None and landing.canonical_url != request.url:
            crawl.aliases.note(mark_of(landing.canonical_url), ending)  # an error page has no request of its own
        finishes = [Finish(self._outcome(request, landing, ending), verdict)]
        if page is not None and page is not request:
            alias = ending if ending.outcome is not Outcome.UNCHANGED else alias_ending(request, page.url)
            finishes = [
                Finish(self._outcome(page, landing, ending), verdict),
                Finish(self._outcome(request, landing, alias), verdict),
            ]
        return Report(crawl, tuple(finishes), links, ending)

    def _outcome(self, request: CrawlRequest, landing: Landing, ending: Ending) -> CrawlOutcome:
        answer = landing.answer
        final = answer.url if answer is not None and answer.url != request.url else None
        return CrawlOutcome(
            request=request,
            outcome=ending.outcome,
            at=self._clock(),
            status=ending.status or (answer.status if answer else landing.hops[-1].status if landing.hops else None),
            reason=ending.reason,
            detail=ending.detail,
            final_url=ending.final_url or final,
            bytes_received=ending.bytes_received or landing.bytes_received,
        )

    def alias_of(self, crawl: TargetCrawl, request: CrawlRequest, landing: Landing) -> Report:
        """End a request whose redirects lead to another page: as that page did, or as another name for it."""
        assert landing.leads_to is not None
        assert landing.ending is not None
        bad = crawl.aliases.bad_end(landing.leads_to)
        ending = replace(bad, final_url=landing.ending.final_url) if bad is not None else landing.ending
        return Report(crawl, (Finish(self._outcome(request, landing, ending)),))

    def without_visit(self, crawl: TargetCrawl, request: CrawlRequest, ending: Ending) -> Report:
        """A request that ends without being made."""
        return Report(crawl, (Finish(self._outcome(request, Landing(), ending)),))

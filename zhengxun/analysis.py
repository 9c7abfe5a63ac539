"""What a worker process does with one answer: extraction, then classification of each document.

Top-level functions, because the crawler's process pool finds them by name. The classifier is loaded once per process.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.pictures.choice import identity, worth_fetching
from domain.analysis import PageAnalysis
from domain.assessment import Assessment, Subject
from domain.crawl import FetchedPage
from domain.document import READER_SEES, Document, Extraction, PageVerdict

if TYPE_CHECKING:
    from classifiers.classifier import Classifier

#: Pictures of a page that count when two versions are compared.
_COMPARED = 20

#: How a worker learns of the user's rule packs: the pool starts it with this environment and a function's name only.
RULES_VARIABLE = "ZHENGXUN_WORKER_RULES"

_COUNTED = "浏览|阅读|点击|访问|查看|人气|播放|热度|在线|点赞|在看|收藏|转发"
#: Numbers that count on by themselves: 浏览：1024, 阅读量 3,051; 1.2万次播放; 今天是2026年11月24日 星期二, 当前时间 08:00:01.
#: Three expressions, and each begins with a character out of a few, because that is what ``re`` looks for quickly: one
#: expression with its conditions in front costs more than the classifier.
_TICKING = (
    re.compile(rf"({_COUNTED})(?:次数|人数|量|数|人)?[ \t:：（(]*[\d,.]{{1,9}}万?(?![\d-])"),
    re.compile(
        r"[\d,.](?<![\d.-].)[\d,.]{0,8}万?[ \t]*(?:次|人|位)"
        r"(?=浏览|阅读|点击|访问|查看|播放|在线|点赞|在看|收藏|转发|围观|访客)"
    ),
    re.compile(
        r"(?:今天是|当前时间|现在时间|北京时间|您是第|页面执行时间)[ \t:：]*[\d年月日时分秒:：./ \t星期一二三四五六-]+"
    ),
)


def use_rules(folder: Path | None) -> None:
    """Make worker processes started from now on load the rule packs in ``folder`` (None: the bundled ones)."""
    if folder is None:
        os.environ.pop(RULES_VARIABLE, None)
    else:
        os.environ[RULES_VARIABLE] = str(folder.absolute())


def warm_up() -> None:
    """Load extractor and classifier now, so that the first page of a worker is not charged with it."""
    import crawler.extract  # noqa: F401 - its parsers load on import

    _classifier()


def analyse(page: FetchedPage) -> PageAnalysis:
    """Extraction and assessments of one answer (:data:`domain.ports.Analyse`)."""
    from crawler.extract import extract

    extraction = extract(
        page.body,
        url=page.final_url,
        content_type=page.content_type,
        hosts=frozenset(page.hosts) or None,
        rendered=page.rendered,
    )
    return judge(extraction, _classifier())


def judge(extraction: Extraction, classifier: Classifier) -> PageAnalysis:
    """Assess every document of ``extraction``; a page that is no content (deleted, captcha …) is not judged."""
    from classifiers.pages import assess_page

    assessments = (
        tuple(_with_note(document, assess_page(classifier, subject_of(document))) for document in extraction.documents)
        if extraction.verdict is PageVerdict.OK
        else ()
    )
    return PageAnalysis(extraction=extraction, assessments=assessments, text_sha256=text_sha256(extraction.documents))


def _with_note(document: Document, assessment: Assessment) -> Assessment:
    """Say that the words in the page's pictures are not in this assessment; it is corrected once they have been read."""
    shown, beyond = worth_fetching(document.images, _COMPARED)
    if not shown:
        return assessment
    note = f"页面有 {len(shown) + beyond} 张图片，图片中的文字未计入本次研判"
    return replace(assessment, incomplete=(*assessment.incomplete, note))


def subject_of(document: Document) -> Subject:
    """A document as the classifier takes it: segments tell content from sidebars, navigation and hidden text."""
    return Subject(
        text=document.text,
        title=document.title,
        url=document.url,
        account=document.account,
        segments=tuple((segment.kind.value, segment.text) for segment in document.segments),
        has_form=document.has_form,
    )


def text_sha256(documents: tuple[Document, ...]) -> str:
    """Hex SHA-256 over titles, texts and the segments that are not part of the text, of all documents.

    Two versions of a page with the same value say the same: what a visitor counter or a clock shows is left out,
    because it would make every page new and edited at every look. The names of the content's pictures count, because
    another poster is another claim; those around the content do not, because advertisements take turns there.
    """
    parts: list[str] = []
    for document in documents:
        parts += (document.title, document.text)
        parts += (segment.text for segment in document.segments if segment.kind not in READER_SEES)
        inside = document.images[: len(document.images) - document.aside_images]
        parts += sorted({identity(url) for url in worth_fetching(inside, _COMPARED)[0]})
        parts.append("")
    # U+001E keeps ("ab", "c") and ("a", "bc") apart; extracted text holds no control characters.
    said = "\x1e".join(parts)
    counted, count_of, clock = _TICKING
    said = clock.sub("#", count_of.sub("#", counted.sub(r"\1#", said)))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _classifier() -> Classifier:
    import classifiers

    folder = os.environ.get(RULES_VARIABLE)
    return classifiers.load(Path(folder) if folder else None)

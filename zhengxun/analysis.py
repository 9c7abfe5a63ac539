"""What a worker process does with one answer: extraction, then classification of each document.

Top-level functions, because the crawler's process pool finds them by name. The classifier is loaded once per process.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from domain.analysis import PageAnalysis
from domain.assessment import Subject
from domain.crawl import FetchedPage
from domain.document import Document, Extraction, PageVerdict

if TYPE_CHECKING:
    from classifiers.classifier import Classifier

#: How a worker learns of the user's rule packs: the pool starts it with this environment and a function's name only.
RULES_VARIABLE = "ZHENGXUN_WORKER_RULES"


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
        page.body, url=page.final_url, content_type=page.content_type, hosts=frozenset(page.hosts) or None
    )
    return judge(extraction, _classifier())


def judge(extraction: Extraction, classifier: Classifier) -> PageAnalysis:
    """Assess every document of ``extraction``; a page that is no content (deleted, captcha …) is not judged."""
    assessments = (
        tuple(classifier.assess(subject_of(document)) for document in extraction.documents)
        if extraction.verdict is PageVerdict.OK
        else ()
    )
    return PageAnalysis(extraction=extraction, assessments=assessments, text_sha256=text_sha256(extraction.documents))


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
    """Hex SHA-256 over titles, texts and segment texts of all documents, each with its length before it.

    The lengths keep ("ab", "c") and ("a", "bc") apart. Two versions of a page with the same value say the same.
    """
    digest = hashlib.sha256()
    for document in documents:
        for text in (document.title, document.text, *(segment.text for segment in document.segments)):
            encoded = text.encode("utf-8", "surrogatepass")
            digest.update(b"%d:" % len(encoded))
            digest.update(encoded)
    return digest.hexdigest()


@cache
def _classifier() -> Classifier:
    import classifiers

    folder = os.environ.get(RULES_VARIABLE)
    return classifiers.load(Path(folder) if folder else None)

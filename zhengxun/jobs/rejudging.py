"""After a change of the rule packs: judge what is kept by the rules in force, before anything is fetched."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from domain.assessment import Assessment
from domain.document import Document
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store
    from storage.rejudging import Rejudged

logger = logging.getLogger(__name__)


def rejudge(services: Services, store: Store) -> Rejudged | None:
    """Judge kept pages again where the packs changed; None where they did not. Ask only under the crawl lock."""
    from classifiers.pages import assess_page
    from zhengxun.analysis import subject_of

    def judge(document: Document) -> Assessment:
        return assess_page(services.classifier, subject_of(document))

    done = store.rejudge(services.rule_pack, judge)
    if done is not None and done.pages:
        logger.warning(
            "规则包已更新：按现行规则重新研判已保存的页面 %d 个，新线索 %d 条，不再命中、需人工核对的线索 %d 条。",
            done.pages,
            done.leads_new,
            done.no_longer_hit,
        )
    return done

"""Linking as a job: documents that came since the last time are joined to operators."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING

from domain.operator import LinkLimits
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store
    from storage.linking import Linked

logger = logging.getLogger(__name__)


def link_operators(services: Services, store: Store) -> Linked:
    """Join new documents to operators and note what new leads repeat. Ask only under the crawl lock."""
    limits = LinkLimits(services.settings.link_max_sites, services.settings.link_max_parties)
    done = store.link(limits, registrable_domain)
    if done.leads_related:
        logger.warning("新线索中有 %d 条与已确认的线索疑似同一主体或文案近似，已在线索中注明。", done.leads_related)
    return done


@cache
def registrable_domain(host: str) -> str:
    """The domain that somebody registered (``a.b.com.cn`` → ``b.com.cn``); a host without one (an address) as it is."""
    from zhengxun.target_draft import registered_domain

    return registered_domain(host) or host

"""Sealing as a job: under its own lock, and never at the cost of the work it follows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from domain.errors import BadInput, EvidenceDamaged, LockHeld
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store

logger = logging.getLogger(__name__)


def seal_evidence(services: Services, store: Store) -> None:
    """Put closed WARC files into the evidence chain and copy it to the evidence folder.

    Where another process does so now there is nothing to do. A copy that was cut is reported and left as it is.
    """
    from zhengxun.evidence.sealing import seal

    try:
        with services.lock("evidence"):
            seal(store, services.settings.evidence)
    except LockHeld:
        return
    except EvidenceDamaged as error:
        logger.error("%s", error)


def stamp_evidence(services: Services, store: Store) -> str | None:
    """Have the chain time-stamped where an authority is set and a stamp is due; the reason where that failed."""
    from zhengxun.evidence.sealing import seal
    from zhengxun.evidence.stamping import Authority, NoStamp, is_due, stamp_chain

    settings = services.settings
    if settings.timestamp_url is None:
        return None
    try:
        if settings.timestamp_roots is None:
            raise BadInput("设置了 ZHENGXUN_TIMESTAMP_URL，还须设置 ZHENGXUN_TIMESTAMP_ROOTS（时间戳服务的根证书）。")
        with services.lock("evidence"):
            if not is_due(store.chain, services.clock(), settings.digest_time):
                return None
            stamp_chain(store.chain, settings.evidence, Authority(settings.timestamp_url, settings.timestamp_roots))
            seal(store, settings.evidence)
    except LockHeld:
        return None
    except (NoStamp, BadInput, EvidenceDamaged) as error:
        return str(error)
    return None

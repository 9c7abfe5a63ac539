"""Sealing as a job: under its own lock, and never at the cost of the work it follows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from domain.errors import EvidenceDamaged, LockHeld
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

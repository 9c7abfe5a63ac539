"""What the console asks of the rest of the program: one module for each of its sections."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.app import ConsoleServices
from console.rendering import installed_manual
from console.status import Status
from zhengxun.accounts import AccountService
from zhengxun.console_services.briefs import BriefDeskService
from zhengxun.console_services.deliveries import DeliveryDeskService
from zhengxun.console_services.directory import DirectoryDeskService
from zhengxun.console_services.leads import LeadDeskService
from zhengxun.console_services.office import OfficeDeskService
from zhengxun.console_services.proposals import ProposalDeskService
from zhengxun.console_services.rules import RuleDeskService
from zhengxun.console_services.subjects import SubjectDeskService
from zhengxun.console_services.targets import TargetDeskService
from zhengxun.services import Services
from zhengxun.two_steps import TwoSteps

if TYPE_CHECKING:
    from storage import Store


def console_services(
    services: Services, store: Store, accounts: AccountService, read_status: Callable[[], Status]
) -> ConsoleServices:
    """All sections of the console on one open store."""
    return ConsoleServices(
        read_status=read_status,
        accounts=accounts,
        two_steps=TwoSteps(accounts),
        leads=LeadDeskService(services, store),
        metrics_token=services.settings.metrics_token,
        manual=installed_manual(),
        briefs=BriefDeskService(services, store),
        deliveries=DeliveryDeskService(services, store),
        targets=TargetDeskService(services, store),
        office=OfficeDeskService(accounts),
        proposals=ProposalDeskService(services, store),
        rules=RuleDeskService(services, store),
        subjects=SubjectDeskService(services, store),
        directory=DirectoryDeskService(services, store),
    )

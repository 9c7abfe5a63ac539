"""``doctor``: is everything there that the work needs? Each check says what it saw and, if wrong, what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from domain.errors import BadRulePack, NotSetUp, ZhengxunError
from zhengxun.clock import SHANGHAI
from zhengxun.disk import shortage
from zhengxun.services import Services
from zhengxun.settings import FILE_NAME, unknown_environment

#: UPSERT with RETURNING, which the store's writes are made of, came with SQLite 3.35 (2021).
_SQLITE = (3, 35, 0)


class Grade(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    """Something optional is missing, or soon will be a failure."""
    FAILURE = "failure"

    @property
    def label(self) -> str:
        """Chinese word for people."""
        return {"ok": "正常", "warning": "提示", "failure": "有问题"}[self.value]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    name: str
    grade: Grade
    text: str
    set_up: bool = True
    """False for a failure that means: not set up, or the database cannot be reached (exit status 4)."""


def exit_status(checks: list[Check]) -> int:
    """0 all well (warnings included), 4 not set up or unreachable, 1 any other failure."""
    if any(not check.set_up for check in checks):
        return 4
    return 1 if any(check.grade is Grade.FAILURE for check in checks) else 0


def check_up(services: Services) -> list[Check]:
    """All checks, in the order in which a person repairs things."""
    checks: list[Check] = []
    for check in _CHECKS:
        checks.extend(check(services))
    return checks


def _python(services: Services) -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    good = (3, 11) <= sys.version_info[:2] < (3, 13)
    text = version if good else f"{version}，应为 3.11 或 3.12"
    yield Check("Python", Grade.OK if good else Grade.FAILURE, text)


def _sqlite(services: Services) -> Iterator[Check]:
    good = sqlite3.sqlite_version_info >= _SQLITE
    text = sqlite3.sqlite_version if good else f"{sqlite3.sqlite_version}，至少应为 3.35"
    yield Check("SQLite", Grade.OK if good else Grade.FAILURE, text)


def _data_dir(services: Services) -> Iterator[Check]:
    folder = services.settings.data_dir
    shown = folder.absolute()
    if not folder.is_dir():
        yield Check("数据目录", Grade.FAILURE, f"{shown} 不存在，请执行 zhengxun init", set_up=False)
        return
    unwritable = [
        path for path in (folder, services.settings.evidence, services.settings.digests) if not _writable(path)
    ]
    if unwritable:
        yield Check("数据目录", Grade.FAILURE, f"{unwritable[0].absolute()} 不能写入，请检查权限")
    else:
        yield Check("数据目录", Grade.OK, f"{shown}，可写")
    usage = shutil.disk_usage(folder)
    free = usage.free // 1024 // 1024
    text = f"剩余 {free} MB，共 {usage.total // 1024 // 1024} MB"
    lack = shortage(services.settings)
    yield Check("磁盘空间", Grade.OK if lack is None else Grade.FAILURE, text if lack is None else lack.sentence)


def _writable(folder: Path) -> bool:
    """Whether a file can be made in ``folder`` (access bits alone lie on read-only and network file systems)."""
    if not folder.exists():
        return _writable(folder.parent) if folder.parent != folder else False
    probe = folder / f".doctor-{os.getpid()}"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError:
        return False
    return True


def _database(services: Services) -> Iterator[Check]:
    from storage import revision_state

    kind = "PostgreSQL" if services.database_url.startswith("postgres") else "SQLite"
    try:
        state = revision_state(services.database_url)
    except NotSetUp as error:
        yield Check("数据库", Grade.FAILURE, str(error), set_up=False)
        return
    if state.up_to_date:
        yield Check("数据库", Grade.OK, f"{kind}，可连接，版本 {state.current}")
    elif state.current is None:
        yield Check("数据库", Grade.FAILURE, f"{kind}，尚未建立，请执行 zhengxun init", set_up=False)
    elif state.is_newer:
        text = f"{kind}，版本 {state.current} 比本程序（{state.head}）新，请换回较新的程序，或恢复升级前的备份"
        yield Check("数据库", Grade.FAILURE, text, set_up=False)
    else:
        text = f"{kind}，版本 {state.current}，本程序需要 {state.head}，请执行 zhengxun init"
        yield Check("数据库", Grade.FAILURE, text, set_up=False)


def _rules(services: Services) -> Iterator[Check]:
    try:
        classifier = services.classifier
    except BadRulePack as error:
        yield Check("规则包", Grade.FAILURE, str(error))
        return
    where = services.rules_in_force.name
    yield Check("规则包", Grade.OK, f"{len(classifier.rules)} 条规则，{where}，{classifier.rule_pack[:19]}…")
    for text in (*services.rules_in_force.problems, *services.rules_in_force.notes):
        yield Check("规则包", Grade.WARNING, text)


def _crawling(services: Services) -> Iterator[Check]:
    """Scrapy 2.19 opens a code-executing control port and skips robots.txt in a batch; both must stay off."""
    from crawler import scrapy_settings

    open_ports = [
        name for name in ("REMOTE_CONTROL_ENABLED", "TELNETCONSOLE_ENABLED") if getattr(scrapy_settings, name, True)
    ]
    if open_ports:
        yield Check("远程控制端口", Grade.FAILURE, f"{'、'.join(open_ports)} 未关闭，任何本机程序都能借此执行代码")
    else:
        yield Check("远程控制端口", Grade.OK, "已关闭（Scrapy 远程控制、telnet）")
    networks = services.settings.allow_networks
    if networks:
        shown = "、".join(str(network) for network in networks)
        yield Check("允许的内网网段", Grade.WARNING, f"{shown}：采集程序可以访问这些内部地址，仅在试验时设置")
    else:
        yield Check("允许的内网网段", Grade.OK, "无，只采集公网地址")
    try:
        with services.store() as store:
            overridden = [target for target in store.targets.list() if target.robots_override is not None]
    except ZhengxunError:
        return
    if overridden:
        names = "、".join(f"{target.id} 号" for target in overridden[:10])
        yield Check("robots.txt", Grade.WARNING, f"{len(overridden)} 个对象有记录在案的例外：{names}")
    else:
        yield Check("robots.txt", Grade.OK, "全部遵守")


def _time(services: Services) -> Iterator[Check]:
    now = services.clock()
    text = f"北京时间 {now.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
    if services.settings.now is not None:
        yield Check("时钟", Grade.WARNING, f"{text}，由 ZHENGXUN_NOW 指定，不是真实时间")
    else:
        yield Check("时钟", Grade.OK, text)


def _optional(services: Services) -> Iterator[Check]:
    from crawler.browser.chromium import driver_problem, find_chromium, missing

    browser = find_chromium()
    lacking = missing()
    if browser is None:
        yield Check(
            "Chromium", Grade.WARNING, "未安装（apt-get install chromium）：靠脚本显示内容的网页不能渲染，也不能截图"
        )
    elif lacking is not None:
        yield Check("Chromium", Grade.WARNING, f"{lacking}（pip install playwright）：网页不能渲染，也不能截图")
    elif (problem := driver_problem()) is not None:
        yield Check("Chromium", Grade.WARNING, f"{problem}（apt-get install libatomic1）：网页不能渲染，也不能截图")
    elif os.geteuid() == 0:
        yield Check("Chromium", Grade.WARNING, f"{browser}；以 root 运行时浏览器没有沙箱，请改用普通用户运行本程序")
    else:
        yield Check("Chromium", Grade.OK, browser)
    if _has_chinese_fonts():
        yield Check("中文字体", Grade.OK, "已安装")
    else:
        yield Check(
            "中文字体", Grade.WARNING, "未安装（apt-get install fonts-noto-cjk）：本机打印和截图中的汉字会显示为方框"
        )


def _pictures(services: Services) -> Iterator[Check]:
    from crawler.pictures.reader import missing, reader_name

    why = missing()
    if not services.settings.pictures:
        yield Check("图片文字识别", Grade.WARNING, "已由设置 pictures 关闭：只出现在图片中的违规宣传不会被发现")
    elif why is not None:
        yield Check("图片文字识别", Grade.WARNING, f"{why}：只出现在图片中的违规宣传不会被发现，二维码仍会识别")
    else:
        yield Check("图片文字识别", Grade.OK, f"{reader_name().partition('/')[0]}，离线")


def _logins(services: Services) -> Iterator[Check]:
    from zhengxun.logins import LoginState

    files = services.logins()
    if not files:
        yield Check("平台登录", Grade.OK, "没有登录文件，只看不登录就能看到的内容")
    for one in files:
        useless = one.state in (LoginState.EXPIRED, LoginState.UNUSABLE)
        grade = Grade.FAILURE if useless else Grade.OK if one.state is LoginState.GOOD else Grade.WARNING
        yield Check("平台登录", grade, f"{one.name} {one.state.label}：{one.detail}")


def _evidence(services: Services) -> Iterator[Check]:
    from zhengxun.evidence.standing import standing

    try:
        with services.store() as store:
            found = standing(services, store)
    except ZhengxunError:
        return
    if found is None:
        yield Check("证据链", Grade.OK, "还没有证据")
    else:
        grade = Grade.FAILURE if not found.sound else Grade.WARNING if found.reminder else Grade.OK
        yield Check("证据链", grade, found.text)


def _screenshots(services: Services) -> Iterator[Check]:
    from zhengxun.jobs.screenshots import screenshot_gap

    try:
        with services.store() as store:
            gap = screenshot_gap(services, store)
    except ZhengxunError:
        return
    if gap is None:
        yield Check("整页截图", Grade.WARNING, "已由设置关闭：线索没有整页截图")
    else:
        yield Check("整页截图", Grade.WARNING if gap.waiting or gap.refused else Grade.OK, gap.text)


def _backups(services: Services) -> Iterator[Check]:
    from zhengxun.jobs.upkeep import backup_problem

    folder = services.settings.backup_dir
    if folder is None:
        yield Check("自动备份", Grade.WARNING, "没有设置（ZHENGXUN_BACKUP_DIR）；请设置，或另行安排 zhengxun backup")
        return
    problem = backup_problem(services)
    yield Check("自动备份", Grade.OK if problem is None else Grade.FAILURE, problem or f"{folder.absolute()}，未过期")


def _has_chinese_fonts() -> bool:
    program = shutil.which("fc-list")
    if program is None:
        return any(Path("/usr/share/fonts").rglob("*CJK*"))
    found = subprocess.run([program, ":lang=zh", "family"], capture_output=True, timeout=20, check=False)
    return bool(found.stdout.strip())


def _settings(services: Services) -> Iterator[Check]:
    unknown = unknown_environment()
    if unknown:
        yield Check("设置", Grade.WARNING, f"环境变量 {'、'.join(unknown)} 不是本程序的设置，请核对拼写")
    else:
        file = services.settings.data_dir / FILE_NAME
        yield Check("设置", Grade.OK, f"环境变量{f'和 {file}' if file.exists() else ''}，无不认识的名称")


def _queue(services: Services) -> Iterator[Check]:
    """Only where work is shared out: can the queue be used?"""
    if not services.settings.workers:
        return
    from zhengxun.work.queue import read_state

    try:
        state = read_state(services.database_url)
    except ZhengxunError as error:
        yield Check("队列", Grade.FAILURE, str(error), set_up=False)
        return
    yield Check("队列", Grade.OK, f"等待 {state.waiting} 项，进行中 {state.doing} 项，worker {state.workers} 个")


def _alarms(services: Services) -> Iterator[Check]:
    """What the status page tells of the whole installation."""
    from zhengxun.alarms import installation_alarms

    try:
        with services.store() as store:
            sounding = installation_alarms(services, store)
    except ZhengxunError:
        return
    for alarm in sounding:
        yield Check(alarm.kind.label, Grade.FAILURE, alarm.detail)
    if not sounding:
        yield Check("运行报警", Grade.OK, "没有")


_CHECKS: tuple[Callable[[Services], Iterator[Check]], ...] = (
    _python,
    _sqlite,
    _settings,
    _data_dir,
    _database,
    _rules,
    _crawling,
    _time,
    _optional,
    _pictures,
    _logins,
    _queue,
    _alarms,
    _evidence,
    _screenshots,
    _backups,
)

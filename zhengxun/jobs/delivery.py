"""报送: puts digests into the outbox and hands them over, each once.

Before anything leaves this machine the attempt is in the database (``begun``), and its end is written after. A process
that is killed in between leaves a parcel of which nobody can say whether it arrived; such a one, like any that the service
did not answer, becomes 待确认 and is not sent again unless a person says so: none of the services takes a key by which it
would drop a second copy, and a second digest is taken for a second order. Folders are different: the same file under
the same name once more changes nothing.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from domain.delivery import DeliveryEvent, DeliveryKind, DeliveryState, Parcel
from domain.digest import Digest
from domain.errors import BadInput, ZhengxunError
from zhengxun.clock import SHANGHAI, day_of, for_people
from zhengxun.delivery.channels import Channel, ChannelKind
from zhengxun.delivery.outcome import NotSent, Receipt, Unclear
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store

logger = logging.getLogger(__name__)

#: Digests further back are neither sent by themselves nor told of any more.
MOST_DAYS = 31


@dataclass(slots=True)
class DeliveryReport:
    """What one pass over the outbox did."""

    sent: list[Parcel] = field(default_factory=list)
    failed: list[tuple[Parcel, str]] = field(default_factory=list)
    """With the reason; they are tried again."""
    unclear: list[tuple[Parcel, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What a person should know after this pass, see :func:`delivery_problems`."""

    @property
    def idle(self) -> bool:
        """Whether nothing was tried."""
        return not (self.sent or self.failed or self.unclear)


def deliver(services: Services, day: date | None = None, channel_name: str | None = None) -> DeliveryReport:
    """Send what is due, under the lock ``delivery``.

    ``day``: that digest, whatever the hour, rest day or wait after a failure; what was delivered or is 待确认 stays so.
    ``channel_name``: by this channel only.
    """
    report = DeliveryReport()
    channels = [one for one in services.settings.delivery_channels if channel_name in (None, one.name)]
    if not channels:
        return report
    with services.store() as store, services.lock("delivery"):
        now = services.clock()
        since = min(day or day_of(now), day_of(now) - timedelta(days=MOST_DAYS))
        _settle_interrupted(store, services.settings.delivery_channels, since, now)
        for channel in channels:
            due = _due_days(services, store, channel)
            # Days before one that is sent out of turn keep their place in the outbox.
            groups = [[one] for one in due if one < day] + [[day]] if day else _groups(services, channel, due)
            for wanted in groups:
                _plan(store, channel, wanted, now)
            _send_channel(services, store, channel, since, day, report)
        report.problems = delivery_problems(services, store)
    return report


def _due_days(services: Services, store: Store, channel: Channel) -> list[date]:
    """Days whose digest a channel should have and that it was not given yet.

    A new channel begins with today's; later ones follow without a gap, also after an outage.
    """
    today = day_of(services.clock())
    newest = store.deliveries.newest_day(channel.name)
    first = today if newest is None else max(newest + timedelta(days=1), today - timedelta(days=MOST_DAYS))
    due_today = services.clock() >= datetime.combine(today, services.settings.digest_time, SHANGHAI)
    return sorted(
        listing.date
        for listing in store.digests.list()
        if first <= listing.date <= today and (listing.date < today or due_today)
    )


def _groups(services: Services, channel: Channel, days: Sequence[date]) -> list[list[date]]:
    """Days that go out in one parcel: rest days before the same working day, where only those are sent on.

    They wait for that day's digest time, so that all of them are there. A folder gets each day's files in any case.
    """
    if not services.settings.delivery_workdays_only or channel.kind is ChannelKind.FOLDER:
        return [[day] for day in days]
    from zhengxun.delivery.workdays import is_workday, next_workday

    now = services.clock()
    groups: list[list[date]] = []
    for day in days:
        sent_on = next_workday(day)
        if not is_workday(day) and now < datetime.combine(sent_on, services.settings.digest_time, SHANGHAI):
            break
        if groups and not is_workday(day) and next_workday(groups[-1][-1]) == sent_on:
            groups[-1].append(day)
        else:
            groups.append([day])
    return groups


def _plan(store: Store, channel: Channel, days: Sequence[date], now: datetime) -> None:
    digests = [digest for day in days if (digest := store.digests.frozen(day)) is not None]
    if not digests:
        raise BadInput(f"{days[0]} 的处置简报还没有生成，不能报送。")
    first = days[0] if len(days) > 1 else None
    store.deliveries.plan(days[-1], channel.name, _bodies(channel, digests), now, first)


def _bodies(channel: Channel, digests: Sequence[Digest]) -> list[str]:
    from zhengxun.delivery.robots import LIMITS, MOST_PARTS
    from zhengxun.delivery.words import cut, plain, split

    if channel.kind not in LIMITS:
        return [""]
    title, lines = _words([channel.route.cut(digest) for digest in digests])
    return split(cut(plain(title, 200), 600), lines, LIMITS[channel.kind], MOST_PARTS)


def _words(digests: Sequence[Digest]) -> tuple[str, list[str]]:
    """Subject and lines of a message."""
    from zhengxun.delivery.words import joined_subject, joined_summary, subject, summary

    if len(digests) == 1:
        return subject(digests[0]), summary(digests[0])
    return joined_subject(digests), joined_summary(digests)


def _settle_interrupted(store: Store, channels: Sequence[Channel], since: date, now: datetime) -> None:
    """Attempts of a process that died: we hold the lock, so nobody is at them."""
    folders = {channel.name for channel in channels if channel.kind is ChannelKind.FOLDER}
    for parcel in store.deliveries.parcels(since):
        if not parcel.events or parcel.events[-1].kind is not DeliveryKind.BEGUN:
            continue
        if parcel.channel in folders:
            event = DeliveryEvent(DeliveryKind.AGAIN, now, "上次写入中断，重新写出同一文件")
        else:
            event = DeliveryEvent(DeliveryKind.UNCLEAR, now, "发送中途程序中断，无法确定对方是否收到")
        store.deliveries.append(parcel.id, event)


def _send_channel(
    services: Services, store: Store, channel: Channel, since: date, day: date | None, report: DeliveryReport
) -> None:
    for parcel in store.deliveries.parcels(since):
        if parcel.channel != channel.name or (day is not None and day not in parcel.days):
            continue
        now = services.clock()
        if day is None and _resting(services, now):
            return
        if parcel.state is not DeliveryState.WAITING:
            continue
        if day is None and not parcel.ready(now):
            return  # what comes after it waits too, so that parts and days arrive in order
        if not _send(services, store, channel, parcel, report):
            return


def _send(services: Services, store: Store, channel: Channel, parcel: Parcel, report: DeliveryReport) -> bool:
    """One attempt; False where the service has it certainly not."""

    def note(kind: DeliveryKind, detail: str) -> None:
        store.deliveries.append(parcel.id, DeliveryEvent(kind, services.clock(), detail))

    digests = [digest for day in parcel.days if (digest := store.digests.frozen(day)) is not None]
    if not digests or digests[-1].date != parcel.day:
        raise BadInput(f"{parcel.label} 的处置简报不在数据库中，不能报送；请恢复备份。")
    try:
        # Files are made before the attempt begins: what fails there has certainly not left this machine.
        carry = _prepared(services, store, channel, parcel, [channel.route.cut(digest) for digest in digests])
        note(DeliveryKind.BEGUN, channel.place)
        receipt = carry()
    except Unclear as unclear:
        note(DeliveryKind.UNCLEAR, str(unclear))
        report.unclear.append((parcel, str(unclear)))
        return True
    except (NotSent, ZhengxunError) as error:
        note(DeliveryKind.FAILED, str(error))
        report.failed.append((parcel, str(error)))
        logger.warning("delivery %s of %s to %s failed", parcel.id, parcel.day, channel.name)
        return False
    if receipt.refused:
        note(DeliveryKind.PARTIAL, f"{receipt.text}；未被接受的收件人：{'；'.join(receipt.refused)}")
    else:
        note(DeliveryKind.SENT, receipt.text)
    report.sent.append(parcel)
    return True


def _prepared(
    services: Services, store: Store, channel: Channel, parcel: Parcel, digests: Sequence[Digest]
) -> Callable[[], Receipt]:
    """Everything ready to be handed over."""
    from zhengxun.delivery import mail, robots

    title, lines = _words(digests)
    if channel.kind is ChannelKind.FOLDER:
        content = _files(services, store, digests[0], set(channel.formats))
        return lambda: _to_folder(channel, digests[0], content)
    if channel.kind is ChannelKind.SMTP:
        # A joined mail has no page of its own: each day's goes with it as a file.
        formats = {*channel.formats, "html"}
        named: dict[str, bytes] = {}
        page = None
        for digest in digests:
            files = _files(services, store, digest, formats)
            if len(digests) == 1:
                page = files["html"].decode()
                files = {name: content for name, content in files.items() if name in channel.formats}
            named |= {f"处置简报-{digest.date}.{name}": content for name, content in files.items()}
        text = "\n".join([title, "", *lines, ""])
        at = services.clock().astimezone(SHANGHAI)
        message = mail.compose(channel, title, text, page, named, parcel.key, at)
        return lambda: mail.send(channel, message)
    return lambda: robots.send(channel, title, parcel.body, services.clock())


def _files(services: Services, store: Store, digest: Digest, formats: set[str]) -> dict[str, bytes]:
    from digest.renderers import RENDERERS
    from digest.templates import Templates
    from zhengxun.thumbnails import Thumbnails

    files = {}
    with Thumbnails(store, services.settings.evidence) as thumbnail:
        templates = Templates(services.settings.templates, thumbnail)
        for name in sorted(formats):
            stream = io.BytesIO()
            RENDERERS[name](digest, stream, templates)
            files[name] = stream.getvalue()
    return files


def _to_folder(channel: Channel, digest: Digest, files: dict[str, bytes]) -> Receipt:
    from digest.writing import sync_folder, write_whole

    assert channel.path is not None
    suffix = "" if channel.route.whole else f"-{channel.name}"
    try:
        channel.path.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = channel.path / f"digest-{digest.date}{suffix}.{name}"
            write_whole(path, lambda stream, content=content: stream.write(content))  # type: ignore[misc]
        sync_folder(channel.path)
    except OSError as error:
        raise NotSent(f"无法写入文件夹 {channel.path}：{error.strerror}；请检查权限和磁盘空间") from error
    return Receipt(str(channel.path))


def _resting(services: Services, now: datetime) -> bool:
    from zhengxun.delivery.workdays import is_workday

    return services.settings.delivery_workdays_only and not is_workday(day_of(now))


def _deadline(services: Services, day: date) -> datetime:
    """When a day's digest must have arrived; one of a rest day, with the next working day's."""
    from zhengxun.delivery.workdays import next_workday

    if services.settings.delivery_workdays_only:
        day = next_workday(day)
    return datetime.combine(day, services.settings.delivery_deadline, SHANGHAI)


def delivery_problems(services: Services, store: Store) -> list[str]:
    """Chinese sentences for what should have arrived and did not, or where nobody knows; empty: all is well."""
    now = services.clock()
    channels = services.settings.delivery_channels
    if not channels:
        return []
    found = []
    parcels = store.deliveries.parcels(day_of(now) - timedelta(days=MOST_DAYS))
    names = {channel.name for channel in channels}
    for parcel in parcels:
        if parcel.channel not in names:
            continue
        what = _named(parcel)
        last = parcel.events[-1] if parcel.events else None
        if parcel.state is DeliveryState.UNCLEAR:
            found.append(
                f"{what}待确认：{last.detail if last else ''}。请问明对方后执行 zhengxun channels settle {parcel.id} "
                "--received（已收到）或 --again（再发一次）。"
            )
        elif parcel.state is DeliveryState.PARTIAL:
            found.append(
                f"{what}部分收件人未收到：{last.detail if last else ''}。"
                f"处理后执行 zhengxun channels settle {parcel.id} --received。"
            )
        elif parcel.state is DeliveryState.WAITING and now >= _deadline(services, parcel.day):
            why = f"：{last.detail}" if last is not None and last.detail else ""
            found.append(f"{what}到 {for_people(_deadline(services, parcel.day))} 仍未送达{why}。")
    today = day_of(now)
    if now >= _deadline(services, today) and any(listing.date == today for listing in store.digests.list()[:1]):
        planned = {parcel.channel for parcel in parcels if parcel.day == today}
        found += [
            f"{today} 的处置简报到点未向渠道“{channel.name}”报送；请执行 zhengxun tick 并查看日志。"
            for channel in channels
            if channel.name not in planned
        ]
    return found


def _named(parcel: Parcel) -> str:
    part = f"第 {parcel.part}/{parcel.parts} 部分" if parcel.parts > 1 else ""
    return f"{parcel.label} 的处置简报{part}（渠道“{parcel.channel}”，报送编号 {parcel.id}）"


def settle(services: Services, parcel_id: int, received: bool, by: str) -> Parcel:
    """A person says that a parcel arrived, or wants it sent once more. What is simply waiting needs no such word."""
    with services.store() as store, services.lock("delivery"):
        found = [parcel for parcel in store.deliveries.parcels(date.min) if parcel.id == parcel_id]
        if not found:
            raise BadInput(f"没有编号为 {parcel_id} 的报送；编号见 zhengxun channels outbox。")
        if found[0].state is DeliveryState.WAITING and not received:
            raise BadInput(f"报送 {parcel_id} 本来就在等待发送，到时会自动再试。")
        kind = DeliveryKind.CONFIRMED if received else DeliveryKind.AGAIN
        store.deliveries.append(parcel_id, DeliveryEvent(kind, services.clock(), f"经办人 {by}"))
    return found[0]


def try_channel(services: Services, channel: Channel) -> Receipt:
    """Send a message that says it is a test. :class:`NotSent` or :class:`Unclear` where that fails; not in the outbox."""
    from zhengxun.delivery import mail, robots

    now = services.clock()
    title = "证巡 报送测试"
    text = f"这是一条测试消息，发送时间 {for_people(now)}，渠道“{channel.name}”。收到即说明设置正确，无须处理。"
    if channel.kind is ChannelKind.SMTP:
        key = f"test-{int(now.timestamp())}"
        return mail.send(channel, mail.compose(channel, title, text, None, {}, key, now.astimezone(SHANGHAI)))
    if channel.kind is ChannelKind.FOLDER:
        assert channel.path is not None
        probe = channel.path / ".zhengxun-test"
        try:
            channel.path.mkdir(parents=True, exist_ok=True)
            probe.write_text(text, "utf-8")
            probe.unlink()
        except OSError as error:
            raise NotSent(f"无法写入文件夹 {channel.path}：{error.strerror}") from error
        return Receipt(f"{channel.path} 可写")
    return robots.send(channel, title, f"{title}\n{text}", now)

"""报送 of the console."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from console.delivery_desk import ChannelLine, ParcelLine, Sent
from domain.delivery import DeliveryKind, Parcel
from domain.errors import BadInput, LockHeld
from zhengxun.delivery.channels import Channel
from zhengxun.delivery.outcome import NotSent, Unclear
from zhengxun.jobs import delivery
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store


@dataclass(frozen=True)
class DeliveryDeskService:
    """Implements :class:`console.delivery_desk.DeliveryDesk`."""

    services: Services
    store: Store

    def channels(self, day: date) -> Sequence[ChannelLine]:
        """See the protocol."""
        parcels = [parcel for parcel in self.store.deliveries.parcels(day) if parcel.day == day]
        return [
            ChannelLine(
                channel.name,
                channel.kind.label,
                channel.place,
                channel.route.label,
                tuple(_line(parcel) for parcel in parcels if parcel.channel == channel.name),
            )
            for channel in self.services.settings.delivery_channels
        ]

    def send(self, day: date, channel: str) -> Sent:
        """See the protocol."""
        self._channel(channel)
        try:
            report = delivery.deliver(self.services, day, channel)
        except LockHeld:
            raise BadInput("正在报送（自动报送，或另一人刚点了发送），请稍候再看；没有重复发送。") from None
        if report.failed:
            return Sent(False, f"没有发出，稍后自动再试：{report.failed[0][1]}。")
        if report.unclear:
            return Sent(False, f"不能确定对方是否收到，不会自动重发：{report.unclear[0][1]}。请问明对方后认定。")
        if report.idle:
            return Sent(True, "没有需要发送的：已送达或待确认的不重复发送。")
        return Sent(True, f"渠道“{channel}”已接受 {len(report.sent)} 份。")

    def test(self, channel: str) -> Sent:
        """See the protocol."""
        try:
            receipt = delivery.try_channel(self.services, self._channel(channel))
        except NotSent as error:
            return Sent(False, f"测试没有发出：{error}。")
        except Unclear as error:
            return Sent(False, f"不能确定测试是否送到：{error}。请问对方是否收到。")
        refused = f"；未被接受的收件人：{'；'.join(receipt.refused)}" if receipt.refused else ""
        return Sent(not receipt.refused, f"测试：对方已接受（{receipt.text}）{refused}。")

    def settle(self, parcel: int, received: bool, by: str) -> Sent:
        """See the protocol."""
        try:
            settled = delivery.settle(self.services, parcel, received, by)
        except LockHeld:
            raise BadInput("正在报送，请稍候再认定；没有作任何改动。") from None
        return Sent(True, f"报送 {settled.id}（{settled.channel}）{'已记为收到' if received else '将再发一次'}。")

    def _channel(self, name: str) -> Channel:
        for channel in self.services.settings.delivery_channels:
            if channel.name == name:
                return channel
        raise BadInput(f"没有名为“{name[:40]}”的报送渠道；渠道写在 zhengxun.toml 中。")


def _line(parcel: Parcel) -> ParcelLine:
    last = parcel.events[-1] if parcel.events else None
    return ParcelLine(
        parcel.id,
        parcel.part,
        parcel.parts,
        parcel.state,
        sum(event.kind is DeliveryKind.BEGUN for event in parcel.events),
        last.at if last else None,
        last.detail if last else "",
    )

"""Robots of 企业微信, 钉钉 and 飞书. HTTP 200 says nothing there: the service's own code in the answer does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlsplit

from zhengxun.delivery.channels import Channel, ChannelKind
from zhengxun.delivery.outcome import NotSent, Receipt, Unclear

#: Bytes of UTF-8 in one message: 企业微信's limit for Markdown is 4,096; the others' 20,000 include the JSON around.
LIMITS = {ChannelKind.WECOM: 4096, ChannelKind.DINGTALK: 18_000, ChannelKind.FEISHU: 18_000}
#: Messages for one digest: all three services take 20 a minute at most (飞书: 100), and nobody reads more.
MOST_PARTS = 10
TIMEOUT = 15.0
_LARGEST_ANSWER = 64 * 1024


def send(channel: Channel, title: str, text: str, at: datetime, timeout: float = TIMEOUT) -> Receipt:
    """Hand one message to a robot.

    No connection, a code other than 0, or HTTP 4xx, 500 or 503 are :class:`NotSent`; once the request is under way, silence,
    an answer that cannot be understood, or 502 and 504 of something in between are :class:`Unclear`.
    """
    what = f"报送渠道“{channel.name}”"
    assert channel.token is not None
    token = quote_plus(channel.token.read(what))
    sign = channel.sign.read(what) if channel.sign is not None else None
    path, payload = _request(channel.kind, token, sign, title, text, at)
    return _post(channel, path, payload, timeout)


def _request(
    kind: ChannelKind, token: str, sign: str | None, title: str, text: str, at: datetime
) -> tuple[str, dict[str, Any]]:
    if kind is ChannelKind.WECOM:
        return f"/cgi-bin/webhook/send?key={token}", {"msgtype": "markdown", "markdown": {"content": text}}
    if kind is ChannelKind.DINGTALK:
        path = f"/robot/send?access_token={token}"
        if sign is not None:
            stamp = str(int(at.timestamp() * 1000))
            digest = hmac.new(sign.encode(), f"{stamp}\n{sign}".encode(), hashlib.sha256).digest()
            path += f"&timestamp={stamp}&sign={quote_plus(base64.b64encode(digest))}"
        return path, {"msgtype": "markdown", "markdown": {"title": title, "text": text.replace("\n", "\n\n")}}
    card = {
        "header": {"title": {"tag": "plain_text", "content": title}},
        "elements": [{"tag": "markdown", "content": text}],
    }
    message: dict[str, Any] = {"msg_type": "interactive", "card": card}
    if sign is not None:
        stamp = str(int(at.timestamp()))
        # 飞书's way: stamp and secret are the key, the message is empty.
        digest = hmac.new(f"{stamp}\n{sign}".encode(), b"", hashlib.sha256).digest()
        message |= {"timestamp": stamp, "sign": base64.b64encode(digest).decode()}
    return f"/open-apis/bot/v2/hook/{token}", message


def _post(channel: Channel, path: str, payload: dict[str, Any], timeout: float) -> Receipt:
    parts = urlsplit(channel.base)
    maker = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = maker(parts.hostname or "", parts.port, timeout=timeout)
    try:
        try:
            connection.connect()
        except OSError as error:
            raise NotSent(f"无法连接 {channel.base}：{_why(error)}") from error
        try:
            connection.request(
                "POST",
                parts.path + path,
                json.dumps(payload, ensure_ascii=False).encode(),
                {"Content-Type": "application/json; charset=utf-8"},
            )
            answer = connection.getresponse()
            body = answer.read(_LARGEST_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            raise Unclear(f"消息已发出，但 {channel.base} 没有答复：{_why(error)}") from error
    finally:
        connection.close()
    return _judge(channel, answer.status, body)


def _judge(channel: Channel, status: int, body: bytes) -> Receipt:
    if status in {502, 504}:
        raise Unclear(f"{channel.base} 的网关答复 HTTP {status}，消息可能已经送到")
    if status != 200:
        raise NotSent(f"{channel.base} 答复 HTTP {status}")
    try:
        answer = json.loads(body)
        code = next(answer[name] for name in ("errcode", "code", "StatusCode") if name in answer)
        words = str(answer.get("errmsg") or answer.get("msg") or answer.get("StatusMessage") or "")
    except (ValueError, TypeError, AttributeError, StopIteration) as error:
        raise Unclear(f"{channel.base} 的答复看不懂，消息可能已经送到") from error
    if code != 0:
        raise NotSent(f"{channel.kind.label}拒绝：{code} {' '.join(words.split())[:200]}")
    return Receipt(f"{code} {' '.join(words.split())[:200]}".strip())


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "等待超时"
    if isinstance(error, ConnectionRefusedError):
        return "连接被拒绝"
    return "连接中断" if isinstance(error, http.client.HTTPException | ConnectionError) else type(error).__name__

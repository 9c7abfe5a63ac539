"""Time stamps of the evidence chain by an RFC 3161 authority: that the list, and all it names, existed by then.

Once a day, for the last link: its hash stands for everything before it. A stamp that could not be had is asked for again
with every ``tick``; the one that comes at last covers all links that had none. Stamps are links themselves, and lie in
``timestamps/`` of the evidence folder as ``.tsr`` files, which ``openssl ts -verify`` reads.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import urllib.request
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.captures import write_once
from domain.chain import Link, LinkKind, moment
from domain.errors import BadInput, EvidenceDamaged, ZhengxunError
from zhengxun.clock import SHANGHAI

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from storage.chain import Chain

#: Most bytes of an answer: a token with its certificates has 3 to 8 kilobytes.
_MAX_RESPONSE = 256 * 1024
_SECONDS = 20


class NoStamp(ZhengxunError):
    """The authority gave no usable time stamp; it is asked again later."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A time stamp authority and what its stamps are checked against."""

    url: str
    roots: Path


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a link of kind ``stamp`` says."""

    of: int
    """Number of the link that was stamped."""
    of_sha256: str
    authority: str
    time: datetime
    """As the authority certified it."""
    response: bytes
    """DER of the TimeStampResp."""

    @property
    def file(self) -> str:
        """Name of the response's file, relative to the evidence folder."""
        return f"timestamps/{self.of:08d}-{hashlib.sha256(self.response).hexdigest()[:16]}.tsr"


def is_due(chain: Chain, now: datetime, at: time) -> bool:
    """Whether evidence waits for a stamp: there is some without, and none was made since ``at`` (Shanghai) last struck."""
    newest, last = chain.last_evidence(), chain.last_stamp()
    if newest is None or (last is not None and stamp_of(last).of >= newest.number):
        return False
    local = now.astimezone(SHANGHAI)
    struck = datetime.combine(local.date(), at, SHANGHAI)
    if struck > local:
        struck -= timedelta(days=1)
    return last is None or last.at < struck


def stamp_chain(chain: Chain, folder: Path, authority: Authority) -> Link:
    """Have the last link stamped, check the stamp, and keep it in the chain and as a file.

    Raises :class:`NoStamp` where the authority cannot be reached or its answer does not hold, :class:`BadInput` where
    the roots cannot be read.
    """
    roots = load_roots(authority.roots)
    newest = chain.last_evidence()
    if newest is None:
        raise NoStamp("还没有证据，不需要时间戳。")
    response = _ask(newest, authority)
    try:
        time = check(response, newest.sha256, roots)
    except EvidenceDamaged as error:
        raise NoStamp(f"时间戳服务 {authority.url} 的答复不可用：{error}") from error
    stamp = Stamp(newest.number, newest.sha256, authority.url, time, response)
    # The file first: one that a kill leaves without its link does no harm.
    write_once(folder / stamp.file, response)
    return chain.add_stamp(
        {
            "of": stamp.of,
            "of_sha256": stamp.of_sha256,
            "authority": stamp.authority,
            "time": moment(stamp.time),
            "response": base64.b64encode(response).decode(),
        }
    )


def stamp_of(link: Link) -> Stamp:
    """What a link of kind ``stamp`` says; :class:`EvidenceDamaged` where it does not say it properly."""
    if link.kind != LinkKind.STAMP.value:
        raise ValueError(f"link {link.number} is no stamp")
    try:
        content: dict[str, Any] = json.loads(link.content)
        return Stamp(
            of=int(content["of"]),
            of_sha256=str(content["of_sha256"]),
            authority=str(content["authority"]),
            time=datetime.fromisoformat(content["time"]),
            response=base64.b64decode(content["response"], validate=True),
        )
    except (ValueError, TypeError, KeyError, binascii.Error) as error:
        raise EvidenceDamaged(f"证据链第 {link.number} 条（时间戳）的内容有误") from error


def check(response: bytes, sha256: str, roots: list[Certificate]) -> datetime:
    """The time that a response certifies for the hash; :class:`EvidenceDamaged` where signature or hash do not hold."""
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    try:
        decoded = decode_timestamp_response(response)
        builder = VerifierBuilder()
        for root in roots:
            builder = builder.add_root_certificate(root)
        builder.build().verify(decoded, bytes.fromhex(sha256))
        time: datetime = decoded.tst_info.gen_time
    except (VerificationError, ValueError, TypeError) as error:
        raise EvidenceDamaged(f"时间戳与内容不符，或签名不受所设根证书信任（{_reason(error)}）") from error
    return time


def load_roots(path: Path) -> list[Certificate]:
    """Certificates of a PEM file; :class:`BadInput` where there are none."""
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BadInput(
            f"时间戳根证书 {path} 无法读取，应为 PEM 格式的证书文件；请检查 ZHENGXUN_TIMESTAMP_ROOTS。"
        ) from error


def _ask(link: Link, authority: Authority) -> bytes:
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    query = TimestampRequestBuilder().data(link.signed).hash_algorithm(HashAlgorithm.SHA256).build()
    request = urllib.request.Request(  # noqa: S310 - the setting admits http and https only
        authority.url, query.as_bytes(), {"Content-Type": "application/timestamp-query"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            response: bytes = answer.read(_MAX_RESPONSE + 1)
    except (OSError, ValueError) as error:
        raise NoStamp(f"时间戳服务 {authority.url} 没有答复（{_reason(error)}），稍后自动重试。") from error
    if len(response) > _MAX_RESPONSE:
        raise NoStamp(f"时间戳服务 {authority.url} 的答复超过 {_MAX_RESPONSE} 字节，未采用。")
    _same_nonce(response, query.nonce, authority)
    return response


def _same_nonce(response: bytes, nonce: int | None, authority: Authority) -> None:
    """An answer to another question, or an old one played again, is refused."""
    from rfc3161_client import decode_timestamp_response

    try:
        decoded = decode_timestamp_response(response)
        if decoded.status in (0, 1) and decoded.tst_info.nonce == nonce:
            return
        reason = f"状态 {decoded.status}" if decoded.status not in (0, 1) else "随机数不符"
    except ValueError as error:
        reason = _reason(error)
    raise NoStamp(f"时间戳服务 {authority.url} 的答复不可用（{reason}），稍后自动重试。")


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__

"""SMTP: one message with the digest as its body and its files attached."""

from __future__ import annotations

import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from domain.errors import BadInput
from zhengxun.delivery.channels import Channel
from zhengxun.delivery.outcome import NotSent, Receipt, Unclear

#: Seconds for each answer of the server.
TIMEOUT = 60.0
_TYPES = {
    "html": ("text", "html"),
    "json": ("application", "json"),
    "xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "docx": ("application", "vnd.openxmlformats-officedocument.wordprocessingml.document"),
}


def compose(
    channel: Channel, subject: str, text: str, page: str | None, files: dict[str, bytes], key: str, at: datetime
) -> EmailMessage:
    """The message: ``text`` for plain readers, ``page`` (HTML) for others, ``files`` by name attached.

    Its Message-ID comes from the parcel's ``key``: where a person has it sent once more, mail programs see the same one.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject
    message["From"] = channel.sender
    message["To"] = ", ".join(channel.to)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{key}@{channel.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    # Base64: page texts hold lines longer than SMTP's 998 bytes, and not every relay takes 8-bit text.
    message.set_content(text, cte="base64")
    if page is not None:
        message.add_alternative(page, subtype="html", cte="base64")
    for name, content in files.items():
        kind, subtype = _TYPES[name.rpartition(".")[2]]
        message.add_attachment(content, maintype=kind, subtype=subtype, filename=name)
    return message


def send(channel: Channel, message: EmailMessage, timeout: float = TIMEOUT) -> Receipt:
    """Hand the message to the server.

    Up to the message's last line everything that fails is :class:`NotSent`; from then on only an answer of the server is
    certain, and its absence is :class:`Unclear`.
    """
    password = channel.password.read(f"报送渠道“{channel.name}”") if channel.password is not None else None
    refused: list[str] = []
    try:
        server = _connect(channel, timeout)
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(f"无法连接邮件服务器 {channel.host}:{channel.port}：{_why(error)}") from error
    try:
        try:
            if channel.security == "starttls":
                server.starttls(context=_trust(channel))
            server.ehlo_or_helo_if_needed()
            if password is not None:
                server.login(channel.user, password)
            code, answer = server.mail(channel.sender)
            if code != 250:
                raise NotSent(f"邮件服务器不接受发件人 {channel.sender}：{code} {_words(answer)}")
            for address in channel.to:
                code, answer = server.rcpt(address)
                if code not in {250, 251}:
                    refused.append(f"{address}（{code} {_words(answer)}）")
            if len(refused) == len(channel.to):
                raise NotSent(f"邮件服务器不接受任何收件人：{'；'.join(refused)}")
        except smtplib.SMTPAuthenticationError as error:
            # The server's words may repeat what it was sent.
            raise NotSent(f"邮件服务器不接受用户名或密码（{error.smtp_code}）") from error
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(f"邮件服务器 {channel.host} 没有接受：{_why(error)}") from error
        try:
            code, answer = server.data(message.as_bytes())
        except smtplib.SMTPDataError as error:
            raise NotSent(f"邮件服务器拒绝：{error.smtp_code} {_words(error.smtp_error)}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unclear(f"邮件已发出，但邮件服务器没有答复：{_why(error)}") from error
        if code != 250:
            raise NotSent(f"邮件服务器拒绝：{code} {_words(answer)}")
        return Receipt(f"{code} {_words(answer)}", tuple(refused))
    finally:
        server.close()


def _connect(channel: Channel, timeout: float) -> smtplib.SMTP:
    if channel.security == "ssl":
        return smtplib.SMTP_SSL(channel.host, channel.port, timeout=timeout, context=_trust(channel))
    return smtplib.SMTP(channel.host, channel.port, timeout=timeout)


def _trust(channel: Channel) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if channel.ca_file is None else str(channel.ca_file))
    except OSError as error:
        raise BadInput(f"报送渠道“{channel.name}”的根证书 {channel.ca_file} 不存在或不是 PEM 证书。") from error


def _words(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())[:200]


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "等待超时"
    if isinstance(error, ConnectionRefusedError):
        return "连接被拒绝"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "服务器证书不受信任（内部证书请设 ca_file）"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "连接中断"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_words(error.smtp_error)}"
    return _words(str(error)) or type(error).__name__

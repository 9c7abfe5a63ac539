"""报送 through the command line: real SMTP and HTTP servers on loopback, a real kill, simulated days."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiosmtpd.controller import Controller

from digest.builder import build
from digest.measures import MeasureTable
from digest.templates import Templates
from domain.errors import BadInput
from tests.digest.material import Leads, example_leads
from tests.zhengxun.conftest import Zhengxun
from zhengxun.delivery import words
from zhengxun.delivery.channels import Route, parse_channels
from zhengxun.delivery.workdays import is_workday

MORNING = datetime.fromisoformat("2026-11-24T08:05:00+08:00")


def _on(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setenv("ZHENGXUN_NOW", moment.isoformat())


def _set(tmp_path: Path, toml: str) -> None:
    (tmp_path / "data" / "zhengxun.toml").write_text(toml, "utf-8")


@dataclass
class Robot:
    """A chat service: answers as told, one after another; ``None`` closes without an answer, ``"hang"`` never answers."""

    port: int
    answers: list[Any] = field(default_factory=list)
    seen: queue.Queue[tuple[str, dict[str, Any]]] = field(default_factory=queue.Queue)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def count(self) -> int:
        return self.seen.qsize()


@pytest.fixture
def robot() -> Iterator[Robot]:
    """The service, running."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.seen.put((self.path, body))
            answer = told.answers.pop(0) if told.answers else {"errcode": 0, "errmsg": "ok"}
            if answer == "hang":
                told.ended.wait()
            if not isinstance(answer, dict | int):
                self.close_connection = True
                return
            status, content = (answer, b"{}") if isinstance(answer, int) else (200, json.dumps(answer).encode())
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Silence."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told = Robot(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield told
        told.ended.set()
        server.shutdown()
        thread.join()


class Mailbox:
    """aiosmtpd's handler."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.refuse: set[str] = set()
        self.answer = "250 2.0.0 kept"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuse:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            self.messages.append(envelope.content)
        return self.answer


@dataclass
class Mail:
    """A mail server that can be away."""

    port: int
    box: Mailbox
    running: Controller | None = None

    def start(self) -> None:
        self.running = Controller(self.box, hostname="127.0.0.1", port=self.port)
        self.running.start()

    def stop(self) -> None:
        if self.running is not None:
            self.running.stop()
        self.running = None


@pytest.fixture
def mail() -> Iterator[Mail]:
    """The server, not started."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = Mail(port, Mailbox())
    yield server
    server.stop()


def _smtp(port: int, more: str = "") -> str:
    return f"""[[channels]]
name = "市网信办"
kind = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
sender = "zhengxun@example.cn"
to = ["jia@example.cn", "yi@example.cn"]
{more}
"""


def _robot(port: int, kind: str = "wecom", more: str = "") -> str:
    return f"""[[channels]]
name = "值班群"
kind = "{kind}"
base = "http://127.0.0.1:{port}"
token_env = "GROUP_TOKEN"
{more}
"""


def test_mail_carries_the_digest_once(
    ready: Zhengxun, mail: Mail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chinese subject and file names, HTML body, Word and Excel attached; ticks and --send afterwards send nothing."""
    _on(monkeypatch, MORNING)
    _set(tmp_path, _smtp(mail.port))
    mail.start()
    ran = ready("tick", "--json")
    assert (ran.status, [one["channel"] for one in ran.json["delivery"]["sent"]]) == (0, ["市网信办"])
    assert ready("tick").status == 0
    assert "没有再发" in ready("digest", "--send").out
    (raw,) = mail.box.messages
    message = message_from_bytes(raw, policy=policy.default)
    assert message["Subject"].startswith("山寨证书网络宣传处置简报 2026-11-24（")
    assert [part.get_filename() for part in message.iter_attachments()] == [
        "处置简报-2026-11-24.docx",
        "处置简报-2026-11-24.xlsx",
    ]
    assert all(part.get_content()[:2] == b"PK" for part in message.iter_attachments())
    page = message.get_body(("html",))
    assert page is not None
    assert "覆盖" in page.get_content()
    text = message.get_body(("plain",))
    assert text is not None
    assert "新发现 0" in text.get_content()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_smtp_down_for_a_day(ready: Zhengxun, mail: Mail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ticks all day long: alarm from the deadline on; when the server is back both digests come, in order, each once."""
    _set(tmp_path, _smtp(mail.port))
    for minutes in range(0, 24 * 60, 115):
        moment = MORNING + timedelta(minutes=minutes)
        if moment.date() > MORNING.date() and moment.hour >= 8:
            mail.start() if mail.running is None else None
        _on(monkeypatch, moment)
        ran = ready("tick", "--json")
        late = any("仍未送达" in problem for problem in ran.json["delivery"]["problems"])
        assert late == (moment >= MORNING.replace(hour=9, minute=0))
        assert ran.status == (1 if late or ran.json["delivery"]["failed"] else 0)
    for minutes in range(24 * 60, 26 * 60, 60):
        mail.start() if mail.running is None else None
        _on(monkeypatch, MORNING + timedelta(minutes=minutes))
        ran = ready("tick", "--json")
    assert (ran.status, ran.json["delivery"]["problems"]) == (0, [])
    days = [message_from_bytes(raw, policy=policy.default)["Subject"].split()[1][:10] for raw in mail.box.messages]
    assert days == ["2026-11-24", "2026-11-25"]


def test_what_the_mail_server_says(
    ready: Zhengxun, mail: Mail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused recipient is told of and the message is not sent again; a refused message is tried again."""
    _on(monkeypatch, MORNING)
    _set(tmp_path, _smtp(mail.port))
    mail.start()
    mail.box.refuse, mail.box.answer = {"yi@example.cn"}, "451 later"
    ran = ready("digest", "--send")
    assert ran.status == 1
    assert "451 later" in ran.out
    mail.box.answer = "250 kept"
    ran = ready("digest", "--send")
    assert ran.status == 1
    assert "yi@example.cn（550 no such user）" in ran.out
    assert ready("tick").status == 1
    assert len(mail.box.messages) == 1
    assert ready("channels", "settle", 1, "--received", "--by", "张三").status == 0
    assert ready("tick").status == 0
    assert ready("channels", "outbox", "--json").json["parcels"][0]["events"][-1]["detail"] == "经办人 张三"


@pytest.mark.parametrize(
    ("answer", "state", "part"),
    [
        ({"errcode": 93000, "errmsg": "invalid webhook url"}, "waiting", "93000 invalid webhook url"),
        (503, "waiting", "HTTP 503"),
        (404, "waiting", "HTTP 404"),
        (502, "unclear", "HTTP 502"),
        (None, "unclear", "没有答复"),
        ({"hello": 1}, "unclear", "看不懂"),
    ],
)
def test_a_robot_that_does_not_say_yes(
    ready: Zhengxun,
    robot: Robot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: Any,
    state: str,
    part: str,
) -> None:
    """HTTP 200 with another code is a failure and tried again after a while; no clear answer is never tried again."""
    _on(monkeypatch, MORNING)
    _set(tmp_path, _robot(robot.port))
    monkeypatch.setenv("GROUP_TOKEN", "s3cret-key")
    robot.answers = [answer]
    ran = ready("tick", "--json")
    assert ran.status == 1
    told = ran.json["delivery"]["failed" if state == "waiting" else "unclear"]
    assert part in told[0]["detail"]
    assert "s3cret-key" not in ran.out + ran.err
    assert robot.count == 1
    ready("tick")
    assert robot.count == 1
    _on(monkeypatch, MORNING + timedelta(minutes=3))
    ready("tick")
    assert robot.count == (2 if state == "waiting" else 1)
    parcel = ready("channels", "outbox", "--json").json["parcels"][0]
    assert parcel["state"] == ("delivered" if state == "waiting" else "unclear")


def test_killed_between_sending_and_noting(
    ready: Zhengxun, robot: Robot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The robot has the message, the sender is killed before the answer: 待确认, not sent again until a person says so."""
    _on(monkeypatch, MORNING)
    _set(tmp_path, _robot(robot.port))
    monkeypatch.setenv("GROUP_TOKEN", "k")
    robot.answers = ["hang"]
    command = [sys.executable, "-m", "zhengxun", "--data-dir", str(tmp_path / "data"), "tick"]
    with subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        robot.seen.get(timeout=60)
        child.send_signal(signal.SIGKILL)
    assert robot.count == 0
    for hours in range(3):
        _on(monkeypatch, MORNING + timedelta(hours=hours))
        ran = ready("tick")
        assert ran.status == 1
        assert "程序中断，无法确定对方是否收到" in ran.out
    assert ready("digest", "--send").status == 1
    assert robot.count == 0
    assert ready("channels", "settle", 1, "--again").status == 0
    assert ready("tick").status == 0
    assert robot.count == 1
    kinds = [event["kind"] for event in ready("channels", "outbox", "--json").json["parcels"][0]["events"]]
    assert kinds == ["begun", "unclear", "again", "begun", "sent"]


def test_signatures(ready: Zhengxun, robot: Robot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """钉钉 signs in the address with milliseconds, 飞书 in the body with the stamp as key; secrets come from a 600 file."""
    _on(monkeypatch, MORNING)
    monkeypatch.setenv("GROUP_TOKEN", "k")
    secret = tmp_path / "data" / "sign"
    secret.write_text("SECabc\n", "utf-8")
    _set(tmp_path, _robot(robot.port, "dingtalk", 'sign_file = "sign"'))
    secret.chmod(0o644)
    assert "chmod 600" in ready("channels", "test", "值班群").err
    secret.chmod(0o600)
    assert ready("channels", "test", "值班群").status == 0
    path, _ = robot.seen.get_nowait()
    asked = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    stamp = str(int(MORNING.timestamp() * 1000))
    digest = hmac.new(b"SECabc", f"{stamp}\nSECabc".encode(), hashlib.sha256).digest()
    assert asked == {"access_token": "k", "timestamp": stamp, "sign": base64.b64encode(digest).decode()}
    _set(tmp_path, _robot(robot.port, "feishu", 'sign_file = "sign"'))
    robot.answers = [{"code": 0, "msg": "success"}, {"code": 19021, "msg": "sign match fail"}]
    assert ready("channels", "test", "值班群").status == 0
    path, body = robot.seen.get_nowait()
    stamp = str(int(MORNING.timestamp()))
    digest = hmac.new(f"{stamp}\nSECabc".encode(), b"", hashlib.sha256).digest()
    assert (path, body["timestamp"], body["sign"]) == (
        "/open-apis/bot/v2/hook/k",
        stamp,
        base64.b64encode(digest).decode(),
    )
    ran = ready("channels", "test", "值班群")
    assert (ran.status, "19021 sign match fail" in ran.err) == (1, True)


def test_messages_keep_the_limit_and_hide_markup() -> None:
    """Every part is within the bytes; whatever a title holds, no link, mention or markup comes of it; nothing is lost."""
    templates = Templates()
    digest = build(
        Leads(example_leads()), date(2026, 11, 24), MORNING, "2026-1", "p", MeasureTable.load(templates), timedelta(7)
    )
    lines = words.summary(digest)
    for limit in (400, 4096):
        parts = words.split(words.subject(digest), lines, limit, 1000)
        assert all(len(part.encode()) <= limit for part in parts)
        assert sum(part.count("\n") for part in parts) == len(lines)
    few = words.split(words.subject(digest), ["证" * 500] * 30, 400, 3)
    assert len(few) == 3
    assert all(len(part.encode()) <= 400 for part in few)
    assert "另有 27 条未列" in few[-1]
    assert (
        words.plain("[点我](http://a.cn) <at user_id=all> @所有人 **x**\u202e")
        == "点我 http://a.cn at user id=all 所有人 x"
    )


def test_a_route_gives_each_unit_its_own(tmp_path: Path) -> None:
    """An extract holds what matches, says so in its number, and keeps the coverage; unknown regions match no region."""
    templates = Templates()
    digest = build(
        Leads(example_leads()), date(2026, 11, 24), MORNING, "2026-1", "p", MeasureTable.load(templates), timedelta(7)
    )
    cut = Route(levels=("high",)).cut(digest)
    assert cut.items == tuple(item for item in digest.items if item.level == "high")
    assert (cut.number, cut.coverage) == ("2026-1（节选：等级 high）", digest.coverage)
    assert Route(regions=("火星",)).cut(digest).items == ()
    assert Route().cut(digest) is digest


def test_a_folder_gets_whole_files_and_is_written_again_after_a_kill(
    ready: Zhengxun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names say the channel where it is an extract; an unwritable folder is a failure that is tried again."""
    _on(monkeypatch, MORNING)
    _set(
        tmp_path,
        '[[channels]]\nname = "太原"\nkind = "folder"\npath = "out"\nregions = "太原"\nformats = ["html", "json"]\n',
    )
    (tmp_path / "data" / "out").write_text("not a folder")
    assert "无法写入文件夹" in ready("digest", "--send").out
    (tmp_path / "data" / "out").unlink()
    assert ready("digest", "--send").status == 0
    names = sorted(path.name for path in (tmp_path / "data" / "out").iterdir())
    assert names == ["digest-2026-11-24-太原.html", "digest-2026-11-24-太原.json"]
    assert "没有一个渠道接收全部线索" in ready("channels", "list").err


def test_rest_days(ready: Zhengxun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only on working days: what was made over National Day comes on the 8th, each once; the working Saturday counts."""
    assert [is_workday(date(2026, 10, day)) for day in (1, 7, 8, 9, 10, 11)] == [False, False, True, True, True, False]
    _set(tmp_path, 'delivery_workdays_only = true\n[[channels]]\nname = "盘"\nkind = "folder"\npath = "out"\n')
    came: dict[int, int] = {}
    for day in range(30, 42):
        _on(monkeypatch, datetime.fromisoformat("2026-09-01T09:30:00+08:00") + timedelta(days=day - 1))
        ran = ready("tick", "--json")
        assert ran.status == 0, ran.out
        came[day - 30] = len(ran.json["delivery"]["sent"])
    assert came == {0: 1, 1: 0, 2: 0, 3: 0, 4: 0, 5: 0, 6: 0, 7: 0, 8: 8, 9: 1, 10: 1, 11: 0}


def test_rest_days_come_in_one(
    ready: Zhengxun, mail: Mail, robot: Robot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """National Day in one mail and one message on the 8th, naming all seven; what was sent by hand is not in it; nothing comes twice."""
    monkeypatch.setenv("GROUP_TOKEN", "k")
    _set(tmp_path, "delivery_workdays_only = true\n" + _smtp(mail.port) + _robot(robot.port))
    mail.start()
    came: dict[str, int] = {}
    for moment in [f"2026-{day} 09:30" for day in ("09-30", *(f"10-0{n}" for n in range(1, 8)))] + [
        "2026-10-08 07:30",
        "2026-10-08 08:30",
        "2026-10-08 09:30",
        "2026-10-09 09:30",
    ]:
        _on(monkeypatch, datetime.fromisoformat(moment + ":00+08:00"))
        ran = ready("digest", "--send", "--json") if moment.startswith("2026-10-02") else ready("tick", "--json")
        assert ran.status == 0, ran.out
        came[moment[5:]] = len(ran.json["delivery"]["sent"])
    assert {moment: count for moment, count in came.items() if count} == {
        "09-30 09:30": 2,
        "10-02 09:30": 2,
        "10-08 07:30": 2,
        "10-08 08:30": 2 * 2,
        "10-09 09:30": 2,
    }
    _on(monkeypatch, datetime.fromisoformat("2026-10-08T09:40:00+08:00"))
    assert ready("digest", "--date", "2026-10-04", "--send", "--json").json["delivery"]["sent"] == []
    messages = [message_from_bytes(raw, policy=policy.default) for raw in mail.box.messages]
    days = [message["Subject"].split()[1] for message in messages]
    assert [day[:10] for day in days] == [
        "2026-09-30", "2026-10-02", "2026-10-01", "2026-10-03", "2026-10-08", "2026-10-09",
    ]  # fmt: skip
    joined = messages[3]
    assert "2026-10-03 至 2026-10-07（休息日合并，共 5 期：" in joined["Subject"]
    assert joined["Subject"].count("第0") == 5
    assert len(list(joined.iter_attachments())) == 5 * 3
    text = joined.get_body(("plain",))
    assert text is not None
    assert all(f"2026-10-0{day}（" in text.get_content() for day in range(3, 8))
    said = [body["markdown"]["content"] for _, body in list(robot.seen.queue)]
    assert len(said) == 6
    assert "共 5 期" in said[3]


@pytest.mark.parametrize(
    ("table", "part"),
    [
        ({"kind": "folder", "path": "x"}, "缺少 name"),
        ({"name": "甲", "kind": "fax"}, "kind“fax”"),
        ({"name": "甲", "kind": "folder", "path": "x", "regoin": ["太原"]}, "没有“regoin”这一项"),
        ({"name": "甲", "kind": "wecom"}, "缺少 token_env"),
        ({"name": "甲", "kind": "wecom", "token": "abc"}, "密钥不能直接写在设置里"),
        ({"name": "甲", "kind": "wecom", "token_env": "T", "base": "http://10.0.0.1"}, "应以 https:// 开头"),
        ({"name": "甲", "kind": "smtp", "host": "h", "sender": "a@b", "to": ["c"]}, "“c”不是邮箱地址"),
        (
            {
                "name": "甲",
                "kind": "smtp",
                "host": "h",
                "sender": "a@b",
                "to": ["c@d"],
                "security": "none",
                "user": "u",
                "password_env": "P",
            },
            "明文",
        ),
    ],
)
def test_wrong_channels_are_told_at_once(table: dict[str, Any], part: str, tmp_path: Path) -> None:
    """The message names channel and entry."""
    with pytest.raises(BadInput, match=part):
        parse_channels([table], tmp_path)


def test_the_environment_cannot_hold_channels(ready: Zhengxun, monkeypatch: pytest.MonkeyPatch) -> None:
    """One clear sentence instead of a JSON error."""
    monkeypatch.setenv("ZHENGXUN_CHANNELS", "[]")
    ran = ready("channels", "list")
    assert (ran.status, "[[channels]] 表" in ran.err) == (2, True)

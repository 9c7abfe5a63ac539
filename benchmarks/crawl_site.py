"""Web sites for benchmarks/crawl: many hosts on 127.0.0.x, Chinese pages of 15–40 kB, as fast as one process can serve.

Page ``n`` of a host leads to ``10n+1 … 10n+10`` and, as real sites do, every page repeats the same menu and footer.
Pages are put together from paragraphs encoded once, so that serving costs little beside crawling. Run as a program it
serves until its input closes.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import sys
from functools import lru_cache

_SUBJECTS = "焊工 电工 健康管理师 家庭教育指导师 心理咨询师 保育员 养老护理员 茶艺师 消防设施操作员 母婴护理员".split()
_TOPICS = "课程 师资 设备 教材 实训 考核 就业 政策 通知 新闻 校园 学员 活动 规章 安全".split()
#: Most of a site's text is about its daily life, whatever it sells.
_NEUTRAL = [
    "周三下午，全体教师在三楼会议室观看了专题片，会后分组交流了体会。",
    "入冬以来气温下降较快，后勤处对各宿舍楼的供暖管道进行了一次全面检修。",
    "图书馆本月新到图书四百余册，涵盖文学、历史、机械制造和食品加工等门类。",
    "上周六举行的秋季运动会共设二十一个项目，三百多名同学参加了比赛。",
    "食堂从下周起调整开饭时间，早餐为六点五十分至八点，午餐为十一点四十分开始。",
    "为方便家长了解情况，门卫室设置了意见箱，每周五由专人开启并登记。",
    "合作企业一行六人来校参观，重点察看了数控车间和新建的烘焙操作间。",
    "该同学家住平川，父母务农，入学两年来一直担任班级的生活委员。",
    "校园北门道路施工期间，请往来车辆绕行南环路，预计十二月中旬恢复通行。",
    "老照片记录了上世纪八十年代建校初期的情景，那时全校只有四间平房。",
    "座谈会上，毕业生代表讲述了在外地工作的经历，勉励学弟学妹打好基础。",
    "本次采购的木工工具已全部验收入库，各班组可凭领料单到仓库领取。",
    "文艺汇演排练正在进行，合唱、快板和舞蹈等十二个节目已经初步选定。",
    "医务室提醒大家，近期昼夜温差大，注意添衣保暖，教室要定时开窗通风。",
    "连续三天的降雪没有影响教学秩序，师生一早便自发清扫了主干道上的积雪。",
    "从太原站下车的来访者，可乘坐公交到职教路口，下车后向东步行约五百米。",
]
_SENTENCES = [
    "本校开设的{s}班采用理论与实训相结合的方式，{t}安排按国家职业标准执行。",
    "关于{s}{t}的说明：请学员携带身份证原件，按时到校参加考核。",
    "{s}等级认定由备案的评价机构组织实施，成绩合格者由该机构颁发证书。",
    "学校于上周召开{t}工作会议，各教研组汇报了{s}专业的教学进展。",
    "参加{s}培训的学员需完成规定课时，缺课三分之一以上的不得参加考核。",
    "为保障{t}质量，{s}专业新增实训工位二十个，更新了部分仪器。",
    "咨询{s}{t}事宜，请在工作日到办公室办理，周末不接待。",
]
_BAIT = "零基础包过，不用考试直接拿{s}证书，全国通用，官网可查，微信报名优惠。"


def _paragraphs() -> list[bytes]:
    picker = random.Random(7)
    made = []
    for number in range(600):
        text = "".join(
            picker.choice(_SENTENCES if picker.random() < 0.25 else _NEUTRAL).format(
                s=picker.choice(_SUBJECTS), t=picker.choice(_TOPICS)
            )
            for _ in range(picker.randint(2, 5))
        )
        made.append(f'<p class="para p{number % 7}" style="line-height:1.8;margin:0 0 12px">{text}</p>\n'.encode())
    return made


_PARAGRAPHS = _paragraphs()


@lru_cache
def _menu(pages: int) -> bytes:
    return "".join(
        f'<li class="nav-item" id="nav{n}"><a class="nav-link" href="/p/{(4 * n + 1) % pages}.html" target="_self">{topic}</a>'
        '<ul class="sub">'
        + "".join(f'<li><a href="/p/{(4 * n + m) % pages}.html">{topic}之{m}</a></li>' for m in range(1, 5))
        + "</ul></li>\n"
        for n, topic in enumerate(_TOPICS)
    ).encode()


_HEAD_EXTRA = (
    '<meta name="keywords" content="职业技能,学校"><link rel="stylesheet" href="/static/css/style.css">\n'
    "<style>"
    + "".join(
        f".block{n}{{margin:0 auto;padding:{n}px 12px;background:#fff;border:1px solid #eee}}\n" for n in range(40)
    )
    + "</style>\n<script>"
    + "".join(f"var config{n}={{id:{n},name:'slider{n}',speed:{n * 100},auto:true}};\n" for n in range(40))
    + "</script>\n"
).encode()
_FOOTER = (
    '<div class="footer"><div class="links">友情链接：'
    + "".join(f'<a href="http://www.school{n}.example/" target="_blank">兄弟院校{n}</a> ' for n in range(8))
    + "</div><p>地址：某市某区职教路 1 号　电话：0351-6166123　"
    '<a href="/p/6.html">关于我们</a> <a href="/p/7.html">联系方式</a></p></div></body></html>'
).encode()


def _side(picker: random.Random, pages: int) -> bytes:
    """The column of latest entries that most sites have."""
    entries = (picker.randrange(pages) for _ in range(20))
    return "".join(
        f'<li class="side-item"><span class="date">11-{n % 28 + 1:02d}</span><a href="/p/{n}.html" '
        f'title="校园简讯{n}" class="ellipsis">校园简讯{n}</a></li>\n'
        for n in entries
    ).encode()


def page(host: str, number: int, pages: int, kind: str = "portal") -> bytes:
    """Page ``number`` of a host with ``pages`` pages; the same for the same arguments.

    ``portal``: menus and columns with about a hundred links around 1,500 characters of text, as school sites have;
    ``article``: the same frame around 5,000 characters of text; ``text``: 5,000 characters and ten links without any
    frame, as posts on platforms are.
    """
    seed = hashlib.md5(f"{host}/{number}".encode(), usedforsecurity=False).digest()
    picker = random.Random(seed)
    subject = picker.choice(_SUBJECTS)
    framed = kind != "text"
    title = f"{subject}{picker.choice(_TOPICS)}第{number}号"
    links = b"".join(
        f'<li class="row"><img src="/static/img/{child % 9}.jpg" alt="插图"><a href="/p/{child}.html" title="{subject}">'
        f"{subject}相关内容之{child}</a><span>2026-11-{child % 28 + 1:02d}</span></li>\n".encode()
        for child in range(10 * number + 1, 10 * number + 11)
        if child < pages
    )
    body = b"".join(
        picker.choices(_PARAGRAPHS, k=picker.randint(8, 24) if kind == "portal" else picker.randint(30, 60))
    )
    bait = _BAIT.format(s=subject).encode() if number % 20 == 7 else b""
    return b"".join(
        (
            b'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>',
            title.encode(),
            b"</title>",
            _HEAD_EXTRA,
            b'</head><body><div class="nav"><ul>',
            _menu(pages) if framed else b"",
            b'</ul></div><div class="main"><h1>',
            title.encode(),
            b'</h1><div class="content">',
            body,
            b"<p>",
            bait,
            f"编号{host}-{number}</p>".encode(),
            b'</div><ul class="more">',
            links,
            b'</ul></div><div class="side"><h3>',
            "最新动态".encode(),
            b"</h3><ul>",
            _side(picker, pages) if framed else b"",
            b"</ul></div>",
            _FOOTER,
        )
    )


class _Server(asyncio.Protocol):
    def __init__(self, pages: int, kind: str, validators: bool) -> None:
        self._pages = pages
        self._kind = kind
        self._validators = validators
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        assert self._transport is not None
        path = head.split(b" ", 2)[1].decode("latin-1")
        host = self._transport.get_extra_info("sockname")[0]
        number = self._number(path)
        if number is None or number >= self._pages:
            self._transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        tag = f'"{host}-{number}"'.encode()
        if self._validators and b"if-none-match: " + tag in head.lower():
            self._transport.write(b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\n\r\n")
            return
        body = page(host, number, self._pages, self._kind)
        etag = b"ETag: " + tag + b"\r\n" if self._validators else b""
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n%bContent-Length: %d\r\n\r\n"
            % (etag, len(body))
            + body
        )

    @staticmethod
    def _number(path: str) -> int | None:
        if path == "/":
            return 0
        text = path.removeprefix("/p/").removesuffix(".html")
        return int(text) if text.isdigit() else None


async def _serve(hosts: int, port: int, pages: int, kind: str, validators: bool) -> None:
    loop = asyncio.get_running_loop()
    for number in range(1, hosts + 1):
        await loop.create_server(lambda: _Server(pages, kind, validators), f"127.0.1.{number}", port, backlog=256)
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--hosts", type=int, required=True)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--pages", type=int, required=True, help="pages per host")
    options.add_argument("--kind", choices=("portal", "article", "text"), default="portal")
    options.add_argument("--validators", action="store_true", help="answer with ETag and 304")
    chosen = options.parse_args()
    asyncio.run(_serve(chosen.hosts, chosen.port, chosen.pages, chosen.kind, chosen.validators))

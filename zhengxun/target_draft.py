"""A target as people give it (command line, spreadsheet row), checked and completed; not stored yet."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from crawler.addresses import canonical, host_key
from domain.errors import BadTarget
from domain.target import Budget, Rendering, Scope, Target, TargetKind
from zhengxun.discovery.phrases import phrase_address, wanted_of
from zhengxun.schedule import parse_schedule
from zhengxun.target_kinds import guess_kind, is_post, parse_kind

if TYPE_CHECKING:
    from tldextract import TLDExtract

#: A name longer than this does not fit any list or digest line.
MAX_NAME = 100
MAX_NOTE = 1000
#: Characters of a tag, and tags of one target.
MAX_TAG, MAX_TAGS = 20, 10
#: Ceilings for one target's budget: a typing error must not turn into a month of fetching.
MAX_PAGES = 100_000
MAX_DEPTH = 50

#: Raises :class:`domain.errors.RefusedAddress` for an address that must not be fetched.
AddressCheck = Callable[[str], None]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


def draft_target(
    *,
    url: str,
    check: AddressCheck,
    now: datetime,
    name: str | None = None,
    kind: str | None = None,
    schedule: str | None = None,
    max_pages: int | None = None,
    max_depth: int | None = None,
    scope_path: str | None = None,
    render: Rendering = Rendering.AUTO,
    region: str | None = None,
    note: str | None = None,
    tags: str | None = None,
) -> Target:
    """A complete :class:`Target` with ``id`` 0; :class:`BadTarget` or ``RefusedAddress`` says what is wrong.

    A path that ends in ``/`` limits the target to that folder unless ``scope_path`` says otherwise.
    """
    given = parse_kind(kind) if kind and kind.strip() else None
    address = phrase_address(url) if given is TargetKind.SEARCH else address_of(url)
    check(address)
    chosen = given or guess_kind(address)
    # A post is watched, not the platform it stands on: every link of it leads to other people's posts.
    alone = is_post(chosen, address)
    if alone and scope_path is None:
        scope_path = urlsplit(address).path
    budget = Budget()
    return Target(
        id=0,
        name=_line(name, "名称", MAX_NAME) or default_name(address, chosen),
        url=address,
        kind=chosen,
        schedule=parse_schedule(schedule),
        scope=scope_of(address, scope_path),
        budget=Budget(
            max_pages=_within(max_pages, budget.max_pages, "最大页数", 1, MAX_PAGES),
            max_depth=_within(max_depth, 0 if alone else budget.max_depth, "最大深度", 0, MAX_DEPTH),
            max_seconds=budget.max_seconds,
            max_bytes=budget.max_bytes,
        ),
        render=render,
        region=_line(region, "地区", MAX_NAME),
        note=_line(note, "备注", MAX_NOTE),
        tags=tags_of(tags),
        created_at=now,
    )


def tags_of(text: str | None) -> tuple[str, ...]:
    """Tags written one after another, with commas, semicolons, 、 or spaces between; sorted, each once."""
    tags = sorted(set(filter(None, re.split(r"[,，;；、\s]+", _CONTROL.sub(" ", text or "")))))
    if len(tags) > MAX_TAGS:
        raise BadTarget(f"标签有 {len(tags)} 个，至多 {MAX_TAGS} 个。")
    for tag in tags:
        if len(tag) > MAX_TAG:
            raise BadTarget(f"标签“{_shown(tag)}”过长，至多 {MAX_TAG} 个字。")
    return tuple(tags)


def address_of(text: str) -> str:
    """Canonical http(s) address; a bare ``www.example.com`` is completed, anything else raises :class:`BadTarget`."""
    written = text.strip()
    if not written:
        raise BadTarget("网址为空。")
    if "://" not in written and not re.match(r"[a-z][a-z0-9+.\-]*:(?!\d)", written, re.IGNORECASE):
        host = re.split(r"[/?#:]", written, maxsplit=1)[0]
        if not _domains()(host).suffix or not _domains()(host).domain:
            raise BadTarget(f"网址“{_shown(written)}”不是有效网址；应以 http:// 或 https:// 开头。")
        written = "http://" + written
    if re.search(r"[\s<>\"]", written):
        raise BadTarget(f"网址“{_shown(written)}”含有空格或引号；一处只能写一个网址。")
    address = canonical(written)
    if address is None:
        raise BadTarget(f"网址“{_shown(text)}”不是有效的 http 或 https 网址。")
    host = urlsplit(address).hostname or ""
    if "." not in host and ":" not in host:
        raise BadTarget(f"网址“{_shown(text)}”的主机名“{host}”不完整。")
    return address


def scope_of(address: str, scope_path: str | None = None) -> Scope:
    """Host (with and without ``www.``/``m.``) and folder of an address."""
    path = urlsplit(address).path or "/"
    if scope_path is not None:
        if not scope_path.startswith("/"):
            raise BadTarget(f"路径范围“{scope_path}”应以 / 开头。")
        prefix = urlsplit(canonical(f"http://host.example{scope_path}") or "").path or "/"
    else:
        prefix = path if path.endswith("/") else "/"
    return Scope(hosts=_twins(host_key(address)), path_prefix=prefix)


def default_name(address: str, kind: TargetKind) -> str:
    """Host, and path where there is one; of a search target its phrase."""
    if kind is TargetKind.SEARCH and (wanted := wanted_of(address)) is not None:
        return _line(wanted.phrase, "搜索词", MAX_NAME) or wanted.phrase
    path = unquote(urlsplit(address).path).strip("/")
    return (host_key(address) + (f"/{path}" if path else ""))[:MAX_NAME]


@cache
def _domains() -> TLDExtract:
    from tldextract import TLDExtract

    # Only the list bundled with the package: never a request for it, never a cache file outside our folders.
    return TLDExtract(suffix_list_urls=(), cache_dir=None)


def registered_domain(host: str) -> str:
    """The domain that somebody registered, of a host with or without port; "" where there is none (an address)."""
    name = host if host.startswith("[") else host.partition(":")[0]
    parts = _domains()(name)
    return f"{parts.domain}.{parts.suffix}" if parts.domain and parts.suffix else ""


def _twins(host: str) -> tuple[str, ...]:
    """``host`` and its usual second names: sites redirect freely between bare domain, www and m."""
    name, colon, port = host.partition(":") if not host.startswith("[") else (host, "", "")
    if host.startswith("[") or not re.search(r"[a-z]", name):
        return (host,)
    parts = _domains()(name)
    registered = registered_domain(name)
    if not registered or parts.subdomain not in {"", "www", "m"}:
        return (host,)
    others = [f"{prefix}{registered}{colon}{port}" for prefix in ("", "www.", "m.")]
    return (host, *(other for other in others if other != host))


def _shown(text: str) -> str:
    clean = _CONTROL.sub("", text.strip())
    return clean if len(clean) <= 200 else clean[:200] + "…"


def _line(text: str | None, label: str, limit: int) -> str | None:
    """One line without control characters; None where nothing is left."""
    if text is None:
        return None
    clean = re.sub(r"\s+", " ", _CONTROL.sub(" ", text)).strip()
    if len(clean) > limit:
        raise BadTarget(f"{label}过长（{len(clean)} 个字），至多 {limit} 个字。")
    return clean or None


def _within(value: int | None, default: int, label: str, low: int, high: int) -> int:
    if value is None:
        return default
    if not low <= value <= high:
        raise BadTarget(f"{label}“{value}”应在 {low} 到 {high} 之间。")
    return value

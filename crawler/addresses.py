"""Addresses as one spelling each: what is fetched, what is compared, what is counted.

Parsing is the WHATWG URL Standard's (can_ada), because a page's author tests his links in a browser: backslashes,
tabs inside an address, full-width letters and ``0x7f.1`` mean here what they mean there.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote_from_bytes, unquote

import can_ada

#: Longest address that is taken for one. Servers commonly answer 414 beyond 8 KiB; longer ones are data in disguise.
MAX_LENGTH = 8192

#: Names that carry a visitor's session and never the page's identity.
_SESSION_NAMES = frozenset(
    [
        "phpsessid",
        "jsessionid",
        "sessionid",
        "session_id",
        "sessid",
        "asp.net_sessionid",
        "cfid",
        "cftoken",
        "zenid",
        "oscsid",
        "phpsession",
        "jsession",
        "viewstate",
        "__viewstate",
    ]
)
#: Names that carry a session on some sites and a subject, school or shop on others: judged by their value.
_PERHAPS_SESSION = frozenset(("sid", "s", "session", "sess"))

#: Names that only tell how a visitor came here (advertising, sharing, statistics).
_TRACKING_NAMES = frozenset(
    [
        "spm",
        "scm",
        "gclid",
        "gclsrc",
        "dclid",
        "wbraid",
        "gbraid",
        "fbclid",
        "msclkid",
        "yclid",
        "twclid",
        "igshid",
        "mc_cid",
        "mc_eid",
        "bd_vid",
        "bdvid",
        "qhclickid",
        "hmsr",
        "hmpl",
        "hmcu",
        "hmkw",
        "hmci",
        "hmmd",
        "_ga",
        "_gl",
        "isappinstalled",
        "nsukey",
        "sharer_shareid",
        "sharer_shareinfo",
        "sharer_shareinfo_first",
        "sharer_sharetime",
        "share_token",
        "share_source",
        "share_medium",
        "share_plat",
        "share_tag",
        "share_session_id",
        "share_from",
        "xhsshare",
        "vd_source",
        "from_source",
        "from_spmid",
        "spm_id_from",
        "is_story_h5",
        "mpshare",
        "wxshare_count",
        "wxfrom",
        "wx_header",
        "pass_ticket",
        "exportkey",
        "clicktime",
        "enterid",
        "ascene",
        "srcid",
        "subscene",
        "sessionid_wx",
        "appinstall",
        "weixin_share",
    ]
)
_TRACKING_PREFIXES = ("utm_", "aspsessionid", "mtm_", "pk_campaign", "pk_kwd")

#: Names that track only with these values; with others they may say what the page shows.
_TRACKING_VALUES = {
    "from": frozenset(
        [
            "timeline",
            "singlemessage",
            "groupmessage",
            "message",
            "appmsg",
            "weixin",
            "wechat",
            "qq",
            "qzone",
            "weibo",
            "share",
        ]
    ),
    "source": frozenset(
        ["timeline", "singlemessage", "groupmessage", "weixin", "wechat", "qq", "qzone", "weibo", "share"]
    ),
}
#: Cache busters: dropped when the value is a clock reading or a random fraction.
_BUSTER_NAMES = frozenset(["_", "t", "ts", "timestamp", "rand", "random", "rnd", "r", "_t", "time", "nocache"])
_BUSTER_VALUE = re.compile(r"0\.\d{6,}|1\d{12}")

_WEIXIN_HOST = "mp.weixin.qq.com"
#: An article's identity at mp.weixin.qq.com; where it is given, everything else (chksm, key, scene …) only varies with
#: the reader. Addresses without it (Sogou's signed ones, albums, profiles) lose only the names below.
_WEIXIN_ARTICLE = frozenset(["__biz", "mid", "idx", "sn", "appmsgid", "itemidx"])
_WEIXIN_NOISE = frozenset(
    [
        "chksm",
        "scene",
        "key",
        "uin",
        "devicetype",
        "version",
        "nettype",
        "abtest_cookie",
        "lang",
        "fontscale",
        "session_us",
        "sessionid",
        "rd2werd",
        "click_id",
        "finder_biz_enter_id",
        "poc_token",
    ]
)

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.\-]*):")
_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sessionid|sid|session)(?:=|%3D)[^/;]*", re.IGNORECASE)
_ASPNET_SESSION = re.compile(r"/\([SAF]\([a-z0-9]{16,}\)\)(?=/|$)", re.IGNORECASE)
_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")
_UNRESERVED = frozenset(map(ord, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"))
_C0_AND_SPACE = "".join(map(chr, range(0x21)))
_DROP_INSIDE = str.maketrans("", "", "\t\n\r")


def canonical(url: str, base: str | None = None, *, encoding: str = "utf-8") -> str | None:
    """The one spelling of ``url`` (relative to ``base``, if given), or None if it is no http(s) address.

    Host in lower case and punycode, default port, fragment and credentials dropped, dot segments resolved, escapes in
    upper case and unreserved characters unescaped (RFC 3986, 6.2.2), session and tracking parameters removed, the
    remaining parameters sorted by name. The sort is stable: parameters of one name keep their order, because
    ``a=1&a=2`` and ``a=2&a=1`` may differ; and a query with a part that is no ``name=value`` is left in its order.
    ``encoding`` is the page's: as in browsers it spells non-ASCII letters of a query (a GBK site expects ``%BF%BC``), not
    those of a path. ``canonical(canonical(u)) == canonical(u)`` holds for every ``u``.
    """
    cleaned = _without_spaces(url)
    if len(cleaned) > MAX_LENGTH:
        return None
    if encoding != "utf-8" and not cleaned.isascii() and "?" in cleaned:
        cleaned = _spell_query(cleaned, encoding)
    absolute = _absolute(cleaned, base)
    return None if absolute is None else _canonical_absolute(absolute)


def resolve(url: str, base: str) -> str | None:
    """``url`` as an absolute http(s) address with nothing removed but the fragment; for pictures, whose parameters may be signed."""
    absolute = _absolute(_without_spaces(url), base) if len(url) <= MAX_LENGTH else None
    parsed = _parse(absolute) if absolute is not None else None
    return parsed.href.partition("#")[0] if parsed is not None else None


def host_key(url: str) -> str:
    """``host`` or ``host:port`` (when the port is not the scheme's own) of an absolute address; "" if it has none."""
    parsed = _parse(url)
    return "" if parsed is None else parsed.host


_DATE_PART = re.compile(
    r"(?<!\d)(?:19|20)\d{2}(?:[-/_.年]?(?:1[0-2]|0?[1-9])(?:[-/_.月]?(?:3[01]|[12]\d|0?[1-9])日?)?)?(?!\d)"
)
_LONG_HEX = re.compile(r"(?<![0-9a-zA-Z])(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}(?![0-9a-zA-Z])")
_DIGITS = re.compile(r"\d+")
_PLAIN_WORD = re.compile(r"[A-Za-z_]{1,16}")


def address_pattern(url: str) -> str:
    """``url`` with what counts up generalised: dates ``{date}``, numbers ``{n}``, hexadecimal ids ``{x}``, words ``{w}``.

    Addresses of one calendar, pager or facet share a pattern, so that a crawler can bound how many of them it takes.
    Plain short words in a query keep their value (``mod=viewthread`` is a kind of page), other text becomes ``{w}``.
    """
    parsed = _parse(url)
    if parsed is None:
        return url
    path = _generalise(_lenient_unquote(parsed.pathname))
    query = parsed.search[1:] if parsed.search else ""
    if not query:
        return f"{parsed.host}{path}"
    parts = []
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        if equals:
            value = _lenient_unquote(value)
            shown = value if not value or _PLAIN_WORD.fullmatch(value) else _generalise(value)
            if shown == value and value and not _PLAIN_WORD.fullmatch(value):
                shown = "{w}"
            parts.append(f"{_generalise(name)}={shown}")
        else:
            parts.append(_generalise(part))
    return f"{parsed.host}{path}?{'&'.join(sorted(parts))}"


def address_shape(url: str) -> str:
    """``url`` with the values of its query left out: all combinations of a list's filters have one shape.

    Coarser than :func:`address_pattern`; different kinds of pages may share it where a parameter says which one is meant.
    """
    parsed = _parse(url)
    if parsed is None:
        return url
    names = sorted({part.partition("=")[0] for part in parsed.search[1:].split("&") if part}) if parsed.search else []
    return f"{parsed.host}{_generalise(_lenient_unquote(parsed.pathname))}?{'&'.join(names)}"


def _generalise(text: str) -> str:
    return _DIGITS.sub("{n}", _LONG_HEX.sub("{x}", _DATE_PART.sub("{date}", text)))


def _lenient_unquote(text: str) -> str:
    return unquote(text, errors="replace") if "%" in text else text


def _parse(url: str) -> can_ada.URL | None:
    try:
        parsed = can_ada.parse(url)
    except ValueError:
        return None
    return parsed if parsed.protocol in ("http:", "https:") else None


def _without_spaces(url: str) -> str:
    cleaned = url.strip(_C0_AND_SPACE)
    return cleaned if cleaned.isprintable() else cleaned.translate(_DROP_INSIDE)


def _spell_query(url: str, encoding: str) -> str:
    """Percent-encode the non-ASCII letters of the query in ``encoding``; what it cannot spell stays for UTF-8."""
    before, mark, query = url.partition("?")
    query, hash_mark, fragment = query.partition("#")
    try:
        spelled = "".join(c if c.isascii() else quote_from_bytes(c.encode(encoding)) for c in query)
    except (UnicodeEncodeError, LookupError):
        return url
    return f"{before}{mark}{spelled}{hash_mark}{fragment}"


def _absolute(url: str, base: str | None) -> str | None:
    """Resolve ``url`` as browsers do for special schemes; can_ada itself takes absolute addresses only."""
    scheme = _SCHEME.match(url)
    if scheme:
        name = scheme[1].lower()
        if name not in ("http", "https"):
            return None
        rest = url[scheme.end() :]
        if rest[:1] in ("/", "\\") or base is None or not base.lower().startswith(name + ":"):
            return url
        url = rest  # "http:page.html" is relative to a base of the same scheme
    parts = _base_parts(base) if base is not None else None
    if parts is None:
        return None
    protocol, host, base_path, base_query = parts
    cut = min((i for i in (url.find("?"), url.find("#")) if i >= 0), default=len(url))
    path, tail = url[:cut].replace("\\", "/"), url[cut:]
    if path.startswith("//"):
        return f"{protocol}{path}{tail}"
    if path.startswith("/"):
        return f"{protocol}//{host}{path}{tail}"
    if path:
        return f"{protocol}//{host}{base_path.rpartition('/')[0]}/{path}{tail}"
    if tail.startswith("?"):
        return f"{protocol}//{host}{base_path}{tail}"
    return f"{protocol}//{host}{base_path}{base_query}"


@lru_cache(maxsize=256)
def _base_parts(base: str) -> tuple[str, str, str, str] | None:
    parsed = _parse(base)
    return None if parsed is None else (parsed.protocol, parsed.host, parsed.pathname, parsed.search)


@lru_cache(maxsize=16384)
def _canonical_absolute(url: str) -> str | None:
    # Removing a part can join its neighbours into something that is again removable ("%%34%31", ";sid=1" before a
    # dot segment): go on until nothing changes. Every round shortens the address or ends the loop.
    for _ in range(64):
        spelled = _one_round(url)
        if spelled is None or spelled == url:
            return spelled
        url = spelled
    return None


def _one_round(url: str) -> str | None:
    parsed = _parse(url)
    if parsed is None or len(url) > 3 * MAX_LENGTH:
        return None
    host = parsed.host
    name, colon, port = host.rpartition(":") if host[-1:].isdigit() and ":" in host else (host, "", "")
    name = name.rstrip(".") if name != "." else name
    if not name:
        return None
    path = parsed.pathname or "/"
    if ";" in path:
        path = _PATH_SESSION.sub("", path)
    if "(" in path:
        path = _ASPNET_SESSION.sub("", path)
    if "%" in path:
        path = _ESCAPE.sub(_normal_escape, path)
    search = parsed.search
    query = (
        _clean_query(_ESCAPE.sub(_normal_escape, search[1:]) if "%" in search else search[1:], name) if search else ""
    )
    return f"{parsed.protocol}//{name}{colon}{port}{path or '/'}{'?' + query if query else ''}"


def _normal_escape(match: re.Match[str]) -> str:
    escape = match[0]
    code = int(escape[1:], 16)
    return chr(code) if code in _UNRESERVED else escape.upper()


def _clean_query(query: str, host: str) -> str:
    kept = []
    sortable = True
    weixin_article = host == _WEIXIN_HOST and "__biz=" in query and ("mid=" in query or "appmsgid=" in query)
    for part in query.split("&"):
        if not part:
            continue
        name, equals, value = part.partition("=")
        if weixin_article:
            identifies = name in _WEIXIN_ARTICLE
        else:
            identifies = not (_only_tracks(name, value) or (host == _WEIXIN_HOST and name.lower() in _WEIXIN_NOISE))
        if identifies:
            kept.append((name, part))
            sortable = sortable and bool(equals)
    if sortable:
        kept.sort(key=lambda item: item[0])
    return "&".join(part for _, part in kept)


def _only_tracks(name: str, value: str) -> bool:
    lowered = name.lower()
    if lowered in _SESSION_NAMES or lowered in _TRACKING_NAMES or lowered.startswith(_TRACKING_PREFIXES):
        return True
    if lowered in _PERHAPS_SESSION:
        return _looks_random(value)
    values = _TRACKING_VALUES.get(lowered)
    if values is not None:
        return value.lower() in values
    if lowered == "scene":  # WeChat's "where it was opened": a small number
        return value.isdigit() and len(value) <= 4
    return lowered in _BUSTER_NAMES and _BUSTER_VALUE.fullmatch(value) is not None


def _looks_random(value: str) -> bool:
    """A session token: long, or letters and digits mixed. Short numbers and words identify content."""
    if not value.isascii() or not value.replace("-", "").isalnum():
        return False
    mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    return (mixed and len(value) >= 6) or len(value) >= 20

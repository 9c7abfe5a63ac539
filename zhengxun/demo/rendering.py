"""A sample page as the bytes that its server sends: layout, chrome, encoding."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from email.utils import format_datetime
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from zhengxun.demo.content import SamplePage, SampleSite
from zhengxun.demo.markup import summary, to_html


def _layout_source(name: str) -> str | None:
    source = files(__package__).joinpath("layouts", name)
    return source.read_text(encoding="utf-8") if source.is_file() else None


def _rfc822(day: object) -> str:
    """A date such as ``2026-03-02`` in the form of RFC 822, at 08:00 in China."""
    moment = datetime.combine(date.fromisoformat(str(day)), time(8), timezone(timedelta(hours=8)))
    return format_datetime(moment)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_layout_source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["body"] = lambda text: Markup(to_html(text))
    environment.filters["summary"] = summary
    environment.filters["rfc822"] = _rfc822
    return environment


def _neighbours(site: SampleSite, page: SamplePage) -> dict[str, SamplePage | None]:
    """Previous and next page of the same folder, for sites that show them."""
    if not site.options.get("neighbours") or not page.options.get("date"):
        return {"previous": None, "next": None}
    folder = page.path.rpartition("/")[0] + "/"
    same = [p for p in site.pages if p.path.startswith(folder) and p.options.get("date")]
    at = same.index(page)
    return {"previous": same[at - 1] if at else None, "next": same[at + 1] if at + 1 < len(same) else None}


def render_html(site: SampleSite, page: SamplePage, base_url: str) -> str:
    """The page's HTML; ``base_url`` is the site's address without a slash at the end."""
    shown: dict[str, Any] = {
        "site": site,
        "o": site.options,
        "page": page,
        "p": page.options,
        "base_url": base_url,
        "meta_charset": page.options.get("meta_charset", site.options.get("meta_charset", "utf-8")),
        "floating": page.options.get("floating", site.options.get("floating", "")),
        "footer": page.options.get("footer", ""),
        "sidebar": page.options.get("sidebar", site.options.get("sidebar", "")),
        **_neighbours(site, page),
    }
    layout = page.options.get("layout", site.layout)
    return _environment().get_template(f"{layout}.html").render(shown)


def render_page(site: SampleSite, page: SamplePage, base_url: str) -> tuple[str, bytes]:
    """(Content-Type, body) of a page."""
    encoding = str(site.options.get("encoding", "utf-8"))
    charset = page.options.get("charset", site.options.get("charset", "utf-8"))
    content_type = "text/html" + (f"; charset={charset}" if charset != "none" else "")
    return content_type, render_html(site, page, base_url).encode(encoding, "xmlcharrefreplace")


def render_feed(site: SampleSite, form: str, base_url: str) -> tuple[str, bytes]:
    """(Content-Type, body) of the site's feed; ``form`` is ``rss`` (RSS 2.0) or ``atom`` (RFC 4287)."""
    entries = sorted(
        (page for page in site.pages if page.options.get("date") and not page.options.get("hidden_nav")),
        key=lambda page: str(page.options["date"]),
        reverse=True,
    )
    template = _environment().get_template(f"{form}.xml")
    text = template.render(site=site, o=site.options, entries=entries, base_url=base_url)
    return f"application/{form}+xml; charset=utf-8", text.encode("utf-8")

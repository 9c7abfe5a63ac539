"""How a request ends: what happened, in the closed words of :class:`domain.crawl.Outcome` and one Chinese sentence."""

from __future__ import annotations

from dataclasses import dataclass

from domain.crawl import Outcome
from domain.document import PageVerdict


@dataclass(frozen=True, slots=True)
class Ending:
    """Outcome with its machine word and its sentence; ``retry`` where another try may end better."""

    outcome: Outcome
    reason: str | None = None
    detail: str | None = None
    status: int | None = None
    final_url: str | None = None
    bytes_received: int = 0
    retry: bool = False
    retry_after: float = 0.0
    """Seconds the server asked for."""


class FetchProblem(Exception):
    """A request that brought no answer to read; carries how it ends."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(f"{ending.outcome.value}/{ending.reason}")
        self.ending = ending


_BLOCKED = {
    401: "网站要求登录（HTTP 401）",
    403: "网站拒绝访问（HTTP 403）",
    407: "网站要求代理认证（HTTP 407）",
    429: "网站限制访问频率（HTTP 429）",
    451: "页面因法律原因不可访问（HTTP 451）",
}
_NAMED = {
    404: "页面不存在（HTTP 404）",
    410: "页面已删除（HTTP 410）",
    400: "网站不接受该请求（HTTP 400）",
    500: "网站内部错误（HTTP 500）",
    502: "网站网关错误（HTTP 502）",
    503: "网站暂不可用（HTTP 503）",
    504: "网站网关超时（HTTP 504）",
}
#: Answers that may be better a moment later.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})


def of_status(status: int, retry_after: float = 0.0) -> Ending | None:
    """How an answer with this status ends; None where its body is to be read (2xx)."""
    if 200 <= status < 300:
        return None
    retry = status in _PASSING
    if status in _BLOCKED:
        return Ending(Outcome.BLOCKED, f"http_{status}", _BLOCKED[status] + "。", status, None, 0, retry, retry_after)
    detail = _NAMED.get(status, f"网站返回 HTTP {status}") + "。"
    return Ending(Outcome.FAILED, f"http_{status}", detail, status, None, 0, retry, retry_after)


#: Verdicts of an answer that was read. A notice that the page was taken down is nothing to read, and says so.
_VERDICTS: dict[PageVerdict, tuple[Outcome, str]] = {
    PageVerdict.DELETED: (Outcome.EMPTY, "内容已被发布者删除"),
    PageVerdict.VIOLATION: (Outcome.EMPTY, "内容因违规被平台处置"),
    PageVerdict.UNAVAILABLE: (Outcome.EMPTY, "内容暂不可见"),
    PageVerdict.EXPIRED: (Outcome.EMPTY, "链接已过期"),
    PageVerdict.CAPTCHA: (Outcome.BLOCKED, "网站要求输入验证码"),
    PageVerdict.LOGIN_WALL: (Outcome.BLOCKED, "网站要求登录后查看"),
    PageVerdict.SOFT_404: (Outcome.EMPTY, "页面不存在（以正常状态返回的提示页）"),
    PageVerdict.PARKED: (Outcome.EMPTY, "域名停放页，没有实际内容"),
    PageVerdict.EMPTY: (Outcome.EMPTY, "页面没有可读内容"),
    PageVerdict.TRUNCATED: (Outcome.FAILED, "页面不完整"),
    PageVerdict.FAILED: (Outcome.FAILED, "页面内容未能识别"),
}


#: What the extractors' reasons mean to a reader; after a colon they name a thing, which is shown as it is.
_EXPLANATIONS = {
    "account_migrated": "账号已迁移",
    "blocked_by_firewall": "被网站防火墙拦截",
    "default_page": "服务器默认页",
    "domain_for_sale": "域名出售页",
    "extractor_error": "分析程序出错",
    "feed_without_entries": "订阅源里没有条目",
    "field_not_found": "找不到字段",
    "frames_only": "只有框架",
    "missing_field": "找不到字段",
    "needs_rendering": "内容靠脚本显示，需用浏览器渲染",
    "no_bytes": "答复为空",
    "no_text": "没有文字",
    "not_json": "不是有效的 JSON",
    "not_text": "不是文字格式",
    "redirect": "只有转向",
    "site_closed": "网站关闭或维护中",
    "state_cut_off": "页面数据不完整",
    "state_unreadable": "页面数据无法解读",
    "visitor_system": "需先通过访客验证",
    "xml_doctype_refused": "含不安全的 XML 声明，未解析",
}


def of_verdict(verdict: PageVerdict, explanation: str | None) -> Ending | None:
    """How an answer with this verdict ends; None for ``ok``. ``explanation``: the extractor's reason, if it gave one."""
    if verdict is PageVerdict.OK:
        return None
    outcome, words = _VERDICTS[verdict]
    reason = "extraction" if verdict is PageVerdict.FAILED else verdict.value
    name, _, thing = (explanation or "").partition(":")
    known = _EXPLANATIONS.get(name)
    if known is None:
        return Ending(outcome, reason, words + "。")
    return Ending(outcome, reason, f"{words}（{known}{'：' + thing if thing else ''}）。")


def too_large(reason: str, limit: int) -> Ending:
    """More bytes than allowed: ``received`` or ``decoded`` over ``limit`` bytes."""
    what = "解压后" if reason == "decoded" else ""
    return Ending(Outcome.TOO_LARGE, reason, f"页面{what}超过 {limit // 1024 // 1024} MB 的大小上限，未采用。")


TIMED_OUT = Ending(Outcome.TIMEOUT, "no_answer", "网站在规定时间内没有完整答复。")
NOT_HANDED_IN = Ending(Outcome.FAILED, "not_handed_in", "这份人工接收的内容没有接收完就中断了；请重新接收同一文件。")
HOST_DOWN = Ending(Outcome.TIMEOUT, "host_down", "网站已连续多个页面没有答复，未再逐页等待。")
ROBOTS = Ending(Outcome.ROBOTS, "disallowed", "网站的 robots.txt 不允许采集该地址。")
ROBOTS_UNREACHABLE = Ending(
    Outcome.ROBOTS, "robots_unreachable", "网站的 robots.txt 因服务器错误无法读取，按规则不采集该网站。"
)
NOT_MODIFIED = Ending(Outcome.UNCHANGED, "not_modified", "网站答复页面自上次采集后未修改。", 304)
SAME_BYTES = Ending(Outcome.UNCHANGED, "same_bytes", "页面与已保存的版本逐字节相同。")
SAME_TEXT = Ending(Outcome.UNCHANGED, "same_text", "页面文字与已保存的版本相同。")
SAME_PICTURE = Ending(Outcome.UNCHANGED, "same_bytes", "图片与已保存的逐字节相同。")
SITE_UP = Ending(Outcome.UNCHANGED, "site_up", "网站首页可以访问。")
TRUNCATED = Ending(Outcome.FAILED, "truncated", "网站的答复中途断开，页面不完整。", retry=True)
CRASHED = Ending(Outcome.FAILED, "analysis_crashed", "页面使分析程序异常退出，未能识别。")
TOO_SLOW = Ending(Outcome.FAILED, "analysis_timeout", "页面未能在规定时间内分析完。")
ANALYSIS_ERROR = Ending(Outcome.FAILED, "analysis_error", "页面分析出错，未能识别。")
BAD_CODING = Ending(Outcome.FAILED, "bad_coding", "页面的压缩编码无法解开。")
RENDER_TIMEOUT = Ending(Outcome.TIMEOUT, "render_timeout", "网页的脚本没有在规定时间内运行完，已中止渲染。")
RENDER_CRASHED = Ending(Outcome.FAILED, "render_crashed", "网页使浏览器异常退出，未能渲染。")
INTERNAL = Ending(Outcome.FAILED, "internal", "采集程序内部出错，该地址未能采集。")
NOT_PICTURE = Ending(Outcome.EMPTY, "not_picture", "地址给出的不是可以识别的图片。")
TOO_DEEP = Ending(Outcome.DEFERRED, "depth", "超出监测对象的链接层数上限，本次未采。")


def trap(pattern: str) -> Ending:
    """One more page of a kind that brought nothing new for long, when nothing else was left to ask for."""
    words = f"形如 {pattern} 的网址连续多页没有新内容（日历、筛选组合、会话编号一类），其余本次未采。"
    return Ending(Outcome.DEFERRED, "trap", words)


def refused(explanation: str) -> Ending:
    """The address guard's refusal; ``explanation`` is its Chinese reason."""
    return Ending(Outcome.FAILED, "refused_address", f"地址不允许采集：{explanation}。")


def robots_away(path: str) -> Ending:
    """A redirect into a path that robots.txt forbids."""
    return Ending(Outcome.ROBOTS, "disallowed", f"页面转到 robots.txt 不允许采集的地址 {path}。", final_url=path)


def redirected(url: str) -> Ending:
    """The address leads to another page of the target, which has its own request."""
    return Ending(Outcome.UNCHANGED, "redirected", f"地址转到 {url}，按该地址采集。", final_url=url)


def moved(url: str) -> Ending:
    """A page that was kept under its own address and now leads to another one."""
    return Ending(Outcome.FAILED, "moved", f"原页面已不在，地址转到 {url}。", final_url=url)


def out_of_scope(url: str) -> Ending:
    """A redirect that leaves the target."""
    return Ending(
        Outcome.FAILED, "redirected_out_of_scope", f"地址转到监测对象范围之外的 {url}，未跟随。", final_url=url
    )


def redirect_loop(url: str, hops: int) -> Ending:
    """Redirects without end."""
    return Ending(Outcome.FAILED, "redirect_loop", f"地址循环转向或转向超过 {hops} 次。", final_url=url)

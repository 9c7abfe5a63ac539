"""The closed words of 线索: what can happen to a lead, and where it can stand; each with its Chinese name."""

from __future__ import annotations

from enum import StrEnum


class EventKind(StrEnum):
    """What can happen to a lead."""

    FOUND = "found"
    """The machine flagged the page: the first event of every lead."""
    EDITED = "edited"
    """A new version with other visible text, still flagged."""
    SEEN = "seen"
    """The page stands and still violates, after a look that had left it in doubt."""
    MISSING = "missing"
    """First look that found the page gone."""
    REMOVED = "removed"
    """A second look, far enough apart, found it gone again."""
    CORRECTED = "corrected"
    """The page stands, the claims are gone."""
    UNVERIFIABLE = "unverifiable"
    """We were kept out or the site was down: nothing can be said."""
    REAPPEARED = "reappeared"
    """Violating again after it had been removed or corrected."""
    JOINED = "joined"
    """Its page has the operator, or the words, of an earlier lead that people had confirmed; detail ``lead``."""
    MOVED = "moved"
    """Gone or clean here, and its words stand at a new address; detail ``lead``: the lead of that page."""
    SETTLED = "settled"
    """The lead of the new address is gone, clean or dismissed, or turned out to be a stranger's."""
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    CHECK_REQUESTED = "check_requested"
    REFERRED = "referred"
    NOTED = "noted"
    SITE_DOWN = "site_down"
    """The whole site could not be reached, or says that it is closed: the first such look."""
    ACCEPTED = "accepted"
    """The authority took the case (采纳)."""
    RETURNED = "returned"
    """The authority sent it back (退回)."""
    HANDLED = "handled"
    """The authority says that it acted (已处置); whether the page is gone is what visits see."""
    ASSIGNED = "assigned"
    """Somebody is to work on it; detail ``owner`` (empty: nobody any more)."""
    UNDONE = "undone"
    """Takes back the last decision, by its own author."""

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return _EVENT_LABELS[self]


_EVENT_LABELS = {
    EventKind.FOUND: "发现",
    EventKind.EDITED: "内容有修改",
    EventKind.SEEN: "仍在线",
    EventKind.MISSING: "疑似下线，待复核",
    EventKind.REMOVED: "已下线",
    EventKind.CORRECTED: "已改正",
    EventKind.UNVERIFIABLE: "无法判定",
    EventKind.REAPPEARED: "复发",
    EventKind.JOINED: "关联旧线索",
    EventKind.MOVED: "复发（新地址）",
    EventKind.SETTLED: "新地址线索已了结",
    EventKind.CONFIRMED: "确认",
    EventKind.DISMISSED: "误报",
    EventKind.CHECK_REQUESTED: "待核实",
    EventKind.REFERRED: "已移送",
    EventKind.NOTED: "备注",
    EventKind.SITE_DOWN: "整站无法访问，待复核",
    EventKind.ACCEPTED: "承办单位采纳",
    EventKind.RETURNED: "承办单位退回",
    EventKind.HANDLED: "承办单位已处置",
    EventKind.ASSIGNED: "指派",
    EventKind.UNDONE: "撤销",
}


class Review(StrEnum):
    """What people decided."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    CHECKING = "checking"
    REFERRED = "referred"
    RETURNED = "returned"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {
            "returned": "已退回",
            "pending": "待研判",
            "confirmed": "已确认",
            "dismissed": "误报",
            "checking": "待核实",
            "referred": "已移送",
        }[self.value]


class Presence(StrEnum):
    """What the web shows of the page."""

    ONLINE = "online"
    SUSPECTED_GONE = "suspected_gone"
    REMOVED = "removed"
    CORRECTED = "corrected"
    UNVERIFIABLE = "unverifiable"
    REAPPEARED = "reappeared"
    MOVED = "moved"
    """Gone or clean at its own address; a copy stands at a new one, which has a lead of its own."""

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {
            "online": "仍在线",
            "suspected_gone": "疑似下线，待复核",
            "removed": "已下线",
            "corrected": "已改正",
            "unverifiable": "无法判定",
            "reappeared": "复发",
            "moved": "复发（新地址）",
        }[self.value]


class Answer(StrEnum):
    """What the authority said of a referral."""

    ACCEPTED = "accepted"
    RETURNED = "returned"
    HANDLED = "handled"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {"accepted": "采纳", "returned": "退回", "handled": "已处置"}[self.value]


#: Details of events, by key, with their Chinese names.
DETAIL_LABELS = {
    "owner": "承办人",
    "lead": "相关线索",
    "authority": "移送部门",
    "letter": "文号",
    "measure": "处置措施",
    "handled_on": "处置日期",
    "handler": "承办单位经办人",
}

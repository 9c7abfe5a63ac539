"""建议措施: which measure of the notice a lead calls for. The rules are data (``digest_templates/measures.yaml``)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from digest.templates import Templates
from domain.assessment import Level, Speaker
from domain.digest import DigestStatus, LeadMaterial
from domain.errors import BadFile
from domain.lead import Presence

FILE = "measures.yaml"
SURFACES = ("site", "account", "post")

_CHOICES: dict[str, frozenset[str] | None] = {
    "status": frozenset(status.value for status in DigestStatus),
    "presence": frozenset(presence.value for presence in Presence),
    "surface": frozenset(SURFACES),
    "speaker": frozenset(speaker.value for speaker in Speaker),
    "level": frozenset(level.value for level in Level),
    "behaviours": None,
    "categories": frozenset("ABCDE"),
}

#: Platforms whose pages belong to a site of the operator's own, not to an account on somebody else's platform.
_OWN_SITE = frozenset({"web", "feed", ""})


@dataclass(frozen=True, slots=True)
class MeasureRule:
    """``measure`` holds when every condition has a value in common with the lead's."""

    measure: str
    conditions: tuple[tuple[str, frozenset[str]], ...]

    def fits(self, facts: dict[str, Collection[str]]) -> bool:
        """Whether all conditions are met by ``facts`` (condition name → values of the lead)."""
        return all(not allowed.isdisjoint(facts[name]) for name, allowed in self.conditions)


@dataclass(frozen=True, slots=True)
class MeasureTable:
    """Rules in order; the last one has no condition, so there is always a measure."""

    rules: tuple[MeasureRule, ...]
    post_addresses: tuple[str, ...] = ()
    """Parts of addresses (lower case) at which users of a site post."""
    post_names: tuple[str, ...] = ()
    """Parts of names of such sites."""

    @classmethod
    def load(cls, templates: Templates) -> MeasureTable:
        """The table of ``templates``; raises :class:`BadFile` naming the rule that cannot be used."""
        data = templates.data(FILE)
        listed = data.get("rules")
        if not isinstance(listed, list) or not listed:
            raise BadFile(f"措施规则表“{FILE}”缺少 rules 列表；请对照随附的同名文件改正。")
        rules = tuple(_rule(number, entry) for number, entry in enumerate(listed, 1))
        if rules[-1].conditions:
            raise BadFile(f"措施规则表“{FILE}”最后一条带有条件；请在末尾补一条只写 measure 的规则。")
        posts = data.get("posts") or {}
        return cls(rules, _words(posts, "addresses"), _words(posts, "names"))

    def surface(self, material: LeadMaterial) -> str:
        """Where the claims stand: ``account`` on a platform, ``post`` by a user of a site, or the ``site`` itself.

        A forum must not be closed because of one user's post: forums are known by address and name, and elsewhere an
        author who is not the site itself, and does not speak for an institution, makes a page a post.
        """
        if material.platform not in _OWN_SITE:
            return "account"
        address = material.page_url.lower()
        if any(part in address for part in self.post_addresses):
            return "post"
        if any(part in material.target_name for part in self.post_names):
            return "post"
        if material.assessment.speaker is Speaker.INSTITUTION or not material.account:
            return "site"
        return "site" if _same_name(material.account, material.target_name) else "post"

    def choose(self, material: LeadMaterial, status: DigestStatus) -> str:
        """Measure of the first rule that fits."""
        assessment = material.assessment
        facts: dict[str, Collection[str]] = {
            "status": (status.value,),
            "presence": (material.state.presence.value,),
            "surface": (self.surface(material),),
            "speaker": (assessment.speaker.value,),
            "level": (assessment.level.value,),
            "behaviours": {finding.behaviour for finding in assessment.findings if finding.behaviour},
            "categories": assessment.categories,
        }
        return next(rule.measure for rule in self.rules if rule.fits(facts))


def _same_name(account: str, target: str) -> bool:
    """Whether an author's name is the site's own (sites sign their pages with their name, or part of it)."""
    account, target = account.strip(), target.strip()
    return len(account) > 1 and len(target) > 1 and (account in target or target in account)


def _words(posts: Any, key: str) -> tuple[str, ...]:
    listed = posts.get(key, []) if isinstance(posts, dict) else None
    if not isinstance(listed, list):
        raise BadFile(f"措施规则表“{FILE}”的 posts 应含 addresses 和 names 两个列表；请改正。")
    return tuple(str(word).lower() if key == "addresses" else str(word) for word in listed)


def _rule(number: int, entry: Any) -> MeasureRule:
    where = f"措施规则表“{FILE}”第 {number} 条规则"
    if not isinstance(entry, dict) or not isinstance(entry.get("measure"), str) or not entry["measure"].strip():
        raise BadFile(f"{where}缺少 measure（建议措施名称）；请补上。")
    unknown = set(entry) - {"when", "measure"}
    when = entry.get("when") or {}
    if unknown or not isinstance(when, dict):
        raise BadFile(
            f"{where}只能有 when 和 measure 两项；请删除或改正“{'、'.join(sorted(map(str, unknown))) or 'when'}”。"
        )
    conditions = []
    for name, values in when.items():
        if name not in _CHOICES:
            raise BadFile(f"{where}的条件“{name}”不认识；可用的条件是：{'、'.join(_CHOICES)}。")
        if not isinstance(values, list) or not values:
            raise BadFile(f"{where}的条件“{name}”应为列表，如 [new]；请改正。")
        choices = _CHOICES[name]
        wrong = [str(value) for value in values if choices is not None and value not in choices]
        if wrong:
            raise BadFile(
                f"{where}的条件“{name}”含有不认识的值“{wrong[0]}”；可用：{'、'.join(sorted(choices or ()))}。"
            )
        conditions.append((name, frozenset(map(str, values))))
    return MeasureRule(entry["measure"].strip(), tuple(conditions))

"""规则 of the console: what is in force, what each rule means and what reviewers made of its hits."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.rule_desk import (
    Change,
    DiffLine,
    EffectView,
    Judged,
    PackFile,
    PackLine,
    Problem,
    RuleLine,
    RulePage,
    RulesOverview,
    RulesStanding,
    Tried,
    Verdicts,
    VersionLine,
    WordGroup,
)
from domain.assessment import Subject
from domain.errors import BadInput
from domain.lead import Review
from zhengxun.console_services.rule_editing import RuleEditing
from zhengxun.rules import description
from zhengxun.rules.in_force import RulesInForce, rules_in_force
from zhengxun.services import Services

if TYPE_CHECKING:
    from classifiers.classifier import Classifier
    from classifiers.model import Rule
    from digest.words import Words
    from storage import Store
    from zhengxun.rules.versions import RuleVersion

_HOLDS = {
    "concepts": "概念和用语",
    "rules": "规则",
    "disguise": "伪装写法",
    "facts": "事实：目录、等级、官方域名",
    "weights": "分项权重（训练生成）",
    "wording": "全文用语权重（训练生成）",
    "sentences": "单句用语权重（训练生成）",
}
_CONFIRMED, _DISMISSED = (Review.CONFIRMED, Review.REFERRED), (Review.DISMISSED,)
#: Seconds after which counted verdicts are counted anew, beside whoever asks.
_FRESH = 60.0
#: Versions that a rule's history goes back, leads of each verdict, and words of a concept that its page shows.
_VERSIONS, _LEADS, _WORDS = 50, 8, 400


@dataclass(frozen=True)
class RuleDeskService:
    """Implements :class:`console.rule_desk.RuleDesk`."""

    services: Services
    store: Store
    editing: RuleEditing = field(init=False)
    counts: _Counts = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "editing", RuleEditing(self.services))
        object.__setattr__(self, "counts", _Counts(self.store))

    @cached_property
    def words(self) -> Words:
        """Chinese names; read once."""
        from digest.templates import Templates
        from digest.words import Words

        return Words.load(Templates(self.services.settings.templates))

    def _force(self) -> tuple[RulesInForce, Classifier]:
        """What is in force now: a version may have been put live since the last request."""
        from classifiers.loader import digest, pack_files

        force = rules_in_force(self.services.settings)
        return force, _loaded(digest(pack_files(force.folder)), force.folder)

    def standing(self) -> RulesStanding:
        """See the protocol."""
        from classifiers.loader import digest, pack_files

        force = rules_in_force(self.services.settings)
        return RulesStanding(
            in_force=force.name,
            digest=digest(pack_files(force.folder)),
            bundled=force.folder is None and force.version is None,
            problems=(*force.problems, *force.notes),
            locked=self.editing.locked(),
        )

    def overview(self) -> RulesOverview:
        """See the protocol."""
        force, classifier = self._force()
        counts = self.counts.get()
        rules = tuple(_line(rule, counts) for rule in classifier.rules)
        of_file: dict[str, list[Verdicts]] = {}
        for rule in rules:
            of_file.setdefault(rule.file, []).append(rule.verdicts)
        return RulesOverview(
            standing=self.standing(),
            packs=tuple(
                PackLine(
                    file=name,
                    holds=_HOLDS.get(str(top.get("pack")), ""),
                    rules=len(of_file.get(name, ())),
                    verdicts=_sum(of_file.get(name, ())),
                    author=str(top.get("author", "")),
                    version=str(top.get("version", "")),
                    source=str(top.get("source", "")),
                    own=own,
                    editable=not self.editing.locked(name),
                )
                for name, own, top in _tops(classifier.rule_pack, force.folder)
            ),
            rules=rules,
        )

    def rule(self, rule_id: str) -> RulePage:
        """See the protocol."""
        force, classifier = self._force()
        rule = next((rule for rule in classifier.rules if rule.id == rule_id), None)
        if rule is None:
            raise BadInput(f"现用规则里没有 {rule_id[:40]}；它可能属于以前的一版。")
        concepts = classifier.pack.concepts
        verdicts = self.store.rule_verdicts
        return RulePage(
            line=_line(rule, self.counts.get()),
            behaviour=self.words.behaviour(rule.behaviour),
            legal=rule.legal_basis,
            strictness=description.STRICTNESS[rule.strictness],
            weight=rule.weight,
            conditions=tuple(description.conditions(rule, concepts)),
            restrictions=tuple(description.restrictions(rule, concepts)),
            exemptions=tuple(description.exemptions(rule)),
            words=tuple(
                WordGroup(
                    name,
                    concepts[name].says,
                    concepts[name].words[:_WORDS],
                    len(concepts[name].words),
                    tuple(description.ways(concepts[name])),
                )
                for name in description.used(rule)
            ),
            must_hit=rule.examples.hit,
            must_not_hit=rule.examples.miss,
            author=rule.author,
            version=rule.version,
            place=rule.line,
            changes=tuple(self._history(rule, force.version)),
            dismissed=tuple(verdicts.leads(rule_id, _DISMISSED, _LEADS)),
            confirmed=tuple(verdicts.leads(rule_id, _CONFIRMED, _LEADS)),
        )

    def _history(self, rule: Rule, live: RuleVersion | None) -> list[Change]:
        versions = self.editing.versions.list()[: _VERSIONS + 1]
        texts = [self.editing.text_of(version, rule.file) for version in versions]
        texts.append(self.editing.bundled(rule.file) or "")
        found = []
        for index, version in enumerate(versions[:_VERSIONS]):
            after, before = (description.block(text, rule.id) for text in (texts[index], texts[index + 1]))
            if after != before:
                lines = tuple(DiffLine(*line) for line in description.difference(before, after))
                found.append(Change(version_line(version, live), rule.file, lines))
        return found

    def judge(self, tried: Tried) -> Judged:
        """See the protocol."""
        from classifiers.explanation import explain

        if not (tried.text.strip() or tried.title.strip()):
            raise BadInput("没有要试的文字；请粘贴一段宣传语或页面正文。")
        _, classifier = self._force()
        told = explain(
            classifier,
            Subject(
                text=tried.text,
                title=tried.title,
                url=tried.url.strip() or None,
                account=tried.account.strip() or None,
            ),
        )
        rules = {rule.id: rule for rule in classifier.rules}
        return Judged(
            assessment=told.assessment,
            names={name: rule.name for name, rule in rules.items()},
            severities={name: rule.severity for name, rule in rules.items()},
            raw=told.raw,
            facts=told.facts,
            level_meaning=told.level_meaning,
        )

    def file(self, name: str) -> PackFile:
        """See the protocol."""
        return self.editing.file(name)

    def check(self, name: str, text: str) -> Sequence[Problem]:
        """See the protocol."""
        return self.editing.check(name, text)

    def try_draft(self, name: str, text: str, tried: Tried) -> Judged | Sequence[Problem]:
        """See the protocol."""
        return self.editing.try_draft(name, text, tried)

    def look(self, name: str, text: str, base: int, owner: str) -> EffectView | Sequence[Problem]:
        """See the protocol."""
        return self.editing.look(name, text, base, owner)

    def effect(self, token: str, owner: str) -> EffectView:
        """See the protocol."""
        return self.editing.effect(token, owner)

    def publish(self, token: str, owner: str, reason: str, accept_lost: bool) -> tuple[VersionLine, str]:
        """See the protocol."""
        made = self.editing.publish(token, owner, reason, accept_lost)
        return version_line(made, made), made.summary

    def restore(self, number: int, owner: str, reason: str, seen: int) -> tuple[VersionLine, str]:
        """See the protocol."""
        made = self.editing.restore(number, owner, reason, seen)
        return version_line(made, made), made.summary

    def versions(self) -> Sequence[VersionLine]:
        """See the protocol."""
        live = rules_in_force(self.services.settings).version
        return [version_line(version, live) for version in self.editing.versions.list()]

    def changes(self, number: int) -> tuple[VersionLine, Sequence[Change]]:
        """See the protocol."""
        force = rules_in_force(self.services.settings)
        if number == 0:
            return VersionLine(0, None, "", "", (), "", None, self.standing().bundled), ()
        version = self.editing.versions.get(number)
        before = next((one for one in self.editing.versions.list() if one.number < number), None)
        line = version_line(version, force.version)
        names = sorted({*version.files, *(before.files if before else ())})
        found = []
        for name in names:
            old = self.editing.text_of(before, name) if before else self.editing.bundled(name) or ""
            lines = description.difference(old, self.editing.text_of(version, name))
            if lines:
                found.append(Change(line, name, tuple(DiffLine(*one) for one in lines)))
        return line, found


def version_line(version: RuleVersion, live: RuleVersion | None) -> VersionLine:
    """A version as the console shows it."""
    return VersionLine(
        number=version.number,
        at=version.at,
        author=version.author,
        reason=version.reason,
        files=version.files,
        digest=version.digest,
        restored=version.restored,
        live=live is not None and live.number == version.number,
    )


def _sum(verdicts: Sequence[Verdicts]) -> Verdicts:
    return Verdicts(
        sum(one.hits for one in verdicts),
        sum(one.confirmed for one in verdicts),
        sum(one.dismissed for one in verdicts),
    )


def _line(rule: Rule, counts: Mapping[tuple[str, Review], int]) -> RuleLine:
    def number(reviews: Sequence[Review]) -> int:
        return sum(counts.get((rule.id, review), 0) for review in reviews)

    return RuleLine(
        id=rule.id,
        name=rule.name,
        category=rule.category.value,
        category_label=rule.category.label,
        severity=rule.severity,
        implied=rule.implied,
        file=rule.file,
        verdicts=Verdicts(number(list(Review)), number(_CONFIRMED), number(_DISMISSED)),
    )


@lru_cache(maxsize=2)
def _loaded(digest: str, folder: Path | None) -> Classifier:
    """The classifier of packs with this digest; loading takes a second."""
    import classifiers

    return classifiers.load(folder)


@lru_cache(maxsize=2)
def _tops(digest: str, folder: Path | None) -> tuple[tuple[str, bool, Mapping[str, Any]], ...]:
    """(file, whether it is not the bundled one, its outermost mapping) of packs with this digest."""
    from classifiers.loader import BUNDLED, pack_files
    from classifiers.yaml_lines import read

    keep = ("pack", "author", "version", "source")
    return tuple(
        (path.name, path.parent != BUNDLED, {key: top[key] for key in keep if key in top})
        for path in pack_files(folder)
        for top in (read(path),)
    )


class _Counts:
    """Verdicts by rule, counted at most once a minute; whoever asks then is given the ones before."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._counting = threading.Lock()
        self._held: tuple[float, Mapping[tuple[str, Review], int]] | None = None

    def get(self) -> Mapping[tuple[str, Review], int]:
        held = self._held
        if held is None:
            with self._lock:
                if self._held is None:
                    self._count()
                assert self._held is not None
                return self._held[1]
        if time.monotonic() - held[0] > _FRESH and self._counting.acquire(blocking=False):
            threading.Thread(target=self._refresh, daemon=True, name="rule-verdicts").start()
        return held[1]

    def _refresh(self) -> None:
        try:
            self._count()
        finally:
            self._counting.release()

    def _count(self) -> None:
        self._held = (time.monotonic(), self._store.rule_verdicts.counts())

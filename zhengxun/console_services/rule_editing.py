"""Editing of rule packs in the console: a copy is checked, its effect is seen, and then it is put live; or taken back."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from console.rule_desk import (
    LONGEST_FILE,
    ChangedText,
    EffectView,
    Judged,
    PackFile,
    PageChanges,
    Problem,
    SampleChanges,
    Tried,
)
from domain.assessment import Assessment, Category, Finding, Level, ScoreStep, Speaker
from domain.errors import BadInput, IllegalMove
from zhengxun.console_services.kept import Kept
from zhengxun.console_services.rule_trying import Draft, RuleTrying, RunningEffect
from zhengxun.rules import description
from zhengxun.rules.in_force import rules_in_force
from zhengxun.rules.versions import PACK_NAME, RuleVersion, RuleVersions
from zhengxun.services import Services

#: Files that training writes.
_GENERATED = ("90_weights.yaml", "91_wording.yaml", "92_sentences.yaml")
_NEW_FILE = """\
pack: rules
version: 1
author:
source:
rules:

- id: B-LOCAL-0010
  name:
  category: B
  behaviour: B9
  legal: [晋人社厅函〔2022〕387号 二（二）]
  severity: 中
  strictness: 2
  weight: 1.5
  match:
    - guarantee
  must: [credential]
  examples:
    hit:
      - ""
    miss:
      - ""
"""
_SHOWN = 100
_VERDICTS = {"confirmed": "研判为确认", "dismissed": "研判为误报"}


class RuleEditing:
    """Drafts and versions. Every method may be called from several threads."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.versions = RuleVersions(services.settings.rule_versions)
        self._trying = RuleTrying(services)
        self._looks: Kept[RunningEffect] = Kept(services.clock, 10, timedelta(hours=3))

    def locked(self, name: str = "") -> str:
        """Why the file (or any) cannot be edited here; empty where it can."""
        folder = self._services.settings.rules_dir
        if folder is not None:
            return f"规则目录由 ZHENGXUN_RULES_DIR 指定为 {folder}，在此只能看和试；要在此修改，请先取消该设置。"
        if name in _GENERATED:
            return "此文件由训练命令生成，不手改（见规则编写手册“训练权重”）。"
        return ""

    def _own(self) -> dict[str, str]:
        """All files in force that are not the bundled ones."""
        force = rules_in_force(self._services.settings)
        if force.version is not None:
            return force.version.texts()
        if force.folder is None:
            return {}
        return {path.name: path.read_text(encoding="utf-8") for path in sorted(force.folder.glob("*.yaml"))}

    def bundled(self, name: str) -> str | None:
        """Text of the bundled file of that name."""
        from classifiers.loader import BUNDLED

        path = BUNDLED / name
        return path.read_text(encoding="utf-8") if PACK_NAME.fullmatch(name) and path.is_file() else None

    def text_of(self, version: RuleVersion, name: str) -> str:
        """A file as it was in a version; the bundled one where it did not change it, empty where there was none."""
        if name in version.files:
            return version.texts()[name]
        return self.bundled(name) or ""

    def file(self, name: str) -> PackFile:
        """See the protocol."""
        _good_name(name)
        own, bundled = self._own(), self.bundled(name)
        text = own.get(name, bundled)
        return PackFile(
            name=name,
            text=_NEW_FILE if text is None else text,
            own=name in own,
            known=text is not None,
            base=self.versions.newest,
            locked=self.locked(name),
            bundled=bundled if bundled is not None and bundled != text else None,
        )

    def _draft(self, name: str, text: str, base: int) -> Draft:
        _good_name(name)
        locked = self.locked(name)
        if locked:
            raise BadInput(locked)
        if len(text) > LONGEST_FILE:
            raise BadInput(f"文件超过 {LONGEST_FILE // 10_000} 万字，请拆成几个文件。")
        newest = self.versions.newest
        if base != newest:
            raise IllegalMove(
                f"您改的是第 {base} 版的副本，而第 {newest} 版已经上线；请复制您的改动，重新打开此文件后再改。"
            )
        # Browsers send line ends as CR LF; a file that only differs in them would never be the bundled one again.
        text = text.replace("\r\n", "\n")
        texts = self._own()
        if text.strip():
            texts[name] = text if text.endswith("\n") else text + "\n"
        elif self.bundled(name) is None and name in texts:
            del texts[name]
        else:
            raise BadInput(f"文件 {name} 是空的；随附文件不能清空，要恢复原样请点“恢复随附内容”。")
        return Draft(name, {file: said for file, said in texts.items() if said != self.bundled(file)}, base)

    def check(self, name: str, text: str) -> Sequence[Problem]:
        """See the protocol."""
        problems, _ = self._trying.check(self._draft(name, text, self.versions.newest).texts)
        return [Problem(*one) for one in description.lines_of(problems, name)]

    def try_draft(self, name: str, text: str, tried: Tried) -> Judged | Sequence[Problem]:
        """See the protocol."""
        if not tried.text.strip():
            raise BadInput("没有要试的文字；请在下面粘贴一段宣传语。")
        said = self._trying.explain(self._draft(name, text, self.versions.newest).texts, tried.text)
        if isinstance(said, str):
            return [Problem(*one) for one in description.lines_of([said], name)]
        return _judged(said)

    def look(self, name: str, text: str, base: int, owner: str) -> EffectView | Sequence[Problem]:
        """See the protocol."""
        draft = self._draft(name, text, base)
        problems, digest = self._trying.check(draft.texts)
        if problems:
            return [Problem(*one) for one in description.lines_of(problems, name)]
        effect = self._trying.start(draft, digest)
        return _view(self._looks.add(owner, effect), effect)

    def effect(self, token: str, owner: str) -> EffectView:
        """See the protocol."""
        return _view(token, self._looks.get(token, owner))

    def publish(self, token: str, owner: str, reason: str, accept_lost: bool) -> RuleVersion:
        """See the protocol."""
        effect = self._looks.get(token, owner)
        if effect.result is None:
            raise BadInput("影响还没有看完，不能上线；请等比较完成。")
        lost = effect.result["pages"]["confirmed_lost"]
        if lost and not accept_lost:
            raise BadInput(f"有 {lost} 个研判员已确认的页面将不再列出；核对无误后，请勾选“已核对”再上线。")
        made = self.versions.publish(
            effect.draft.texts,
            author=owner,
            reason=reason,
            at=self._services.clock(),
            expected=effect.draft.base,
            checked=effect.digest,
        )
        self._looks.drop(token)
        return made

    def restore(self, number: int, owner: str, reason: str, seen: int) -> RuleVersion:
        """See the protocol."""
        if self.locked():
            raise BadInput(self.locked())
        if not reason.strip():
            raise BadInput("请写明为什么退回；理由随版本保存。")
        texts: Mapping[str, str] = self.versions.get(number).texts() if number else {}
        problems, digest = self._trying.check(texts)
        if problems:
            raise BadInput(f"第 {number} 版与现在的随附规则已不相配，不能直接退回：{problems[0]}")
        return self.versions.publish(
            texts,
            author=owner,
            reason=reason,
            at=self._services.clock(),
            expected=seen,
            restored=number,
            checked=digest,
        )


def _good_name(name: str) -> None:
    if not PACK_NAME.fullmatch(name):
        raise BadInput(f"规则文件名“{name[:60]}”不符合要求；应像 65_local.yaml（两位数字、下划线、小写字母）。")


def _judged(said: Mapping[str, Any]) -> Judged:
    """What ``rules explain --json`` printed, as values again."""
    found = said["assessment"]

    def finding(one: Mapping[str, Any], told: Mapping[str, Any]) -> Finding:
        excuse = told["exemption"]
        return Finding(
            rule_id=one["rule_id"],
            category=Category(one["category"]),
            field=one["field"],
            start=one["start"],
            end=one["end"],
            quote=one["quote"],
            weight=one["weight"],
            legal_basis=tuple(one["legal_basis"]),
            steps=(ScoreStep("exempt:", 0.0, f"排除：{excuse}"),) if excuse else (),
            exempted_by=one.get("exempted_by"),
        )

    told = [*said["hits"], *said["exempted"]]
    return Judged(
        assessment=Assessment(
            score=found["score"],
            level=Level(found["level"]),
            findings=tuple(map(finding, found["findings"], said["hits"])),
            exempted=tuple(map(finding, found["exempted"], said["exempted"])),
            speaker=Speaker(found["speaker"]),
            evasion=tuple(found["evasion"]),
            rule_pack=found["rule_pack"],
            steps=tuple(ScoreStep(step["name"], step["points"], step["text"]) for step in said["steps"]),
            incomplete=tuple(found["incomplete"]),
        ),
        names={one["rule_id"]: one["rule_name"] for one in told},
        severities={one["rule_id"]: one["severity"] for one in told},
        raw=said["raw"],
        facts=tuple(said["facts"]),
        level_meaning=said["levels"],
    )


def _view(token: str, effect: RunningEffect) -> EffectView:
    done, found = effect.done.is_set(), effect.result
    return EffectView(
        token=token,
        file=effect.draft.name,
        running=not done,
        seconds=int(time.monotonic() - effect.begun),
        problem=effect.problem,
        samples=_samples(found["samples"]) if found and found["samples"] else None,
        pages=_pages(found["pages"]) if found else None,
    )


def _samples(found: Mapping[str, Any]) -> SampleChanges:
    def changed(name: str) -> tuple[ChangedText, ...]:
        return tuple(
            ChangedText(one["id"], one["title"], one["excerpt"], "", None, one["score"], tuple(one["rules"]))
            for one in found[name][:_SHOWN]
        )

    old, new = ((found[key]["precision"], found[key]["recall"]) for key in ("old", "new"))
    return SampleChanges(
        samples=found["samples"],
        old=old,
        new=new,
        missed=changed("missed"),
        alarmed=changed("alarmed"),
        found=changed("found"),
        cleared=changed("cleared"),
    )


def _pages(found: Mapping[str, Any]) -> PageChanges:
    def changed(name: str, rules: str) -> tuple[ChangedText, ...]:
        # What reviewers had decided stands first: it is what somebody has to look at.
        order = sorted(found[name], key=lambda one: one["verdict"] is None)
        return tuple(
            ChangedText(
                one["id"],
                one["title"],
                one["url"],
                _VERDICTS.get(one["verdict"] or "", "未研判"),
                one["old_score"],
                one["new_score"],
                tuple(one[rules]),
            )
            for one in order[:_SHOWN]
        )

    return PageChanges(
        pages=found["documents"],
        old_flagged=found["old_flagged"],
        new_flagged=found["new_flagged"],
        newly_hit=changed("newly_hit", "new_rules"),
        newly_missed=changed("newly_missed", "old_rules"),
        confirmed_lost=found["confirmed_lost"],
        dismissed_gone=found["dismissed_gone"],
        dismissed_back=found["dismissed_back"],
    )

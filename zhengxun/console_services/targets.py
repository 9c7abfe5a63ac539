"""监测目标 of the console."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from console.lead_desk import Download
from console.target_desk import (
    TARGETS,
    BulkEdit,
    EditLine,
    Preview,
    RunLine,
    TargetForm,
    TargetLeads,
    TargetLine,
    TargetList,
    TargetQuery,
    TrialView,
    TriedLine,
)
from domain.errors import BadInput
from domain.health import RunCount, target_subject
from domain.lead import Review
from domain.target import Target
from zhengxun.console_services.kept import Kept
from zhengxun.console_services.leads import XLSX
from zhengxun.console_services.trials import RunningTrial, Trials
from zhengxun.console_services.uploads import read_upload
from zhengxun.schedule import describe, is_due, next_run, parse_schedule
from zhengxun.services import Services
from zhengxun.target_draft import MAX_NAME, MAX_TAGS, draft_target, tags_of
from zhengxun.target_import import add_target, draft_rows
from zhengxun.target_kinds import CHOICES, why_not_collectable

if TYPE_CHECKING:
    from storage import Store

_ADDRESS = re.compile(r"https?://[^\s<>\"'，。；、！）】》]+", re.IGNORECASE)
#: Rows of a list of which the reason is shown; what a person corrects at one sitting.
_ROWS_SHOWN = 500
#: Changes of a target that its page lists.
_EDITS = 20


@dataclass(frozen=True)
class TargetDeskService:
    """Implements :class:`console.target_desk.TargetDesk`."""

    services: Services
    store: Store
    trials: Trials = field(init=False)
    _tried: Kept[RunningTrial] = field(init=False)
    _lists: Kept[Preview] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "trials", Trials(self.services))
        object.__setattr__(self, "_tried", Kept(self.services.clock, 50))
        object.__setattr__(self, "_lists", Kept(self.services.clock, 10))

    def list(self, query: TargetQuery, page: int) -> TargetList:
        """See the protocol."""
        targets = self.store.targets.list()
        alarms = self._alarms()
        words = query.words.strip().lower()
        found = [
            target
            for target in targets
            if (not words or words in f"{target.name}\n{target.url}\n{target.note or ''}".lower())
            and (not query.kind or target.kind.value == query.kind)
            and (not query.region or target.region == query.region)
            and (not query.tag or query.tag in target.tags)
            and self._stands(target, query.state, alarms)
        ]
        shown = found[(page - 1) * TARGETS : page * TARGETS]
        histories = self.store.health.histories([target.id for target in shown], 1) if shown else {}
        return TargetList(
            lines=tuple(self._line(target, alarms, histories.get(target.id, [])) for target in shown),
            total=len(found),
            page=page,
            kinds=tuple((kind.value, kind.label) for kind in CHOICES),
            regions=tuple(sorted({target.region for target in targets if target.region})),
            tags=tuple(sorted(Counter(tag for target in targets for tag in target.tags).items())),
            proposals=self.store.proposals.waiting(),
        )

    def _stands(self, target: Target, state: str, alarms: Mapping[int, str]) -> bool:
        """Whether the target is as the word of the filter says; an unknown word lets all pass."""
        now = self.services.clock()
        match state:
            case "active":
                return not target.paused
            case "paused":
                return target.paused
            case "alarm":
                return target.id in alarms
            case "overdue":
                return is_due(target, now)
            case "never":
                return target.last_run_at is None
            case "unsupported":
                return why_not_collectable(target.kind, target.url) is not None
            case _:
                return True

    def _alarms(self) -> Mapping[int, str]:
        return {
            alarm.target_id: f"{alarm.kind.label}：{alarm.detail}"
            for alarm in self.store.health.open_alarms()
            if alarm.subject == target_subject(alarm.target_id)
        }

    def _line(self, target: Target, alarms: Mapping[int, str], runs: Sequence[RunCount]) -> TargetLine:
        return TargetLine(
            target=target,
            schedule=describe(target.schedule),
            due=next_run(target, self.services.clock()),
            alarm=alarms.get(target.id, ""),
            outcomes=tuple(runs[-1].outcomes.items()) if runs else (),
            unsupported=why_not_collectable(target.kind, target.url) or "",
        )

    def get(self, target_id: int) -> TargetLine:
        """See the protocol."""
        target = self.store.targets.get(target_id)
        return self._line(target, self._alarms(), self.store.health.histories([target_id], 1).get(target_id, []))

    def history(self, target_id: int) -> Sequence[RunLine]:
        """See the protocol."""
        runs = self.store.health.histories([target_id], 30).get(target_id, [])
        return [RunLine(run.at, tuple(run.outcomes.items())) for run in reversed(runs)]

    def leads(self, target_id: int) -> TargetLeads:
        """See the protocol."""
        counted = ((review, self.store.leads.count(target_id=target_id, review=review)) for review in Review)
        found = tuple((review, number) for review, number in counted if number)
        return TargetLeads(sum(number for _, number in found), found)

    def edits(self, target_id: int) -> Sequence[EditLine]:
        """See the protocol."""
        found = self.store.accounts.log(target=f"监测目标 {target_id}", limit=_EDITS)
        return [EditLine(one.entry.at, one.entry.actor, one.entry.action, one.entry.detail) for one in found]

    def _draft(self, form: TargetForm) -> Target:
        address = _ADDRESS.search(form.url)
        return draft_target(
            url=address[0] if address else form.url,
            check=self.services.address_guard.check,
            now=self.services.clock(),
            name=form.name,
            kind=form.kind,
            schedule=form.schedule,
            max_pages=form.max_pages,
            max_depth=form.max_depth,
            region=form.region,
            note=form.note,
            tags=form.tags,
        )

    def try_out(self, form: TargetForm, owner: str) -> TrialView:
        """See the protocol."""
        trial = self.trials.start(self._draft(form))
        return _trial_view(self._tried.add(owner, trial), trial)

    def trial(self, token: str, owner: str) -> TrialView:
        """See the protocol."""
        return _trial_view(token, self._tried.get(token, owner))

    def add(self, form: TargetForm) -> tuple[Target, bool]:
        """See the protocol."""
        return add_target(self.store.targets, self._draft(form))

    def edit(self, target_id: int, form: TargetForm) -> Target:
        """See the protocol."""
        target = self.store.targets.get(target_id)
        checked = self._draft(replace(form, url=target.url, kind=target.kind.value))
        return self.store.targets.edit(
            target_id,
            name=checked.name,
            schedule=parse_schedule(form.schedule) if form.schedule.strip() else target.schedule,
            region=checked.region,
            note=checked.note,
            tags=checked.tags,
            budget=replace(target.budget, max_pages=checked.budget.max_pages, max_depth=checked.budget.max_depth),
        )

    def edit_many(self, target_ids: Sequence[int], bulk: BulkEdit) -> Sequence[Target]:
        """See the protocol."""
        if not any((bulk.schedule.strip(), bulk.region.strip(), bulk.add_tags.strip(), bulk.drop_tags.strip())):
            raise BadInput("没有填要改成什么；请填频率、地区或标签。")
        if len(bulk.region.strip()) > MAX_NAME:
            raise BadInput(f"地区过长，至多 {MAX_NAME} 个字。")
        added = tags_of(bulk.add_tags)
        targets = {target.id: target for target in self.store.targets.list()}
        for target_id in target_ids:
            if target_id in targets and len({*targets[target_id].tags, *added}) > MAX_TAGS:
                raise BadInput(f"监测目标 {target_id} 的标签将超过 {MAX_TAGS} 个，全部没有改。")
        return self.store.targets.edit_many(
            target_ids,
            schedule=parse_schedule(bulk.schedule) if bulk.schedule.strip() else None,
            region=bulk.region.strip() or None,
            add_tags=added,
            drop_tags=tags_of(bulk.drop_tags),
        )

    def pause(self, target_ids: Sequence[int]) -> int:
        """See the protocol."""
        return self.store.targets.pause(target_ids)

    def resume(self, target_ids: Sequence[int]) -> int:
        """See the protocol."""
        return self.store.targets.resume(target_ids)

    def remove(self, target_ids: Sequence[int]) -> int:
        """See the protocol."""
        return self.store.targets.remove(target_ids)

    def preview(self, name: str, content: bytes, owner: str) -> Preview:
        """See the protocol."""
        from zhengxun.target_files import read_sheet

        sheet = read_upload(name, content, read_sheet)
        drafts, bad = draft_rows(sheet, self.services.address_guard.check, self.services.clock())
        watched = {target.url for target in self.store.targets.list()}
        preview = Preview(
            token="",
            file=name[:100],
            good=tuple(drafts),
            known=sum(draft.url in watched for _, draft in drafts),
            bad=tuple((row.number, row.reason) for row in bad[:_ROWS_SHOWN]),
            ignored=sheet.ignored,
        )
        return replace(preview, token=self._lists.add(owner, preview))

    def take(self, token: str, owner: str) -> tuple[int, int, Sequence[tuple[int, str]]]:
        """See the protocol."""
        preview = self._lists.get(token, owner)
        self._lists.drop(token)
        added = sum(add_target(self.store.targets, draft)[1] for _, draft in preview.good)
        return added, len(preview.good) - added, preview.bad

    def export(self, form: str) -> Download:
        """See the protocol."""
        from zhengxun.target_files import write_sheet

        if form not in ("csv", "xlsx"):
            raise BadInput("监测目标可导出为 csv 或 xlsx。")
        with tempfile.TemporaryDirectory(prefix="zhengxun-export-") as folder:
            path = Path(folder) / f"监测目标.{form}"
            write_sheet(path, self.store.targets.list())
            return Download(path.name, XLSX if form == "xlsx" else "text/csv; charset=utf-8", path.read_bytes())


def _trial_view(token: str, trial: RunningTrial) -> TrialView:
    found = trial.result or {}
    unsupported = why_not_collectable(trial.draft.kind, trial.draft.url) or ""
    return TrialView(
        token=token,
        draft=trial.draft,
        schedule=describe(trial.draft.schedule),
        running=not trial.done.is_set(),
        problem=trial.problem,
        unsupported=unsupported,
        reachable=bool(found.get("reachable")),
        robots=str(found.get("robots") or "allowed"),
        encoding=str(found.get("encoding") or ""),
        pages=tuple(
            TriedLine(
                url=str(page["url"]),
                outcome=str(page["outcome"]),
                detail=str(page["detail"] or ""),
                title=str(page["title"] or ""),
                flagged=bool(page["flagged"]),
                level=str(page["level"] or "none"),
                score=float(page["score"]),
                quotes=tuple(map(str, page["quotes"][:5])),
            )
            for page in found.get("pages", ())
        ),
    )

"""监测对象 in the database."""

from __future__ import annotations

import builtins
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, Text, func, insert, select, type_coerce, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.orm import aliased

from domain.errors import BadTarget
from domain.ports import Clock
from domain.target import Budget, Rendering, RobotsOverride, Scope, Target, TargetKind
from storage.codec import decode, encode
from storage.dialects import insert_or_ignore
from storage.engine import reading, writing
from storage.tables import RobotsOverrideRow, TargetRow
from storage.types import key_of, storable


@dataclass(frozen=True, slots=True)
class Targets:
    """All targets; removed ones are kept for their history and shown only where they are asked for by id."""

    engine: Engine
    clock: Clock

    def add(
        self,
        *,
        name: str,
        url: str,
        kind: TargetKind,
        schedule: str,
        scope: Scope,
        budget: Budget | None = None,
        render: Rendering = Rendering.AUTO,
        region: str | None = None,
        note: str | None = None,
        tags: Sequence[str] = (),
    ) -> tuple[Target, bool]:
        """The target with this canonical address, and whether it is new (or was removed and is back).

        An address that is watched already is left exactly as it is, so that importing a file twice changes nothing.
        """
        values: dict[str, Any] = {
            "url_key": key_of(url),
            "url": url,
            "name": name,
            "kind": kind.value,
            "schedule": schedule,
            "scope": encode(Scope, scope),
            "budget": encode(Budget, budget or Budget()),
            "rendering": render.value,
            "region": region,
            "note": note,
            "tags": _stored_tags(tags),
            "paused": False,
            "removed_at": None,
        }
        with writing(self.engine) as connection:
            statement = insert_or_ignore(connection, TargetRow, ["url_key"]).returning(TargetRow.id)
            created = connection.execute(statement, [values | {"created_at": self.clock()}]).scalar() is not None
            if not created:
                revived = connection.execute(
                    update(TargetRow)
                    .where(TargetRow.url_key == values["url_key"], TargetRow.removed_at.is_not(None))
                    .values(**values)
                )
                created = revived.rowcount > 0
            (target,) = read_targets(connection, TargetRow.url_key == values["url_key"])
        return target, created

    def get(self, target_id: int) -> Target:
        """One target, removed or not; an unknown id raises :class:`BadTarget`."""
        with reading(self.engine) as connection:
            found = read_targets(connection, TargetRow.id == target_id)
        if not found:
            raise BadTarget(f"没有编号为 {target_id} 的监测对象；可用“zhengxun targets list”查看编号。")
        return found[0]

    def due(self, now: datetime, is_due: Callable[[Target, datetime], bool]) -> list[Target]:
        """Targets that are not paused and of which ``is_due(target, now)`` holds; the schedule is the caller's."""
        return [target for target in self.list(include_paused=False) if is_due(target, now)]

    def pause(self, target_ids: Sequence[int]) -> int:
        """Stop watching for a while; return how many were watched until now."""
        return self._change(target_ids, TargetRow.paused.is_(False), paused=True)

    def resume(self, target_ids: Sequence[int]) -> int:
        """Watch again; return how many were paused."""
        return self._change(target_ids, TargetRow.paused.is_(True), paused=False)

    def remove(self, target_ids: Sequence[int]) -> int:
        """Take off the list, keeping pages, leads and evidence; return how many were on it."""
        return self._change(target_ids, removed_at=self.clock())

    def edit(
        self,
        target_id: int,
        *,
        name: str,
        schedule: str,
        region: str | None,
        note: str | None,
        tags: Sequence[str],
        budget: Budget,
    ) -> Target:
        """Change what people may change of a watched target; address, kind and scope stay."""
        self._change(
            [target_id],
            name=name,
            schedule=schedule,
            region=region,
            note=note,
            tags=_stored_tags(tags),
            budget=encode(Budget, budget),
        )
        return self.get(target_id)

    def edit_many(
        self,
        target_ids: Sequence[int],
        *,
        schedule: str | None = None,
        region: str | None = None,
        add_tags: Sequence[str] = (),
        drop_tags: Sequence[str] = (),
    ) -> list[Target]:
        """Change many in one transaction, None leaving a field as it is; return those that changed, as they are now."""
        self._refuse_unknown(target_ids)
        changed: list[int] = []
        with writing(self.engine) as connection:
            for target in read_targets(connection, TargetRow.id.in_(target_ids), TargetRow.removed_at.is_(None)):
                values = {
                    "schedule": schedule or target.schedule,
                    "region": region or target.region,
                    "tags": _stored_tags((set(target.tags) | set(add_tags)) - set(drop_tags)),
                }
                if values != {"schedule": target.schedule, "region": target.region, "tags": list(target.tags)}:
                    connection.execute(update(TargetRow).where(TargetRow.id == target.id).values(**values))
                    changed.append(target.id)
            return read_targets(connection, TargetRow.id.in_(changed)) if changed else []

    def set_robots_override(
        self, target_id: int, override: RobotsOverride | None, *, withdrawn_by: str = "system"
    ) -> Target:
        """Record the decision to fetch in spite of robots.txt, or (None) that it no longer holds; all are kept."""
        if override is not None and not (override.reason.strip() and override.decided_by.strip()):
            raise BadTarget(f"监测对象 {target_id} 的 robots 例外必须写明理由和决定人。")
        self.get(target_id)
        with writing(self.engine) as connection:
            connection.execute(
                insert(RobotsOverrideRow).values(
                    target_id=target_id,
                    granted=override is not None,
                    reason=override.reason if override else "撤销",
                    decided_by=override.decided_by if override else withdrawn_by,
                    decided_at=override.decided_at if override else self.clock(),
                )
            )
        return self.get(target_id)

    def robots_history(self, target_id: int) -> list[tuple[bool, RobotsOverride]]:
        """Every decision about a target's robots.txt, oldest first, each with whether it granted an override."""
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(*RobotsOverrideRow.__table__.c)
                .where(RobotsOverrideRow.target_id == target_id)
                .order_by(RobotsOverrideRow.id)
            )
            return [(row.granted, RobotsOverride(row.reason, row.decided_by, row.decided_at)) for row in rows]

    def record_last_run(self, target_ids: Sequence[int], at: datetime) -> None:
        """Note the start of the last finished visit; an earlier time than the noted one changes nothing."""
        with writing(self.engine) as connection:
            note_last_run(connection, target_ids, at)

    def list(self, include_paused: bool = True) -> list[Target]:
        """All targets that were not removed, by id; not the one that what people hand in belongs to."""
        with reading(self.engine) as connection:
            conditions = [TargetRow.removed_at.is_(None), TargetRow.kind != TargetKind.INTAKE.value]
            if not include_paused:
                conditions.append(TargetRow.paused.is_(False))
            return read_targets(connection, *conditions)

    def regions(self) -> builtins.list[str]:
        """Regions of targets that were not removed, sorted."""
        with reading(self.engine) as connection:
            found = connection.execute(
                select(TargetRow.region).where(TargetRow.removed_at.is_(None), TargetRow.region.is_not(None)).distinct()
            ).scalars()
            return sorted(region for region in found if region)

    def _refuse_unknown(self, target_ids: Sequence[int]) -> None:
        known = {target.id for target in self.list()}
        unknown = [target_id for target_id in target_ids if target_id not in known]
        if unknown:
            raise BadTarget(
                f"没有编号为 {'、'.join(map(str, unknown))} 的监测对象，未作任何改动；"
                "可用“zhengxun targets list”查看编号。"
            )

    def _change(self, target_ids: Sequence[int], *conditions: Any, **values: Any) -> int:
        self._refuse_unknown(target_ids)
        with writing(self.engine) as connection:
            changed = connection.execute(
                update(TargetRow)
                .where(TargetRow.id.in_(target_ids), TargetRow.removed_at.is_(None), *conditions)
                .values(**values)
            )
            return changed.rowcount


def _stored_tags(tags: Iterable[str]) -> list[str]:
    return sorted(set(map(storable, tags)))


def note_last_run(connection: Connection, target_ids: Iterable[int], at: datetime) -> None:
    """Part of a larger transaction: see :meth:`Targets.record_last_run`."""
    connection.execute(
        update(TargetRow)
        .where(TargetRow.id.in_(list(target_ids)), (TargetRow.last_run_at.is_(None)) | (TargetRow.last_run_at < at))
        .values(last_run_at=at)
    )


def scope_hosts(connection: Connection, target_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """Hosts of the scope of each target."""
    rows = connection.execute(select(TargetRow.id, TargetRow.scope).where(TargetRow.id.in_(list(target_ids))))
    return {target_id: frozenset(decode(Scope, scope).hosts) for target_id, scope in rows}


def read_targets(connection: Connection, *conditions: Any) -> list[Target]:
    """Targets that meet all conditions, by id, each with the robots.txt decision in force."""
    decision = aliased(RobotsOverrideRow)
    newest = select(func.max(decision.id)).where(decision.target_id == TargetRow.id).scalar_subquery()
    rows = connection.execute(
        select(
            *(column for column in TargetRow.__table__.c if column.name not in ("scope", "budget")),
            type_coerce(TargetRow.scope, Text()).label("scope_json"),
            type_coerce(TargetRow.budget, Text()).label("budget_json"),
            RobotsOverrideRow.granted,
            RobotsOverrideRow.reason,
            RobotsOverrideRow.decided_by,
            RobotsOverrideRow.decided_at,
        )
        .outerjoin(RobotsOverrideRow, RobotsOverrideRow.id == newest)
        .where(*conditions)
        .order_by(TargetRow.id)
    )
    return [_target(row) for row in rows.mappings()]


@lru_cache(maxsize=32_768)
def _scope(text: str) -> Scope:
    """Lists of thousands of targets are read at many pages of the console, and scopes hardly ever change."""
    return decode(Scope, json.loads(text))  # type: ignore[no-any-return]


@lru_cache(maxsize=4096)
def _budget(text: str) -> Budget:
    return decode(Budget, json.loads(text))  # type: ignore[no-any-return]


def _target(row: RowMapping) -> Target:
    override = RobotsOverride(row["reason"], row["decided_by"], row["decided_at"]) if row["granted"] else None
    return Target(
        id=row["id"],
        name=row["name"],
        url=row["url"],
        kind=TargetKind(row["kind"]),
        schedule=row["schedule"],
        scope=_scope(row["scope_json"]),
        budget=_budget(row["budget_json"]),
        render=Rendering(row["rendering"]),
        region=row["region"],
        note=row["note"],
        tags=tuple(row["tags"]),
        paused=row["paused"],
        robots_override=override,
        created_at=row["created_at"],
        last_run_at=row["last_run_at"],
    )

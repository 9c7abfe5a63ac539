"""``digest-YYYY-MM-DD.json``: the contract to the letter (CONTRACT.md), one lead a line, same digest same bytes.

``review``, ``reason`` and a finding's ``behaviour`` are additions to it. Text is exact, not prepared for the eye:
characters that would be invisible or turn text around are written as ``\\uXXXX``, which reads back as the same text.
"""

from __future__ import annotations

import json
import re
from typing import Any, BinaryIO

from digest.templates import Templates
from digest.text import INVISIBLE, iso_shanghai
from domain.digest import Digest, DigestItem, DigestPicture

_ITEMS_PER_WRITE = 500


def render(digest: Digest, stream: BinaryIO, templates: Templates) -> None:
    """Write ``digest`` as UTF-8 JSON; ``templates`` are not used, the contract leaves nothing to choose."""
    coverage = digest.coverage
    head: dict[str, Any] = {
        "date": digest.date.isoformat(),
        "number": digest.number,
        "generated_at": iso_shanghai(digest.generated_at),
        "rule_pack": digest.rule_pack,
        "totals": digest.totals,
        "coverage": {
            "targets_planned": coverage.targets_planned,
            "targets_ok": coverage.targets_ok,
            "gaps": [
                {
                    "target_id": gap.target_id,
                    "name": gap.name,
                    "outcome": gap.outcome,
                    "detail": gap.detail,
                }
                for gap in coverage.gaps
            ],
        },
    }
    fields = ",\n ".join(f"{_dump(key)}: {_dump(value)}" for key, value in head.items())
    stream.write(f'{{{fields},\n "items": ['.encode())
    lines: list[str] = []
    for index, item in enumerate(digest.items):
        lines.append(("\n  " if index == 0 else ",\n  ") + _dump(_item(item)))
        if len(lines) == _ITEMS_PER_WRITE:
            stream.write("".join(lines).encode())
            lines.clear()
    stream.write("".join([*lines, "\n ]}\n" if digest.items else "]}\n"]).encode())


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _dump(value: Any) -> str:
    return INVISIBLE.sub(_escape, _encode(value))


def _escape(match: re.Match[str]) -> str:
    # json.dumps escapes astral characters as the surrogate pair that JSON asks for.
    return json.dumps(match.group())[1:-1]


def _picture(picture: DigestPicture | None) -> dict[str, Any] | None:
    if picture is None:
        return None
    left, top, width, height, frame = picture.box
    return {
        "url": picture.url,
        "sha256": picture.sha256,
        "width": picture.width,
        "height": picture.height,
        "box": {"left": left, "top": top, "width": width, "height": height, "frame": frame},
        "warc": picture.warc,
        "warc_offset": picture.warc_offset,
    }


def _item(item: DigestItem) -> dict[str, Any]:
    operator, evidence = item.operator, item.evidence
    return {
        "lead_id": item.lead_id,
        "status": item.status.value,
        "changed": item.changed,
        "page_url": item.page_url,
        "final_url": item.final_url,
        "title": item.title,
        "target": item.target,
        "platform": item.platform,
        "account": item.account,
        "region": item.region,
        "level": item.level,
        "score": item.score,
        "categories": list(item.categories),
        "findings": [
            {
                "rule_id": finding.rule_id,
                "category": finding.category,
                "quote": finding.quote,
                "context": finding.context,
                "legal_basis": list(finding.legal_basis),
                "behaviour": finding.behaviour,
                "picture": _picture(finding.picture),
            }
            for finding in item.findings
        ],
        "operator": None
        if operator is None
        else {
            "id": operator.id,
            "name": operator.name,
            "identifiers": [{"kind": kind, "value": value} for kind, value in operator.identifiers],
            "pages": operator.pages,
        },
        "first_seen": iso_shanghai(item.first_seen),
        "last_seen": iso_shanghai(item.last_seen),
        "measure": item.measure,
        "review": item.review,
        "reason": item.reason,
        "referred_at": iso_shanghai(item.referred_at) if item.referred_at else None,
        "referred_to": item.referred_to,
        "days_since_referral": item.days_since_referral,
        "overdue": item.overdue,
        "answer": item.answer,
        "added": list(item.added),
        "dropped": list(item.dropped),
        "relation": {"kind": item.relation.kind.value, "lead_id": item.relation.lead_id} if item.relation else None,
        # Beside the evidence, not in it: that object is the contract's, to the letter.
        "screenshot_note": evidence.screenshot_note if evidence is not None else None,
        "evidence": None
        if evidence is None
        else {
            "snapshot_id": evidence.snapshot_id,
            "sha256": evidence.sha256,
            "warc": evidence.warc,
            "warc_offset": evidence.warc_offset,
            "screenshot": evidence.screenshot,
        },
    }

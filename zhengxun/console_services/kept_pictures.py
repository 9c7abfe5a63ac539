"""Pictures of a lead's page, from the kept bytes, in the few formats that browsers show and cannot act."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from console.lead_desk import KeptPicture
from domain.errors import BadInput, EvidenceDamaged
from domain.lead_detail import LeadDetail
from zhengxun.pictures import picture_bytes

if TYPE_CHECKING:
    from storage import Store

#: How a file of each format begins. What the site's server called it is not asked; SVG, which may hold scripts, is none.
_FORMATS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
)


def kept_picture(store: Store, evidence: Path, detail: LeadDetail, sha256: str) -> KeptPicture | None:
    """See :meth:`console.lead_desk.LeadDesk.picture`."""
    lead = detail.lead.id
    shown = {segment.picture.sha256: segment.picture for segment in detail.document.segments if segment.picture}
    if sha256 not in shown:
        raise BadInput(f"线索 {lead} 没有这张图片。")
    captures = store.evidence.of_snapshot(detail.evidence.snapshot_id)
    captures += store.pictures.captured([shown[sha256].url]).values()
    kept = next((capture for capture in captures if capture.sha256 == sha256), None)
    if kept is None:
        return None
    try:
        content = picture_bytes(evidence, kept.warc)
    except OSError:
        raise EvidenceDamaged(
            f"线索 {lead} 的图片所在证据文件缺失；请执行 zhengxun evidence verify 核验证据。"
        ) from None
    if isinstance(content, str):
        raise BadInput(f"线索 {lead}：{content}，不能在此显示。")
    if hashlib.sha256(content).hexdigest() != sha256:
        raise EvidenceDamaged(f"线索 {lead} 的图片与保存时的校验值不符，没有显示；请核验证据。")
    kind = _format(content)
    if kind is None:
        raise BadInput(f"线索 {lead} 的这张图片不是浏览器能直接显示的格式；可导出证据包查看。")
    return KeptPicture(content, kind)


def _format(content: bytes) -> str | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp" and b"avi" in content[8:32]:
        return "image/avif"
    return next((kind for begin, kind in _FORMATS if content.startswith(begin)), None)

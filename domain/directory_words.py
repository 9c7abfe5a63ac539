"""名录核对 in Chinese: the sentences that console and command line show, so that both say the same."""

from __future__ import annotations

from collections.abc import Sequence

from domain.directory import Consulted, DirectoryCheck, Edition, Found, Listing

#: Said wherever something was not found.
CAUTION = "未列入不等于违法，请核对"
#: Pairs of occupation and levels that one sentence names.
_NAMED = 12


def title_of(consulted: Consulted) -> str:
    """``《…》（截至 2026-05-01，山西省人力资源和社会保障厅）``."""
    head = consulted.edition.head
    told = [f"截至 {head.as_of.isoformat()}", head.authority]
    if not consulted.of_its_time:
        told.append("页面取得时的版本没有导入，按现行版本核对")
    return f"《{head.name}》（{'，'.join(filter(None, told))}）"


def import_words(edition: Edition) -> str:
    """What the audit log says of an import."""
    head = edition.head
    return f"《{head.name}》截至 {head.as_of.isoformat()}，{edition.rows} 行，不合格 {edition.refused} 行，文件 {head.file_name}"


def found_words(found: Found, check: DirectoryCheck) -> str:
    """What one edition says of one body, in one sentence."""
    rows = found.listings
    names = "、".join(dict.fromkeys(row.name for row in rows))
    if found.other_code:
        codes = "、".join(dict.fromkeys(row.credit_code or "" for row in rows))
        return f"{title_of(found.consulted)}列有同名机构“{names}”，但统一社会信用代码是 {codes}，与本线索的不同，可能不是同一机构，请核对。"
    told = [f"已列入{title_of(found.consulted)}"]
    if names != found.subject:
        told[0] += f"，名称“{names}”"
    details = [granted_words(rows), *_district(rows), *_term(rows, check)]
    return f"{told[0]}{'：' if any(details) else ''}{'，'.join(filter(None, details))}。"


def granted_words(rows: Sequence[Listing]) -> str:
    """Occupations and levels of a body's rows; empty where the list gives none."""
    pairs = list(dict.fromkeys((row.occupations, row.levels) for row in rows if row.occupations or row.levels))
    if not pairs:
        return ""
    if len(pairs) == 1:
        occupations, levels = pairs[0]
        return "，".join(
            filter(None, (occupations and f"职业 {_line(occupations)}", levels and f"等级 {_line(levels)}"))
        )
    shown = [f"{_line(one)}（{_line(levels)}）" if levels else _line(one) for one, levels in pairs[:_NAMED]]
    return f"职业 {'、'.join(shown)}{f' 等 {len(pairs)} 项' if len(pairs) > _NAMED else ''}"


def term_words(row: Listing) -> str:
    """The term of one row; empty where the list gives none."""
    if row.valid_to and row.valid_from:
        return f"有效期 {row.valid_from.isoformat()} 至 {row.valid_to.isoformat()}"
    if row.valid_to:
        return f"有效期至 {row.valid_to.isoformat()}"
    if row.valid_from:
        return f"自 {row.valid_from.isoformat()}"
    return f"有效期原文“{_line(row.validity)}”" if row.validity else ""


def outside_words(body: str, occupations: Sequence[str]) -> str:
    """That a page advertises occupations outside of the listed ones: a fact to check."""
    return f"页面提到“{'”“'.join(occupations)}”，名录给“{body}”所列的职业中没有，请核对。"


def unlisted_words(check: DirectoryCheck) -> str:
    """That no list names the lead's bodies; empty where there is nothing to say."""
    if not check.unlisted:
        return ""
    return f"所核对的 {len(check.consulted)} 份名录均未列入：{'、'.join(check.unlisted)}。{CAUTION}。"


def nothing_words(check: DirectoryCheck) -> str:
    """Why there is nothing to say; empty where there is something."""
    if not check.consulted:
        return "还没有导入名录，没有核对。"
    if check.found or check.unlisted:
        return ""
    return f"没有已知的机构名称或统一社会信用代码可核对，页面文字中也没有出现 {len(check.consulted)} 份名录所列的机构名称。"


def sentences(check: DirectoryCheck) -> list[str]:
    """All that is to be said, one sentence an entry."""
    return [sentence for _, sentence in styled_sentences(check)]


def styled_sentences(check: DirectoryCheck) -> list[tuple[str, str]]:
    """The same as (style, sentence): ``good`` is listed, ``bad`` is to be checked, empty is neither."""
    said = [
        (
            "bad" if found.other_code or _ended(found.listings, check) else "good",
            f"{found.by.label}“{found.subject}”：{found_words(found, check)}",
        )
        for found in check.found
    ]
    said += [("bad", outside_words(body, occupations)) for body, occupations in check.outside]
    if check.left_out:
        said.append(("", f"另有 {check.left_out} 项没有列出。"))
    said += [("bad", unlisted_words(check)), ("", nothing_words(check))]
    return [one for one in said if one[1]]


def _district(rows: Sequence[Listing]) -> list[str]:
    places = "、".join(dict.fromkeys(_line(row.district) for row in rows if row.district))
    return [f"地区 {places}"] if places else []


def _term(rows: Sequence[Listing], check: DirectoryCheck) -> list[str]:
    told = list(dict.fromkeys(filter(None, map(term_words, rows))))
    if not told:
        return []
    if _ended(rows, check):
        return [*told[:3], f"页面取得时（{check.day.isoformat()}）已过期，请核对是否续期"]
    return told[:3]


def _ended(rows: Sequence[Listing], check: DirectoryCheck) -> bool:
    """Whether the terms of all rows were over when the page was fetched."""
    return bool(rows) and all(row.valid_to is not None and row.valid_to < check.day for row in rows)


def _line(text: str) -> str:
    return " ".join(text.split())

"""``zhengxun directory``: a list comes in, is looked up, replaced, withdrawn, and speaks of a lead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.zhengxun.conftest import Zhengxun
from tests.zhengxun.directory.test_reading import CODE, write_csv, write_xlsx

NAME = "太原市民办职业培训学校名单"


@pytest.fixture
def lists(tmp_path: Path) -> tuple[Path, Path]:
    """An edition of May with a bad row, and one of June."""
    may = write_xlsx(
        tmp_path / "may.xlsx",
        [
            ["太原市民办职业培训学校名单（截至2026年5月1日）"],
            ["序号", "学校名称", "统一社会信用代码", "办学内容", "有效期至"],
            [1, "太原市晨曦职业培训学校", CODE, "电工", "2027.4.30"],
            [2, None, None, "焊工"],
            [3, "太原市暮色\x1b[2J职业培训学校".replace("\x1b", "\u202e"), None, "焊工"],
        ],
    )
    return may, write_csv(tmp_path / "june.csv", "学校名称\n太原市正午职业培训学校\n")


def test_a_list_comes_in_and_is_replaced(
    ready: Zhengxun, lists: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good rows in, bad ones named (status 1); the new edition is current, the old one stays; withdrawn, it is back."""
    monkeypatch.setenv("ZHENGXUN_NOW", "2026-11-24T09:00:00+08:00")
    may, june = lists
    assert ready("directory", "list").out == "还没有导入名录。\n"
    tried = ready("directory", "import", may, "--name", NAME, "--dry-run", "--json")
    assert (tried.status, tried.json["edition"], tried.json["rows"]) == (1, None, 2)
    made = ready("directory", "import", may, "--name", NAME, "--authority", "太原市人社局", "--by", "张三", "--json")
    assert (made.status, made.json["bad"]) == (1, [{"row": 4, "reason": "没有机构名称（“焊工”）。"}])
    edition = made.json["edition"]
    assert [edition[key] for key in ("id", "kind", "as_of", "rows", "refused", "imported_by")] == [
        1, "school", "2026-05-01", 2, 1, "张三",
    ]  # fmt: skip
    assert "没有重复导入" in ready("directory", "import", may, "--name", NAME).err
    assert "截止日期" in ready("directory", "import", june, "--name", NAME).err
    late = ready("directory", "import", june, "--name", NAME, "--as-of", "2026-12-01")
    assert (late.status, "在今天" in late.err) == (2, True)
    newer = ready("directory", "import", june, "--name", NAME, "--as-of", "2026-06-01", "--source", "并人社〔2026〕1号")
    assert (newer.status, "版本 2：收录 1 行" in newer.out) == (0, True)
    assert [one["id"] for one in ready("directory", "list", "--json").json] == [2]
    everything = ready("directory", "list", "--all", "--json").json
    assert [(one["id"], one["current"], one["authority"]) for one in everything] == [
        (1, False, "太原市人社局"), (2, True, "太原市人社局"),
    ]  # fmt: skip
    gone = ready("directory", "lookup", "太原市晨曦职业培训学校")
    assert "均未列入" in gone.out
    assert "未列入不等于违法，请核对" in gone.out
    then = ready("directory", "lookup", CODE, "--on", "2026-05-31")
    assert "已列入《太原市民办职业培训学校名单》（截至 2026-05-01，太原市人社局）" in then.out
    alike = ready("directory", "lookup", "正午", "--json").json
    assert (alike["found"], [row["name"] for row in alike["alike"]]) == ([], ["太原市正午职业培训学校"])
    assert ready("directory", "withdraw", 2, "--reason", "文件有误").status == 0
    assert [one["id"] for one in ready("directory", "list", "--json").json] == [1]
    assert "撤下" in ready("directory", "list", "--all").out
    assert "已列入" in ready("directory", "lookup", "太原市 晨曦职业培训学校").out

"""Targets on the command line."""

from __future__ import annotations

from pathlib import Path

from tests.zhengxun.conftest import Zhengxun


def _list(run: Zhengxun) -> list[dict[str, object]]:
    listed = run("targets", "list", "--json")
    assert listed.status == 0
    # When it is due next is told from the present moment.
    return [{key: value for key, value in target.items() if key != "next_run_at"} for target in listed.json]


def test_add_guesses_and_keeps_what_was_said(ready: Zhengxun) -> None:
    """Kind and name are filled in; what is given is kept in its canonical form."""
    ran = ready(
        *("targets", "add", "https://www.example.com/news/", "--name", "示例", "--schedule", "每周一、三 08:00"),
        *("--max-pages", 20, "--max-depth", 2, "--region", "朔州", "--note", "举报", "--render"),
    )
    assert ran.status == 0
    (target,) = _list(ready)
    assert (
        target
        | {
            "id": 1,
            "name": "示例",
            "url": "https://www.example.com/news/",
            "kind": "website",
            "schedule": "0 8 * * mon,wed",
            "path_prefix": "/news/",
            "max_pages": 20,
            "max_depth": 2,
            "region": "朔州",
            "note": "举报",
            "render": "always",
            "paused": False,
        }
        == target
    )


def test_adding_twice_changes_nothing(ready: Zhengxun) -> None:
    """The same address in another spelling is the same target."""
    ready("targets", "add", "https://a.example.com/", "--name", "甲")
    again = ready("targets", "add", "https://A.EXAMPLE.com:443/?utm_source=x", "--name", "乙")
    assert again.status == 0
    assert "已存在" in again.out
    assert [target["name"] for target in _list(ready)] == ["甲"]


def test_private_addresses_are_refused(ready: Zhengxun) -> None:
    """Loopback, private and disguised ones are bad input unless a setting names them."""
    for address in (
        "http://127.0.0.1/",
        "http://10.1.2.3/",
        "http://0x7f.1/",
        "http://[::1]/",
        "http://localhost.localdomain/",
    ):
        ran = ready("targets", "add", address)
        assert ran.status == 2, address
        assert "ZHENGXUN_ALLOW_NETWORKS" in ran.err
    assert _list(ready) == []


def test_a_bad_target_is_refused_with_status_2(ready: Zhengxun) -> None:
    """Nothing is stored of it."""
    assert ready("targets", "add", "不是网址").status == 2
    assert ready("targets", "add", "https://a.example.com/", "--schedule", "有空就看").status == 2
    assert _list(ready) == []


def test_import_takes_good_rows_and_repeats_without_change(ready: Zhengxun, tmp_path: Path) -> None:
    """Bad rows give status 1 and are listed; a second import adds nothing."""
    path = tmp_path / "对象.csv"
    path.write_text(
        "名称,网址,类型,频率,备注\n甲,https://a.example.com/,网站,每天,\n乙,坏网址,网站,每天,\n丙,https://c.example.com/,,每12小时,\n",
        "gb18030",
    )
    first = ready("targets", "import", path, "--json")
    assert first.status == 1
    assert (first.json["added"], first.json["existing"]) == (2, 0)
    assert [bad["row"] for bad in first.json["bad"]] == [3]
    before = _list(ready)
    second = ready("targets", "import", path)
    assert second.status == 1
    assert "新增 0 个，已存在 2 个" in second.out
    assert "第 3 行" in second.out
    assert _list(ready) == before


def test_a_good_file_ends_with_0_and_a_bad_one_with_2(ready: Zhengxun, tmp_path: Path) -> None:
    """Only a file that cannot be read at all is bad input."""
    good = tmp_path / "好.csv"
    good.write_text("名称,网址,类型,频率,备注\n甲,https://a.example.com/,网站,每天,\n", "utf-8")
    assert ready("targets", "import", good).status == 0
    bad = tmp_path / "坏.csv"
    bad.write_text("姓名,电话\n", "utf-8")
    ran = ready("targets", "import", bad)
    assert ran.status == 2
    assert "网址" in ran.err


def test_export_goes_into_another_installation(ready: Zhengxun, tmp_path: Path) -> None:
    """What one data directory exports, another imports as the same list."""
    ready("targets", "add", "https://a.example.com/x/", "--name", "=甲", "--schedule", "工作日 09:30")
    ready("targets", "add", "https://b.example.com/")
    ready("targets", "pause", 2)
    for name in ("表.csv", "表.xlsx"):
        assert ready("targets", "export", tmp_path / name).status == 0
        other = tmp_path / f"other-{name}"
        assert ready("init", "--data-dir", other).status == 0
        assert ready("targets", "import", tmp_path / name, "--data-dir", other).status == 0
        listed = ready("targets", "list", "--json", "--data-dir", other).json
        compared = ("name", "url", "kind", "schedule", "path_prefix", "paused", "max_pages")
        assert [{key: target[key] for key in compared} for target in listed] == [
            {key: target[key] for key in compared} for target in _list(ready)
        ]


def test_pause_resume_remove(ready: Zhengxun) -> None:
    """Paused stays on the list, removed does not; unknown numbers change nothing."""
    for name in "ab":
        ready("targets", "add", f"https://{name}.example.com/")
    assert ready("targets", "pause", 1, 2).status == 0
    assert [target["paused"] for target in _list(ready)] == [True, True]
    assert ready("targets", "resume", 2).status == 0
    assert [target["paused"] for target in _list(ready)] == [True, False]
    unknown = ready("targets", "remove", 1, 99)
    assert unknown.status == 2
    assert "99" in unknown.err
    assert len(_list(ready)) == 2
    assert ready("targets", "remove", 1).status == 0
    assert [target["id"] for target in _list(ready)] == [2]


def test_a_kind_without_spider_is_taken_and_said(ready: Zhengxun) -> None:
    """Such a target goes on the list with a word about the gap it will be."""
    ran = ready("targets", "add", "https://www.douyin.com/user/1")
    assert ran.status == 0
    assert "覆盖缺口" in ran.err


def test_a_robots_override_needs_reason_and_name_and_is_kept(ready: Zhengxun) -> None:
    """Nobody ignores robots.txt silently: each decision stands with its person and reason, also the withdrawn one."""
    ready("targets", "add", "https://a.example.com/")
    assert ready("targets", "robots", 1, "--ignore", "--by", "张三").status == 2
    assert ready("targets", "robots", 1, "--ignore", "--reason", "批准").status == 2
    assert ready("targets", "robots", 1, "--ignore", "--obey", "--by", "张三", "--reason", "x").status == 2
    assert ready("targets", "robots", 7, "--ignore", "--by", "张三", "--reason", "x").status == 2
    assert "不遵守" in ready("targets", "robots", 1, "--ignore", "--by", "张三", "--reason", "专项检查〔2026〕3号").out
    assert ready("doctor").out.count("例外") == 1
    withdrawn = ready("targets", "robots", 1, "--obey", "--by", "李四").out
    assert "：遵守 robots.txt" in withdrawn
    assert "专项检查〔2026〕3号" in withdrawn
    assert "李四" in withdrawn

"""Templates and word lists that a user replaces: found first, harmless, and told apart when they are wrong."""

from __future__ import annotations

import io
from pathlib import Path

import docx
import pytest

from digest import build
from digest.measures import MeasureTable
from digest.templates import BUNDLED, Templates
from digest.text import Mask, masked
from digest.view import look
from domain.digest import Digest
from domain.document import Contact, ContactKind
from domain.errors import BadFile

from .material import CUTOFF, DAY, NUMBER, RULE_PACK, Leads, assessment, example_leads, finding, material
from .test_renderers import Page, docx_text, rendered


def example() -> Digest:
    """A digest with every status in it."""
    return build(Leads(example_leads()), DAY, CUTOFF, NUMBER, RULE_PACK)


def test_the_users_template_wins(tmp_path: Path) -> None:
    """A file of the same name in the user's folder is used; what he did not replace stays bundled."""
    (tmp_path / "digest.html.j2").write_text("<p>{{ digest.number }}：{{ digest.total }} 条</p>", encoding="utf-8")
    assert rendered(example(), "html", Templates(tmp_path)).decode() == "<p>2026年第327期：9 条</p>"
    assert rendered(example(), "docx", Templates(tmp_path))


def test_the_users_words_are_laid_over_the_bundled_ones(tmp_path: Path) -> None:
    """Setting the unit's name needs one line, not a copy of the whole list."""
    (tmp_path / "labels.yaml").write_text("unit: 某市委网信办\nplatforms: {weixin: 公众号}\n", encoding="utf-8")
    view = look(example(), Templates(tmp_path))
    assert view.unit == "某市委网信办"
    assert {item.platform for item in view.items} == {"网站", "公众号"}
    assert "某市委网信办" in Page(rendered(example(), "html", Templates(tmp_path)).decode()).text
    assert "某市委网信办" in docx_text(rendered(example(), "docx", Templates(tmp_path)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unti: 某市委网信办", "“unti”不认识"),
        ("outcomes: {tiemout: 超时}", "“outcomes.tiemout”不认识"),
        ("categories: {F: {authorities: [人社]}}", "“categories.F”不认识"),
        ("behaviours: {X9: {name: 甲, authorities: [人社]}}", "“behaviours.X9”不认识"),
        ("behaviours: {B9: {nmae: 甲}}", "“behaviours.B9.nmae”不认识"),
        ("behaviours: {B99: {name: 甲}}", "“behaviours.B99”缺少 authorities"),
        ("behaviours: {B9: 包过}", "“behaviours.B9”应为含 name、authorities 的映射"),
        ("behaviours: {B9: {authorities: 人社}}", "“behaviours.B9.authorities”应为部门名称的列表"),
        ("platforms: 网站", "“platforms”应为“键: 值”的映射"),
        ("unit: [甲, 乙]", "“unit”应为一段文字"),
    ],
)
def test_a_word_that_nothing_reads_is_named(tmp_path: Path, text: str, message: str) -> None:
    """A misspelt key, or a value of the wrong shape, is told with its file, never ignored."""
    (tmp_path / "labels.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BadFile, match=message) as caught:
        rendered(example(), "html", Templates(tmp_path))
    assert "labels.yaml" in str(caught.value)


def test_platforms_and_behaviours_of_ones_own_may_be_named(tmp_path: Path) -> None:
    """Spiders and rule packs are extended by users, and so are the names of what they find."""
    text = "platforms: {jianshu: 简书}\nbehaviours: {E5: {name: 自定行为, authorities: [网信]}}\n"
    (tmp_path / "labels.yaml").write_text(text, encoding="utf-8")
    lead = material(platform="jianshu", assessment=assessment([finding(behaviour="E5")]))
    (item,) = look(build(Leads([lead]), DAY, CUTOFF, NUMBER, RULE_PACK), Templates(tmp_path)).items
    assert (item.platform, item.behaviours, item.authorities) == ("简书", "E5 自定行为", "网信")


def test_a_word_file_of_the_users_is_filled(tmp_path: Path) -> None:
    """A digest.docx with tags, made in Word, replaces the bundled layout and escapes page texts."""
    template = docx.Document()
    template.add_paragraph("第 {{ digest.number }} 期，{{ digest.total }} 条")
    table = template.add_table(rows=3, cols=2)
    table.cell(0, 0).text = "{%tr for item in digest.items %}"
    table.cell(1, 0).text = "{{ item.title }}"
    table.cell(1, 1).text = "{{ item.measure }}"
    table.cell(2, 0).text = "{%tr endfor %}"
    template.save(str(tmp_path / "digest.docx"))
    leads = [material(1, title="<w:t>包过</w:t> & {{ 7*7 }}"), material(2, title="第二条")]
    data = rendered(build(Leads(leads), DAY, CUTOFF, NUMBER, RULE_PACK), "docx", Templates(tmp_path))
    filled = docx.Document(io.BytesIO(data))
    assert filled.paragraphs[0].text == "第 2026年第327期 期，2 条"
    assert [[cell.text for cell in row.cells] for row in filled.tables[0].rows] == [
        ["<w:t>包过</w:t> & {{ 7*7 }}", "关停网站"],
        ["第二条", "关停网站"],
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("甲\n{{ digest.nummer }}", "第 2 行用到了不存在的变量“nummer”"),
        ("{{ nothing }}", "第 1 行用到了不存在的变量“nothing”"),
        ("甲\n乙\n{% for item in %}", "第 3 行语法不正确"),
        ("{% include 'gone.j2' %}", "引用的模板“gone.j2”不存在"),
        ("{{ digest.__class__ }}", "不存在的变量|不允许的操作"),
        ("{{ digest.items.__class__.__mro__ }}", "不允许的操作"),
        ("{{ digest.total + '条' }}", "第 1 行的计算出错"),
        ("{% for n in range(99999999) %}{% endfor %}", "计算出错"),
    ],
)
def test_a_faulty_template_is_named_with_line_and_fault(tmp_path: Path, source: str, message: str) -> None:
    """The message says file, line and what is wrong in Chinese, and unsafe access is refused."""
    (tmp_path / "digest.html.j2").write_text(source, encoding="utf-8")
    with pytest.raises(BadFile, match=message) as caught:
        rendered(example(), "html", Templates(tmp_path))
    assert "digest.html.j2" in str(caught.value)


def test_a_template_in_another_encoding_is_named(tmp_path: Path) -> None:
    """A template saved as GBK is told to be saved as UTF-8."""
    (tmp_path / "digest.html.j2").write_bytes("简报".encode("gbk"))
    with pytest.raises(BadFile, match="UTF-8"):
        rendered(example(), "html", Templates(tmp_path))
    (tmp_path / "labels.yaml").write_bytes("unit: 简报".encode("gbk"))
    with pytest.raises(BadFile, match=r"labels\.yaml"):
        rendered(example(), "html", Templates(tmp_path))


def test_a_file_that_is_no_word_file_is_named(tmp_path: Path) -> None:
    """A digest.docx that is not one costs a clear message, not a stack trace."""
    (tmp_path / "digest.docx").write_bytes(b"no zip")
    with pytest.raises(BadFile, match="Word 模板"):
        rendered(example(), "docx", Templates(tmp_path))


def test_every_bundled_behaviour_and_category_has_authorities() -> None:
    """The word list covers the notice's 58 behaviours and 5 categories."""
    labels = Templates().data("labels.yaml")
    assert len(labels["behaviours"]) == 58
    assert all(entry["name"] and entry["authorities"] for entry in labels["behaviours"].values())
    assert set(labels["categories"]) == set("ABCDE")


def test_bundled_templates_hold_no_outside_address() -> None:
    """Users sit on closed networks: templates may name XML namespaces, nothing that is fetched."""
    allowed = ("schemas.openxmlformats.org", "schemas.microsoft.com", "purl.org", "www.w3.org")
    for path in BUNDLED.rglob("*.*"):
        for part in path.read_text(encoding="utf-8").split("://")[1:]:
            assert part.startswith(allowed), path.name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules: []", "缺少 rules"),
        ("rules: [{when: {level: [high]}}]", "第 1 条规则缺少 measure"),
        ("rules: [{measure: 甲, when: {colour: [red]}}, {measure: 乙}]", "第 1 条规则的条件“colour”不认识"),
        ("rules: [{measure: 甲, when: {level: [huge]}}, {measure: 乙}]", "不认识的值“huge”"),
        ("rules: [{measure: 甲, when: {level: high}}, {measure: 乙}]", "应为列表"),
        ("rules: [{measure: 甲, unless: {level: [high]}}, {measure: 乙}]", "只能有 when 和 measure"),
        ("rules: [{measure: 甲, when: {level: [high]}}]", "最后一条带有条件"),
        ("[1]", "应为“键: 值”的映射"),
        ("rules: [", "无法读取"),
    ],
)
def test_a_faulty_measure_table_is_named(tmp_path: Path, text: str, message: str) -> None:
    """The rule number and the wrong word are told; a table without a last resort is refused."""
    (tmp_path / "measures.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BadFile, match=message):
        MeasureTable.load(Templates(tmp_path))


def test_another_measure_table_changes_the_measures(tmp_path: Path) -> None:
    """Measures are data: the user's table decides."""
    (tmp_path / "measures.yaml").write_text("rules: [{measure: 约谈}]", encoding="utf-8")
    table = MeasureTable.load(Templates(tmp_path))
    assert {item.measure for item in build(Leads(example_leads()), DAY, CUTOFF, NUMBER, RULE_PACK, table).items} == {
        "约谈"
    }


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (ContactKind.PHONE, "13812340000", "138****0000"),
        (ContactKind.WECHAT, "abcdefg", "ab****fg"),
        (ContactKind.WECHAT, "abcd", "a***"),
        (ContactKind.QQ, "123456789", "12****89"),
        (ContactKind.EMAIL, "zhang.san@example.com", "z***@example.com"),
        (ContactKind.TEL400, "4001234567", "4001234567"),
        (ContactKind.LANDLINE, "03511234567", "03511234567"),
        (ContactKind.ICP, "晋ICP备2026000001号", "晋ICP备2026000001号"),
        (ContactKind.CREDIT_CODE, "91140100MA0000000X", "91140100MA0000000X"),
    ],
)
def test_contacts_are_masked_by_kind(kind: ContactKind, value: str, shown: str) -> None:
    """Numbers of persons are masked, those of organisations are not."""
    assert masked(Contact(kind, value)) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("加微信hzkz8866，电话13812340000", "加微信hz****66，电话138****0000"),
        ("电话：138 1234 0000／138-1234-0000", "电话：138****0000／138****0000"),
        ("订单号913812340000123", "订单号913812340000123"),
        ("hzkz88665 不是同一个号", "hzkz88665 不是同一个号"),
        ("统一社会信用代码91140100MA0000000X", "统一社会信用代码91140100MA0000000X"),
        ("HZKZ8866", "hz****66"),
    ],
)
def test_running_text_is_masked_without_touching_other_numbers(text: str, shown: str) -> None:
    """Known accounts and numbers of a person's shape are masked, longer numbers and other words are left."""
    assert Mask((Contact(ContactKind.WECHAT, "hzkz8866"),))(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("一次包过，咨询微信hzkz8", "一次包过，咨询微信hz****"),
        ("340000 一次包过", "**** 一次包过"),
        ("包过，电话1381234", "包过，电话13****"),
        ("2026 年包过，共 500", "2026 年包过，共 500"),
        ("hzkz8866 包过", "hz****66 包过"),
    ],
)
def test_what_a_cut_leaves_of_a_number_is_masked(text: str, shown: str) -> None:
    """A context ends forty characters beside its claim, perhaps in the middle of a number."""
    contacts = (Contact(ContactKind.WECHAT, "hzkz8866"), Contact(ContactKind.PHONE, "13812340000"))
    assert Mask(contacts).excerpt(text) == shown

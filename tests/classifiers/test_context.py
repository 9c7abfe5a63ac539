"""Who says it, and how: exemptions, speakers and facts."""

import pytest

import classifiers
from classifiers.classifier import Classifier
from classifiers.facts import check_facts
from classifiers.features import odd_writing
from domain.assessment import Level, Speaker, Subject


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """The bundled packs."""
    return classifiers.load()


EXEMPTED = [
    ("我校郑重声明：电工证考试不包过，请学员认真学习。", "negation"),
    ("本店承诺证书真实，拒绝代考。", "negation"),
    ("谨防电工证包过骗局。", "warning"),
    ("宣称电工证包过的都是骗子。", "warning"),
    ("公安机关抓获一个为考生代考的团伙，查获大量证书。", "enforcement"),
    ("该机构宣称证书官网可查、包过，学员信以为真。", "report"),
    ("请问电工证包过吗？", "question"),
    ("《广告法》第二十四条规定，教育、培训广告不得对通过考试作出保证，包过证书即属此类。", "law"),
    ("违禁词：包过、保过、代考、证书直出", "wordlist"),
    ("if (/电工证.{0,4}(包过|免考)/.test(title)) hide(title)", "wordlist"),
    ("['包过', '保过', '免考', '代考', '挂靠', '证书直出', '官网可查']", "wordlist"),
    ("贷款|发票|刷单|办证|代考|证书包过|高仿|充值|棋牌|六合彩|私服", "wordlist"),
    ("商标注册不成功退款，领取商标注册证书", "trade"),
]


@pytest.mark.parametrize(("text", "name"), EXEMPTED)
def test_a_claim_that_is_not_made_is_exempted_and_kept(classifier: Classifier, text: str, name: str) -> None:
    """Negated, warned of, reported, asked or quoted claims do not count; the liaison still sees them with the reason."""
    reading = classifier.read(Subject(text), thorough=True)
    assert reading is not None
    assert name in {finding.exempted_by for finding in reading.exempted}
    assert all(finding.weight == 0 for finding in reading.exempted)
    assert classifier.assess(Subject(text)).level is Level.NONE


def test_no_word_reaches_over_a_comma(classifier: Classifier) -> None:
    """快、包过 holds 包过, not 快包; a line break inside a word is none of its ends."""

    def rules(text: str) -> set[str]:
        return {finding.rule_id for finding in classifier.assess(Subject(text)).findings}

    assert "B-GUAR-0010" in rules("电工证拿证快、包过、官网可查")
    assert "B-GUAR-0010" not in rules("电工证培训送的面\n包过期了")


@pytest.mark.parametrize(
    "text",
    [
        '{"title": "高级电工证", "tag": "包过", "points": ["免考试", "七天拿证", "官网可查"], "btn": "马上报名"}',
        "首页 | 电工证包过班 | 焊工证免考 | 报名热线 1380000xxxx",
        "电工证|焊工证|叉车证|包过|免考|直接出证",
    ],
)
def test_a_pages_own_data_and_menu_are_no_word_list(classifier: Classifier, text: str) -> None:
    """They are written with quotes and bars too."""
    reading = classifier.read(Subject(text), thorough=True)
    assert reading is not None
    assert "wordlist" not in {finding.exempted_by for finding in reading.exempted}


def test_a_warning_above_the_own_advertisement_does_not_help(classifier: Classifier) -> None:
    """A seller who warns of others and then makes the claims himself is flagged."""
    text = (
        "郑重提醒：市面上假机构很多，谨防上当！\n认准本机构：健康管理师证书，内部渠道，签协议包过，不过全额退款，"
        "官网可查。\n加微信 jkgl_6688 报名，名额有限。"
    )
    assessment = classifier.assess(Subject(text))
    assert assessment.flagged
    assert "B-GUAR-0010" in {finding.rule_id for finding in assessment.findings}


ADVERTISEMENT = "低压电工证包过，不用考试，七天拿证，官网可查，加微信 abcd1234。"


@pytest.mark.parametrize(
    ("url", "account", "speaker"),
    [
        ("https://rst.shanxi.gov.cn/a.html", None, Speaker.AUTHORITY),
        ("https://zscx.osta.org.cn/", None, Speaker.AUTHORITY),
        ("https://www.people.com.cn/x", None, Speaker.MEDIA),
        (None, "某市网警巡查执法", Speaker.AUTHORITY),
        (None, "三晋晚报", Speaker.MEDIA),
        ("https://zscx.osta.org.cn.cert.example/", None, Speaker.SELLER),
    ],
)
def test_the_speaker_is_known_by_host_and_account(
    classifier: Classifier, url: str | None, account: str | None, speaker: Speaker
) -> None:
    """Official and press hosts and accounts are told; a true name on the left of another domain is not one."""
    assert classifier.assess(Subject(ADVERTISEMENT, url=url, account=account)).speaker is speaker


def test_an_official_host_lowers_the_score(classifier: Classifier) -> None:
    """The same words score lower on an authority's site than on an unknown one."""
    plain = classifier.assess(Subject(ADVERTISEMENT, url="https://a.example/"))
    official = classifier.assess(Subject(ADVERTISEMENT, url="https://rst.shanxi.gov.cn/a.html"))
    assert official.score < plain.score


@pytest.mark.parametrize(
    "text",
    [
        "某某承诺：所有课程包考包过，国家认可证书，官网终身可查，不过退费！",
        "拿证快、包过、官网可查，咨询电话：0351-xxxxxxx",
        "版权所有 某某教育 国家认可证书 包过班招生中",
        "健康管理师 国家认可 上网可查 报名从速",
        "叉车证 焊工证 电工证 免考 直接出证",
        "二建签约保过，考不过全额退款",
    ],
)
def test_the_plainest_offers_are_flagged(classifier: Classifier, text: str) -> None:
    """However unlike other offers a line sounds: whoever makes the claim outright makes it."""
    assert classifier.assess(Subject(text)).flagged


def test_an_imitated_query_page_is_named(classifier: Classifier) -> None:
    """A form that asks for a certificate's number under an official-sounding name is a finding, not on an official host."""
    text = "国家职业技能人才证书查询系统\n姓名\n证书编号\n验证码\n本中心所发证书均可在此查询，全国通用。"

    def rules(url: str, has_form: bool) -> set[str]:
        assessment = classifier.assess(Subject(text, url=url, has_form=has_form))
        return {finding.rule_id for finding in assessment.findings}

    assert "D-QUERY-0020" in rules("https://cx-rencai.example/", True)
    assert not rules("https://zscx.osta.org.cn/", True) & {"D-QUERY-0020", "D-WORDING-0010"}
    assert "D-QUERY-0020" not in rules("https://cx-rencai.example/", False)


def test_a_query_form_on_an_unofficial_host_raises_the_score(classifier: Classifier) -> None:
    """Claims beside a query form weigh more where the host is not an official one."""
    text = "技能证书查询：证书官网可查，输入姓名和证书编号查询。数据录入官网请联系微信 abcd1234，包上网。"
    without = classifier.assess(Subject(text, url="https://cx.example/"))
    with_form = classifier.assess(Subject(text, url="https://cx.example/", has_form=True))
    official = classifier.assess(Subject(text, url="https://zscx.osta.org.cn/", has_form=True))
    assert official.score < without.score <= with_form.score


@pytest.mark.parametrize(
    ("text", "kind", "wrong"),
    [
        ("茶艺师国家职业资格证书", "unlisted", True),
        ("一级建造师执业，属国家职业资格", "listed", False),
        ("颁发九级技能证书", "level", True),
        ("证书查询网址 www.zgjnzs.cc", "query_host", True),
        ("证书查询请到 zscx.osta.org.cn", "official_query", False),
    ],
)
def test_statements_are_held_against_facts(classifier: Classifier, text: str, kind: str, wrong: bool) -> None:
    """Catalogue, levels and query hosts are checked, and each fact says what it rests on."""
    facts = check_facts(text, classifier.pack.facts)
    assert [(fact.kind, fact.wrong) for fact in facts] == [(kind, wrong)]
    assert facts[0].text


@pytest.mark.parametrize("level", ["特级技师", "首席技师", "高级技师", "一级建造师"])
def test_true_levels_are_no_wrong_facts(classifier: Classifier, level: str) -> None:
    """All eight levels of the system exist."""
    assert not check_facts(f"{level}证书", classifier.pack.facts)


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("免k直出，官网可cha到，zheng书包guo", 2),
        ("国·家·认·可，职·业·资·格", 2),
        ("心D理Z询师，建K管L师", 4),
        ("用 Python 写了一个爬虫，跑在 Linux 上。T恤五折，包邮。", 0),
    ],
)
def test_odd_writing_is_counted(text: str, odd: int) -> None:
    """Syllables and letters inside words, and one sign after every character; foreign words between spaces are none."""
    assert odd_writing(text) == odd

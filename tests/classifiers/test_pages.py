"""Whole pages: regions are judged apart, and every finding still says where it stands."""

from __future__ import annotations

import classifiers
from classifiers.pages import assess_page
from domain.assessment import Assessment, Subject

CLASSIFIER = classifiers.load()

NAV = ("nav", "首页 | 课程中心 | 证书查询 | 招商加盟 | 联系我们")
FOOTER = ("footer", "版权所有 © 某某信息网 资质证书 许可证 客服热线 400-000-0000 假一赔十 晋ICP备00000001号-1")
FILLER = [("main", "会议还研究了其他事项，对近期工作作出安排。")] * 6


def _page(*segments: tuple[str, str], title: str = "") -> Subject:
    seen = [text for kind, text in segments if kind not in ("alt", "meta", "hidden")]
    return Subject(text="\n".join(seen), title=title, url="http://a.example/", segments=segments)


def _judge(subject: Subject) -> Assessment:
    assessment = assess_page(CLASSIFIER, subject)
    for finding in assessment.findings:
        field = {
            "text": subject.text,
            "title": subject.title,
            "segments": subject.segments[finding.segment or 0][1] if subject.segments else "",
        }[finding.field]
        assert field[finding.start : finding.end] == finding.quote
    return assessment


def test_what_stands_around_the_content_does_not_speak_for_it() -> None:
    """A shop's page with a wordy footer is no lead."""
    page = _page(NAV, ("main", "面包过期了怎么办？回炉烤五分钟，口感跟新出炉差不多。"), FOOTER, title="烘焙手记")
    assert not _judge(page).flagged


def test_one_line_among_many_is_found() -> None:
    """An advertisement that drowns among other lines is judged by itself."""
    claim = ("main", "电工证不用考试，一次性包过，国家认可，上网可查，加微信 dg00000 办理，三天拿证。")
    page = _page(NAV, *FILLER, claim, *FILLER, FOOTER)
    assessment = _judge(page)
    assert assessment.flagged
    assert any(finding.quote in claim[1] for finding in assessment.findings)


def test_readers_comments_do_not_excuse_the_seller() -> None:
    """Questions and cautions below an advertisement leave it an advertisement."""
    page = _page(
        ("main", "本人渠道办理资料员、八大员证书，不考试直接出证，包过，加微信：zl00000。"),
        ("comment", "真的假的？多少钱"),
        ("comment", "楼上小心被骗，都是骗子"),
    )
    assert _judge(page).flagged


def test_a_seller_among_the_comments_is_found() -> None:
    """A question is no claim, the answer that sells is."""
    page = _page(
        ("main", "想考个电工证，大家有推荐的学校吗？大概要学多久？"),
        ("comment", "找我，电工证免考包过，直接出证，官网可查，加微信 dg00000，三天到手。"),
    )
    assert _judge(page).flagged


def test_texts_without_segments_are_judged_as_they_are() -> None:
    """Plain texts go through the same classifier."""
    subject = Subject(text="健康管理师包过班，国家认可，上网可查，报名电话 138-0000-0000")
    assert assess_page(CLASSIFIER, subject) == CLASSIFIER.assess(subject)


def test_a_poster_is_judged_as_the_text_it_is() -> None:
    """What the classifier flags as a text it flags on a poster, too, however its lines are cut, on a page that claims nothing."""
    poster = "考前一天出答案，四套\n试卷全覆盖，准确率 90% 以上\n首款 30%，考后补齐。非诚勿扰。"
    assert CLASSIFIER.assess(Subject(text=poster)).flagged
    page = _page(("main", "欢迎各位家长和学员到校参观，开放时间为周六上午九点到十一点。"), ("picture", poster))
    assert _judge(page).flagged
    honest = _page(("main", "欢迎各位家长和学员到校参观。"), ("picture", "社区图书馆暑期活动\n自愿参加 全程免费"))
    assert not _judge(honest).flagged

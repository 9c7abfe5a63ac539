"""Layouts of platforms' pages as a browser shows them (:class:`crawler.extract.rendered_post.Layout`).

Selectors learned from public user scripts and readers that work on the shown page: woo/wbpro classes and ``.weibo-text``
(微博), ``#detail-desc`` (小红书), ``data-e2e`` attributes (抖音), ``.desc-info-text`` and ``.opus-module-content`` (B站),
``.RichContent-inner`` and ``.Post-RichText`` (知乎), ``.article-content`` (今日头条). Class names with a generated end are
matched by their beginning.
"""

from __future__ import annotations

from crawler.extract.rendered_post import Layout

WEIBO = (
    Layout(
        scope='article[class*="woo-panel"], article',
        text='[class*="_wbtext"], .wbpro-feed-ogText, [class*="detail_ogText"], [class*="detail_reText"], .wbpro-feed-reText',
        account='[class*="head_name"], header a[class*="_name_"], header a[usercard]',
        time='a[class*="head-info_time"], a[class*="_time"]',
        pictures='[class*="picture"] img, .woo-picture-main img',
        comments=".wbpro-list .item1in, .wbpro-list .item2 .con2",
        comment_name=".text a",
        comment_text=".text > span",
        drop='.expand, [class*="expand"], .url-icon img:not([alt])',
    ),
    Layout(
        scope=".card.m-panel, .weibo-main, article.weibo-main, .lite-page-wrap",
        text=".weibo-text",
        account=".weibo-top .m-text-cut, .weibo-top h3",
        time=".weibo-top .time, .weibo-top h4 .time, h4 .time",
        pictures=".weibo-media img, .weibo-media-wraps img",
        comments=".comment-content .card, .lite-page-comment .card",
        comment_name="h4",
        comment_text="h3",
    ),
    Layout(
        scope=".WB_detail, .WB_feed_detail",
        text=".WB_text",
        account=".WB_info .W_fb, .WB_info a",
        time=".WB_from a[date], .WB_from a[title]",
        pictures=".WB_pic img, .media_box img",
        comments=".WB_feed_repeat .list_li, .list_box .list_li",
        comment_name=".WB_text a",
        comment_text=".WB_text",
    ),
)
XIAOHONGSHU = (
    Layout(
        text="#detail-desc, .note-content .desc",
        title="#detail-title, .note-content .title",
        account=".author .username, .author-wrapper .username, .author-container .name",
        time=".bottom-container .date, .note-content .date",
        pictures=".note-slider-img, .swiper-slide img, .media-container img",
        comments=".comment-item",
        comment_name=".author .name, .name",
        comment_text=".content, .note-text",
    ),
)
DOUYIN = (
    Layout(
        text='[data-e2e="detail-video-info"] h1, [data-e2e="video-desc"], [data-e2e="note-desc"]',
        account='[data-e2e="user-info"] a[href*="/user/"], [data-e2e="feed-video-nickname"]',
        time='[data-e2e="detail-video-publish-time"], [data-e2e="note-publish-time"]',
        comments='[data-e2e="comment-item"]',
        comment_name='a[href*="/user/"]',
        comment_text='[data-e2e="comment-text"], p, .comment-content-text',
    ),
)
KUAISHOU = (
    Layout(
        text=".short-video-info-container-detail p, .video-info-title",
        account=".profile-user-name-title, .profile-user-name",
        time=".photo-time, .video-info .time",
        comments=".comment-item",
        comment_name=".comment-item-author",
        comment_text=".comment-item-content",
    ),
)
BILIBILI = (
    Layout(
        text=".desc-info-text, .video-desc .info, .basic-desc-info",
        keeps_lines=True,
        title="h1.video-title, h1[data-title], .video-info-title h1",
        account=".up-name, .up-info--right .username, meta[name=author]",
        time=".pubdate-ip-text, .pubdate-text, .pubdate, meta[itemprop=datePublished], meta[itemprop=uploadDate]",
        below=".tag-panel .tag-link, .tag .tag-link, .tag-area .tag-link",
        comments=".reply-item, .comment-list .list-item",
        comment_name=".user-name, .user .name",
        comment_text=".reply-content, .text",
    ),
    Layout(
        text=".opus-module-content, .bili-rich-text__content",
        title=".opus-module-title__text",
        account=".opus-module-author__name, .bili-dyn-title__text",
        time=".opus-module-author__pub__text, .bili-dyn-time",
        pictures=".opus-pic-view img, .horizontal-scroll-album__pic img, .bili-album img",
        below=".opus-module-topic__text, .bili-topic__text",
    ),
    Layout(
        text=".bili-rich-text__content",
        account=".bili-dyn-title__text",
        time=".bili-dyn-time",
        pictures=".bili-album img",
        below=".bili-topic__text",
    ),
    Layout(
        text="#read-article-holder, .article-content .read-article-holder",
        title="h1.title, .title-container .title",
        account=".up-name, .author-container .up-name",
        time=".publish-text, meta[itemprop=datePublished]",
    ),
)
ZHIHU = (
    Layout(
        scope=".Post-Main, .Post-content",
        text=".Post-RichText, .Post-RichTextContainer .RichText",
        title=".Post-Title",
        account=".AuthorInfo-name, .AuthorInfo meta[itemprop=name]",
        time=".ContentItem-time",
        below=".Post-topicsAndReviewer .TopicLink, .TopicList .TopicLink",
        comments=".CommentItemV2, .CommentContent-item",
        comment_name=".UserLink",
        comment_text=".CommentRichText, .CommentContent",
    ),
    Layout(
        scope=".QuestionAnswer-content, .AnswerCard",
        text=".RichContent-inner",
        title=".QuestionHeader-title",
        account=".AuthorInfo-name, .AuthorInfo meta[itemprop=name]",
        time=".ContentItem-time",
    ),
)
TOUTIAO = (
    Layout(
        text="article.syl-article-base, .article-content article, .tt-article-content",
        title=".article-content h1, .article-title",
        account=".article-meta .name a, .article-meta .name, .author-name",
        time=".article-meta span:not([class]), .article-meta .publish-time, .article-meta time",
        comments=".comment-info",
        comment_name=".name",
        comment_text=".content",
    ),
)

"""知乎: questions with their answers, single answers, columns (专栏), short posts (想法), videos; pages and answers of the API.

Field names learned from MediaCrawler (media_platform/zhihu/help.py: ``<script id="js-initialData">`` with
``initialState.entities.answers``, ``.articles``, ``.zvideos``, ``.users``) and public readers of the same data
(``createdTime``, ``created``, ``author.urlToken``, ``question.title``; the API spells them ``created_time``, ``url_token``).
"""

from __future__ import annotations

import html
import re

from crawler.extract.embedded_state import element, json_answer
from crawler.extract.layouts import ZHIHU
from crawler.extract.post import Post, address, finished, is_host, joined, no_post, path_of
from crawler.extract.rendered_post import recognised, shown
from crawler.extract.source import Source
from crawler.extract.tree_reading import Tree, dig, has, identity_in, tree, trees, word
from domain.document import Extraction

NAME = "zhihu_post/1"
PLATFORM = "zhihu"

_HOSTS = ("zhihu.com",)
_POST_PATH = re.compile(r"/(?:question/\d+|answer/\d+|p/\d+|pin/\d+|zvideo/\d+|tardis/\w+/\w+/\d+|account/unhuman)")
_API_PATH = re.compile(r"/api/v4/(?:answers|questions|articles|pins|members)")
_ANSWER_PATH = re.compile(r"/answers?/(\d+)|/ans/(\d+)")
#: A card's words stand in attributes: goods and links inside an answer.
_CARD = re.compile(
    r"<a\b(?=[^<>]{0,2000}?\bdata-draft-(?:type|title)=)([^<>]{0,3000})>(?:\s|&nbsp;){0,20}</a>", re.IGNORECASE
)
#: A footnote's words and address stand in attributes; the page lists them under the text (参考).
_FOOTNOTE = re.compile(r"<sup\b([^<>]{0,4000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\bdata-(draft-type|text|url|numero)=\"([^\"]{0,2000})\"")
_CARD_WORDS = re.compile(r"\bdata-draft-title=\"([^\"]{0,300})\"", re.IGNORECASE)
_CHECK = re.compile(r"zse-ck|Unhuman-tip|/account/unhuman")
_KINDS = ("answers", "articles", "pins", "zvideos", "questions")


def accepts(source: Source) -> bool:
    """Post addresses, and pages or answers with the structure of posts anywhere."""
    at_home = is_host(source.url, *_HOSTS)
    if source.kind == "html":
        if at_home and _POST_PATH.search(path_of(source.url)):
            return True
        text = source.text
        if "js-initialData" in text and any(f'"{kind}"' in text for kind in _KINDS):
            # At home every page carries this data, empty on those without posts.
            return not at_home or bool(_from_page(_entities(source), source.url))
        told = "Post-RichText" in text or "QuestionHeader-title" in text
        return not at_home and told and recognised(source, ZHIHU)
    if source.kind != "json":
        return False
    if at_home and _API_PATH.search(path_of(source.url)):
        return True
    text = source.text
    return '"url_token"' in text and '"content"' in text and bool(_from_api(json_answer(source), source.url))


def extract(source: Source) -> Extraction:
    """The post of the address; on a question's page the question, then its answers."""
    if source.kind == "json":
        answer = json_answer(source)
        posts = _from_api(answer, source.url)
        if not posts:
            error = tree(answer, "error")
            return no_post(
                source, NAME, PLATFORM, "content", said=word(error, "message", "name") or word(answer, "message")
            )
        return finished(source, posts, embedded=isinstance(dig(answer, "data"), list))
    state = element(source, "js-initialData")
    posts = _from_page(_entities(source), source.url)
    if not posts:
        seen = shown(source.page.tree, ZHIHU, source.url, PLATFORM, NAME)
        if seen is not None:
            return finished(source, [seen])
        said = _errors(state.value)
        if not said and _CHECK.search(source.text) and state.problem == "absent":
            said = "安全验证"
        looked_for = "js-initialData" if state.problem else "entities"
        return no_post(source, NAME, PLATFORM, looked_for, said=said, problem=state.problem)
    listed = is_host(source.url, *_HOSTS) and _POST_PATH.search(path_of(source.url)) is None
    return finished(source, posts, embedded=listed)


def _entities(source: Source) -> Tree:
    return tree(element(source, "js-initialData").value, "initialState", "entities")


def _errors(value: object) -> str:
    """Messages of failed requests, which the page keeps beside its entities."""
    errors = [tree(value, "initialState", "question", "errors"), tree(value, "initialState", "article", "errors")]
    messages = [word(tree(each), "message") for holder in errors for each in [holder, *trees(holder)]]
    return joined(messages)


def _from_page(entities: Tree, url: str) -> list[Post]:
    kept = {kind: [each for each in trees(entities, kind) if each] for kind in _KINDS}
    users = tree(entities, "users")
    questions, answers = kept["questions"], kept["answers"]
    match = _ANSWER_PATH.search(path_of(url))
    wanted = (match[1] or match[2]) if match else ""
    at_question = "/question/" in path_of(url) and not wanted
    if wanted:
        answers.sort(key=lambda each: word(each, "id") != wanted)
    for kind in ("articles", "zvideos", "pins"):
        own = [each for each in kept[kind] if word(each, "id") in path_of(url)] or (kept[kind] if not answers else [])
        if own and not wanted and not at_question:
            return [_article(own[0], users, url, kind)]
    shown = [each for each in answers if "content" in each or "excerpt" in each]
    posts = [
        _answer(each, questions, users, url, whole=number == 0 and not at_question) for number, each in enumerate(shown)
    ]
    if questions and not wanted and (at_question or len(posts) != 1):
        posts.insert(0, _question(questions[0], users, url))
    return posts


def _from_api(answer: object, url: str) -> list[Post]:
    listed = dig(answer, "data")
    items = (
        [tree(item, "target") or item for item in trees(answer, "data")] if isinstance(listed, list) else [tree(answer)]
    )
    posts = []
    for item in items:
        kind = word(item, "type")
        if kind == "answer" and "content" in item:
            posts.append(_answer(item, [tree(item, "question")], {}, url, whole=not isinstance(listed, list)))
        elif kind in ("article", "pin", "zvideo") and ("content" in item or "title" in item):
            posts.append(_article(item, {}, url, f"{kind}s"))
        elif kind == "question" and ("detail" in item or "title" in item) and not isinstance(listed, list):
            posts.append(_question(item, {}, url))
    return posts


def _new(url: str, own: str, *, beside: bool = False) -> Post:
    return Post(own or url if beside else address(url, own, _HOSTS, _POST_PATH), PLATFORM, NAME)


def _author(post: Post, item: Tree, users: Tree) -> None:
    author = item.get("author")
    user = tree(users, author) if isinstance(author, str) else tree(item, "author")
    user = tree(user, "member") or user
    post.account = word(user, "name")
    post.account_id = word(user, "urlToken", "url_token", "id")
    if post.account_id == "0":
        post.account_id = ""


def _body(post: Post, text: str) -> None:
    post.markup(_CARD.sub(_card_shown, text))
    listed: dict[str, dict[str, str]] = {}
    for match in _FOOTNOTE.finditer(text):
        held = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(match[1])}
        if held.get("draft-type") == "reference":
            listed.setdefault(held.get("numero", ""), held)
    for number, held in listed.items():
        words, url = held.get("text", ""), held.get("url", "")
        post.say(joined([f"[{number}]", words, url]))
        post.link(url, words)


def _card_shown(match: re.Match[str]) -> str:
    words = _CARD_WORDS.search(match[1])
    return f"<p>{words[1]}</p>" if words else ""


def _question(item: Tree, users: Tree, url: str) -> Post:
    identity = identity_in(item, "id")
    post = _new(url, f"https://www.zhihu.com/question/{identity}" if identity else "")
    _author(post, item, users)
    post.account = post.account or "知乎用户"
    post.time(item.get("created"), item.get("createdTime"), item.get("created_time"))
    title = word(item, "title")
    if title:
        post.heading(title)
    else:
        post.lacking.append("title")
    _body(post, word(item, "detail", "excerpt"))
    for topic in trees(item, "topics"):
        name = word(topic, "name")
        post.say(f"#{name}" if name else "")
    return post


def _answer(item: Tree, questions: list[Tree], users: Tree, url: str, *, whole: bool) -> Post:
    """An answer; ``whole`` with what its question says, as on its own page."""
    identity = identity_in(item, "id")
    asked = tree(item, "question")
    about = identity_in(asked, "id") or identity_in(item, "question")
    question = next(
        (each for each in questions if word(each, "id") == about), asked or (questions[0] if questions else {})
    )
    own = f"https://www.zhihu.com/question/{about}/answer/{identity}" if about and identity else ""
    post = _new(url, own, beside=not whole)
    _author(post, item, users)
    post.time(item.get("createdTime"), item.get("created_time"))
    title = word(question, "title") or word(asked, "title")
    if title:
        post.heading(title)
    else:
        post.lacking.append("title")
    if whole:
        _body(post, word(question, "detail"))
    if not has(item, "content"):
        post.lacking.append("text")
    _body(post, word(item, "content"))
    post.picture(word(item, "thumbnail"))
    _comments(post, item)
    return post


def _article(item: Tree, users: Tree, url: str, kind: str) -> Post:
    identity = identity_in(item, "id")
    places = {
        "articles": "https://zhuanlan.zhihu.com/p/",
        "pins": "https://www.zhihu.com/pin/",
        "zvideos": "https://www.zhihu.com/zvideo/",
    }
    post = _new(url, f"{places.get(kind, places['articles'])}{identity}" if identity else "")
    _author(post, item, users)
    post.time(
        *(
            item.get(name)
            for name in (
                "created",
                "createdTime",
                "created_time",
                "publishedAt",
                "published_at",
                "created_at",
                "createdAt",
            )
        )
    )
    title = word(item, "title")
    if title:
        post.heading(title)
    elif kind == "articles":
        post.lacking.append("title")
    parts = item.get("content")
    if isinstance(parts, list):  # short posts are a list of texts, pictures and links
        for part in trees(parts):
            _body(post, word(part, "content", "own_text", "title"))
            post.picture(word(part, "url", "originalUrl") if word(part, "type") == "image" else "")
            post.link(word(part, "url") if word(part, "type") == "link" else "", word(part, "title"))
    elif has(item, "content", "contentHtml", "content_html", "description"):
        _body(post, word(item, "contentHtml", "content_html", "content", "description"))
    else:
        post.lacking.append("text")
    post.picture(word(item, "imageUrl", "image_url", "titleImage"))
    for topic in trees(item, "topics"):
        name = word(topic, "name")
        post.say(f"#{name}" if name else "")
    _comments(post, item)
    post.lead()
    return post


def _comments(post: Post, item: Tree) -> None:
    for comment in trees(item, "comments"):
        author = tree(comment, "author")
        post.comment(word(tree(author, "member") or author, "name"), word(comment, "content"))
        for answer in [*trees(comment, "childComments"), *trees(comment, "child_comments")]:
            author = tree(answer, "author")
            post.comment(word(tree(author, "member") or author, "name"), word(answer, "content"))

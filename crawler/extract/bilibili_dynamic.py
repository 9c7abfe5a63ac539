"""Dynamics of B站 in their two spellings: ``modules`` as a list of typed modules (opus pages), or as one dictionary."""

from __future__ import annotations

from crawler.extract.post import Post
from crawler.extract.tree_reading import Tree, dig, tree, trees, word

#: Members of ``module_dynamic.major`` and ``additional`` that hold words, and where in them the words are.
_WORDS = (
    "title",
    "head_text",
    "desc",
    "desc1",
    "desc2",
    "desc_first",
    "desc_second",
    "sub_title",
    "brief",
    "price",
    "text",
)


def is_dynamic(item: Tree) -> bool:
    """Whether ``item`` has modules of a dynamic."""
    modules = item.get("modules")
    if isinstance(modules, list):
        return any("module_type" in module for module in modules if isinstance(module, dict))
    return isinstance(modules, dict) and ("module_author" in modules or "module_dynamic" in modules)


def fill(post: Post, item: Tree) -> None:
    """Fill ``post`` from a dynamic."""
    if isinstance(item.get("modules"), list):
        _from_list(post, trees(item, "modules"))
        if not post.title:
            post.title = word(tree(item, "basic"), "title").removesuffix(" - 哔哩哔哩")
    else:
        _from_tree(post, item)
    post.lead()


def _author(post: Post, author: Tree) -> None:
    post.account, post.account_id = word(author, "name"), word(author, "mid")
    post.time(author.get("pub_ts"), author.get("pub_time"))


def _from_list(post: Post, modules: list[Tree]) -> None:
    found = False
    for module in modules:
        kind = word(module, "module_type")
        if kind == "MODULE_TYPE_TITLE":
            post.heading(word(tree(module, "module_title"), "text"))
        elif kind == "MODULE_TYPE_AUTHOR":
            _author(post, tree(module, "module_author"))
        elif kind == "MODULE_TYPE_TOP":
            for picture in trees(module, "module_top", "display", "album", "pics"):
                post.picture(word(picture, "url"))
        elif kind == "MODULE_TYPE_TOPIC":
            name = word(tree(module, "module_topic"), "name")
            post.say(f"#{name}#" if name else "")
        elif kind == "MODULE_TYPE_CONTENT":
            found = True
            content = tree(module, "module_content")
            if "paragraphs" not in content:
                post.lacking.append("text")
            for paragraph in trees(content, "paragraphs"):
                _paragraph(post, paragraph)
        elif kind == "MODULE_TYPE_EXTEND":
            for each in trees(module, "module_extend", "items"):
                post.say(word(each, "text"))
    if not found:
        post.lacking.append("text")


def _paragraph(post: Post, paragraph: Tree) -> None:
    for name in ("text", "heading", "blockquote"):
        post.say(_nodes(trees(paragraph, name, "nodes")))
    for child in trees(paragraph, "blockquote", "children"):
        _paragraph(post, child)
    for item in trees(paragraph, "list", "items"):
        post.say(_nodes(trees(item, "nodes")))
        for child in trees(item, "children"):
            _paragraph(post, child)
    for picture in trees(paragraph, "pic", "pics"):
        post.picture(word(picture, "url"), word(picture, "alt", "comment"))
    post.say(word(tree(paragraph, "code"), "content"))
    card = tree(paragraph, "link_card", "card")
    for value in card.values():
        _card(post, value)


def _nodes(nodes: list[Tree]) -> str:
    words = []
    for node in nodes:
        rich = tree(node, "rich")
        plain = tree(node, "word")
        words.append(
            dig(plain, "words") or word(rich, "text", "orig_text") or word(tree(node, "formula"), "latex_content")
            or word(node, "text", "orig_text")
        )  # fmt: skip
    return "".join(each for each in words if isinstance(each, str))


def _from_tree(post: Post, item: Tree) -> None:
    modules = tree(item, "modules")
    _author(post, tree(modules, "module_author"))
    dynamic = tree(modules, "module_dynamic")
    if not dynamic:
        post.lacking.append("text")
    topic = word(tree(dynamic, "topic"), "name")
    post.say(f"#{topic}#" if topic else "")
    _description(post, tree(dynamic, "desc"))
    _major(post, tree(dynamic, "major"))
    for value in tree(dynamic, "additional").values():
        _card(post, value)
    original = tree(item, "orig")
    if original:
        name = word(tree(original, "modules", "module_author"), "name")
        post.say(f"@{name}：" if name else "")
        inner = tree(original, "modules", "module_dynamic")
        _description(post, tree(inner, "desc"))
        _major(post, tree(inner, "major"))


def _description(post: Post, description: Tree) -> None:
    whole = "".join(word(node, "text", "orig_text") for node in trees(description, "rich_text_nodes"))
    plain = word(description, "text")
    post.say(plain if len(plain) >= len(whole) else whole)
    for node in trees(description, "rich_text_nodes"):
        post.link(word(node, "jump_url") if node.get("type") == "RICH_TEXT_NODE_TYPE_WEB" else "", word(node, "text"))


def _major(post: Post, major: Tree) -> None:
    opus = tree(major, "opus")
    if opus:
        if word(opus, "title"):
            post.heading(word(opus, "title"))
        _description(post, tree(opus, "summary"))
        for picture in trees(opus, "pics"):
            post.picture(word(picture, "url"), word(picture, "alt"))
    for picture in trees(major, "draw", "items"):
        post.picture(word(picture, "src"))
    for name in ("archive", "article", "common", "pgc", "courses", "music", "live", "ugc_season", "none", "blocked"):
        _card(post, major.get(name))


def _card(post: Post, value: object) -> None:
    """Words of a card: a video, goods, a vote, an appointment."""
    card = tree(value)
    for name in _WORDS:
        post.say(word(card, name) or word(tree(card, name), "text"))
    for name in ("items", "options"):
        for each in trees(card, name):
            _card(post, each)
    post.picture(word(card, "cover"))
    covers = card.get("covers")
    for cover in covers if isinstance(covers, list) else ():
        post.picture(cover)
    post.link(word(card, "jump_url"), word(card, "title"))
    post.say(word(card, "tips", "hint_message"))

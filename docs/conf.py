"""The manual as a static site: ``make manual``.

The pages must work where nothing is reachable: opened as files, and served by the console under its Content-Security-Policy
(no inline script or style, nothing from elsewhere). Furo's style sheet and scripts are used as they are; its templates
hold inline scripts and English words, so ``site/templates`` has its own.
"""

from __future__ import annotations

import re
import shutil
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.search import SearchLanguage, languages

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "证巡使用手册"
language = "zh_CN"
extensions = ["myst_parser"]
exclude_patterns = ["site"]
# A link to a heading of any level, as code hosts make them from the heading's words.
myst_heading_anchors = 4
nitpicky = True

html_theme = "furo"
html_title = project
html_short_title = project
templates_path = ["site/templates"]
html_static_path = ["site/static"]
html_css_files = ["manual.css"]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_use_index = False
html_domain_indices = False
# The summary of a found page would be fetched, which browsers refuse to pages opened as files.
html_show_search_summary = False
html_search_language = "zh"
html_favicon = "site/static/mark.svg"


class ChineseSearch(SearchLanguage):
    """Search in Chinese without a dictionary: every character and every pair of neighbours is a word of the index.

    Sphinx's own Chinese search cuts words by jieba when the index is made and not at all when somebody asks, so that a
    phrase such as 移送函 finds nothing. Pairs are the same on both sides.
    """

    lang = "zh"
    language_name = "Chinese"
    js_splitter_code = """
function splitQuery(query) {
  const terms = [];
  for (const [run] of query.matchAll(/[\\u3400-\\u9fff]+|[A-Za-z0-9_]+/g)) {
    if (run.length === 1 || !/[\\u3400-\\u9fff]/.test(run)) terms.push(run);
    else for (let at = 0; at + 1 < run.length; at++) terms.push(run.slice(at, at + 2));
  }
  return terms;
}
"""
    _runs = re.compile(r"[\u3400-\u9fff]+|[A-Za-z0-9_]+")

    def split(self, input: str) -> list[str]:
        """Words of a text."""
        found: list[str] = []
        for run in self._runs.findall(input):
            if run[0] < "\u3400":
                found.append(run)
            else:
                found += run
                found += [run[at : at + 2] for at in range(len(run) - 1)]
        return found

    def stem(self, word: str) -> str:
        """Small letters."""
        return word.lower()


languages["zh"] = ChineseSearch


_CHINESE = re.compile(r"[\u2014-\u201d\u3000-\u9fff\uff00-\uffef]")


def _join_lines(app: Sphinx, document: nodes.document) -> None:
    """No space where a line ends between two Chinese characters or marks: a browser would show one (MyST makes it a node)."""
    for block in {id(one.parent): one.parent for one in document.findall(nodes.Text) if one == "\n"}.values():
        words = [part.astext() for part in block]
        for at in range(len(words) - 2, 0, -1):  # by place: all ends of lines are equal
            sides = "".join(words[:at])[-1:], "".join(words[at + 1 :])[:1]  # MyST puts empty texts before a bold word
            if words[at] == "\n" and all(map(_CHINESE.match, sides)):
                del block[at]


def _finish_page(app: Sphinx, page: str, template: str, context: dict[str, Any], document: object) -> None:
    """A click shows a picture of a whole screen at its own size; long lines of a command are scrolled by keyboard too."""
    if "body" in context:
        pictures = re.sub(r'<img [^>]*src="([^"]+)"[^>]*/>', r'<a class="picture" href="\1">\g<0></a>', context["body"])
        context["body"] = pictures.replace("<pre>", '<pre tabindex="0">')


def _finish_site(app: Sphinx, error: Exception | None) -> None:
    """What a CSP forbids, what only builders read, and the licences of the files that others wrote."""
    if error is not None:
        return
    static = Path(app.outdir, "_static")
    # Sphinx makes a function of the catalogue's rule for plurals; Chinese has none.
    script = (static / "doctools.js").read_text("utf-8")
    changed, found = re.subn(r"new Function\(\s*\"n\",\s*`[^`]*`,?\s*\)", "() => 0", script)
    if found != 1 or '"plural_expr": "0"' not in (static / "translations.js").read_text("utf-8"):
        raise ExtensionError(
            "doctools.js of this Sphinx evaluates strings in another way: see _finish_site in docs/conf.py"
        )
    (static / "doctools.js").write_text(changed, "utf-8")
    for name in (".buildinfo", "objects.inv"):
        Path(app.outdir, name).unlink(missing_ok=True)
    shutil.rmtree(Path(app.outdir, "_sources"), ignore_errors=True)
    texts = []
    for name in ("furo", "sphinx"):
        package = distribution(name)
        for path in package.files or ():
            if path.name.startswith("LICENSE"):
                texts.append(f"{name} {package.version}\n\n{path.read_text('utf-8')}")
    (static / "licences.txt").write_text("\n\n".join(texts), "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx's entry point."""
    app.connect("doctree-read", _join_lines)
    app.connect("html-page-context", _finish_page)
    app.connect("build-finished", _finish_site)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""``digest-YYYY-MM-DD.docx``: 每日专报 in the layout of GB/T 9704 (``digest_templates/docx``, parts of the file as text).

The parts are rendered as text and zipped: python-docx searches the whole body for every paragraph it adds, which
is quadratic in the number of leads. Who replaces the layout in Word puts a ``digest.docx`` with Jinja tags into the
template folder; that one goes through docxtpl.
"""

from __future__ import annotations

import zipfile
from typing import Any, BinaryIO

from digest.templates import Templates, fault
from digest.view import look
from digest.word_package import write_package
from domain.digest import Digest
from domain.errors import BadFile

#: A Word file of the user's, with Jinja tags, in place of the parts.
WORD_TEMPLATE = "digest.docx"

#: Name inside the file → template. Those that end in ``.j2`` are rendered.
PARTS = {
    "[Content_Types].xml": "docx/content_types.xml",
    "_rels/.rels": "docx/package_rels.xml",
    "docProps/core.xml": "docx/core.xml.j2",
    "word/_rels/document.xml.rels": "docx/document_rels.xml",
    "word/document.xml": "docx/document.xml.j2",
    "word/styles.xml": "docx/styles.xml",
    "word/settings.xml": "docx/settings.xml",
    "word/fontTable.xml": "docx/font_table.xml",
    "word/footer1.xml": "docx/footer_1.xml",
    "word/footer2.xml": "docx/footer_2.xml",
}


def render(digest: Digest, stream: BinaryIO, templates: Templates) -> None:
    """Write ``digest`` as a Word document."""
    values = {"digest": look(digest, templates)}
    if templates.find(WORD_TEMPLATE) is not None:
        _render_word_template(values, stream, templates)
        return
    write_package(stream, PARTS, templates, values)


def _render_word_template(values: dict[str, Any], stream: BinaryIO, templates: Templates) -> None:
    from docxtpl import DocxTemplate
    from jinja2 import TemplateError

    path = templates.find(WORD_TEMPLATE)
    try:
        document = DocxTemplate(path)
        document.render(values, jinja_env=templates.environment, autoescape=True)
    except (TemplateError, TypeError, ArithmeticError) as error:
        raise BadFile(f"Word 模板“{WORD_TEMPLATE}”{fault(error)}；请对照说明文档改正。") from error
    except (OSError, ValueError, LookupError, zipfile.BadZipFile) as error:
        raise BadFile(f"Word 模板“{WORD_TEMPLATE}”无法读取；请用 Word 另存为 .docx 后重试。") from error
    document.save(stream)

"""Screenshots and posters: what a picture says, read offline as the pictures of crawled pages are."""

from __future__ import annotations

from crawler.pictures.image import MAX_BYTES
from crawler.pictures.reader import missing
from crawler.pictures.worker import PictureWorker, Unreadable
from domain.document import Document
from domain.errors import BadFile
from domain.intake import IntakeItem, ItemState, upload_url
from zhengxun.pictures import with_pictures

NAME = "handed_in_picture/1"
#: Title made of the first words that were read.
_TITLE = 60


def read_picture(name: str, body: bytes, sha256: str, url: str | None) -> list[IntakeItem]:
    """The piece that a picture is; ``url``: address of the page it shows, as a person gave it.

    Raises :class:`domain.errors.BadFile` where it cannot be opened, or holds neither words nor a QR code.
    """
    if len(body) > MAX_BYTES:
        raise BadFile(f"图片 {name} 超过 {MAX_BYTES // 1024 // 1024} MB，未接收；请压缩后再交。")
    why = missing()
    if why is not None:
        raise BadFile(f"图片 {name} 未接收：{why}，无法识别图片中的文字。")
    with PictureWorker() as worker:
        look = worker.look(body)
        read = look if isinstance(look, Unreadable) else worker.read()
    if isinstance(read, Unreadable):
        raise BadFile(f"图片 {name} 未接收：{read.reason}。")
    own = url or upload_url(sha256, "picture")
    title = next((line.text for line in read.lines), name)[:_TITLE]
    bare = Document(url=own, title=title, text="", segments=(), extractor=NAME, embedded=True)
    document = with_pictures(bare, [(upload_url(sha256, "picture"), read)])
    if document is None:
        raise BadFile(f"图片 {name} 未接收：没有识别出文字或二维码。")
    notes = (("未能识别的部分", "；".join(read.incomplete)),) if read.incomplete else ()
    return [IntakeItem(ItemState.CONTENT, None, own, document, details=notes)]

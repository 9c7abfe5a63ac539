"""Requests that are too large end before they are read: nobody fills the disk or the memory with one upload."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Bytes of one request. A list of 100,000 targets as .xlsx takes about 8 MB.
MOST = 20 * 1024 * 1024


class BodyLimit:
    """Answers 413 by what a request says of its length; one that says nothing (or lies) is cut off at the limit."""

    def __init__(self, app: ASGIApp, most: int = MOST) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        said = dict(scope["headers"]).get(b"content-length", b"0")
        if not said.isdigit() or int(said) > self.most:
            await _refuse(send)
            return
        got = 0
        refused = False

        async def counted() -> Message:
            nonlocal got, refused
            message = await receive()
            got += len(message.get("body", b""))
            if got > self.most:
                refused = True
                return {"type": "http.disconnect"}
            return message

        async def answered(message: Message) -> None:
            if not refused:
                await send(message)

        try:
            await self.app(scope, counted, answered)
        except Exception:
            # What reads the body takes the cut for a browser that left; anything else is not ours to swallow.
            if not refused:
                raise
        if refused:
            await _refuse(send)


async def _refuse(send: Send) -> None:
    body = "提交的内容太大，没有接收。请分成几份。".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""Who a reader is to Solara: by the cookie of the page; where a first connection brought none, by the page itself.

Solara gives a connection without its cookie a name of its own, another one each time, and refuses whoever comes back to
a page under another name than it first came with: such a reader, once cut off, would be refused for ever. A page's name
is as long and as random as the cookie, and travels beside it; where there was a cookie it stays what counts.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]
PAGE = re.compile(r"/kernels/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/")


def recognised(scope: Scope) -> Scope:
    """A connection as Solara is to see it."""
    from solara.server.kernel_context import contexts
    from solara.server.server import COOKIE_KEY_SESSION_ID, get_session_id_cookie
    from starlette.requests import HTTPConnection

    page = PAGE.search(scope["path"]) if scope["type"] == "websocket" else None
    if page is None:
        return scope
    name, before = f"without-cookie-{page[1]}", contexts.get(page[1])
    cookie = get_session_id_cookie(HTTPConnection(scope).cookies)
    if cookie if before is None else before.session_id != name:
        return scope
    others = [header for header in scope["headers"] if header[0] != b"cookie"]
    return {**scope, "headers": [*others, (b"cookie", f"{COOKIE_KEY_SESSION_ID}={name}".encode())]}


def recognising(app: App) -> App:
    """The same app, for connections as they are recognised."""

    async def served(scope: Scope, receive: Any, send: Any) -> None:
        await app(recognised(scope), receive, send)

    return served

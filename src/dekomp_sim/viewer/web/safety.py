"""Who may come in and what may be asked: a key per start, the page's own origin, a short list of calls, no traceback.

The page's server (trame over wslink) by default takes a secret that everyone knows, from any origin, offers its end to
every client, lets a client write any key of its state, and answers an error with the traceback. Here:

- each start has a random key. It is given once, to `/enter`, and becomes a cookie that scripts cannot read and other
  sites cannot send; pictures, scripts and the socket want the cookie. The socket wants a second random secret as well,
  which the page is handed in exchange for the cookie.
- the address asked for must be the one bound, and a socket or a post must come from a page of that address: so no other
  page that the user visits can reach in, and no name that was made to point here.
- of the calls over the socket only the few of `CALLS` are left, and what went wrong is told in one sentence.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web

CALLS: Final = frozenset({"trame.state.get", "trame.trigger", "trame.lifecycle.update"})
"""What a page may call: its state as it is, a question to the desk, and that it has begun or ended."""

TRIGGER: Final = "desk"
"""The one trigger: see `desk.Desk.asked`."""

LOCAL: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""Names of this machine that a page bound to it may be asked by."""

KEY_BYTES: Final = 32
"""Length of a key: 256 bits of the system's randomness."""

WRONG: Final = "Something went wrong inside the simulator; the case stands as it was. The terminal says more."
"""What a page is told about an error that is no user's mistake."""

ON: Final = (
    '<!doctype html><title>dekomp_sim</title><link rel="icon" href="data:,">'
    '<meta http-equiv="refresh" content="0;url=/">'
)
"""Goes on to the page itself."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """The keys of one start and the names it may be asked by.

    Parameters
    ----------
    open_to_others
        Bound to an address that other machines reach: any name may then stand in the request, but an origin must still
        be that name.
    key
        Given to `/enter`.
    secret
        Given with the socket's greeting.
    """

    open_to_others: bool = False
    key: str = field(default_factory=lambda: secrets.token_hex(KEY_BYTES))
    secret: str = field(default_factory=lambda: secrets.token_hex(KEY_BYTES))

    def asked_by_a_good_name(self, host: str) -> bool:
        """Whether a request's `Host` is a name of this machine."""
        return self.open_to_others or host.rpartition(":")[0] in LOCAL

    def from_own_page(self, origin: str | None, host: str) -> bool:
        """Whether an `Origin` is a page of the very address that was asked."""
        return origin is not None and urlsplit(origin).scheme in {"http", "https"} and urlsplit(origin).netloc == host

    def holds(self, cookie: str | None) -> bool:
        """Whether a cookie is this start's key."""
        return cookie is not None and secrets.compare_digest(cookie.encode(), self.key.encode())

    def middleware(self, policy: str) -> Any:
        """The check before every request, and the headers after it; `policy` is the content security policy."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            refusal = self._refusal(request)
            if refusal is not None:
                return web.Response(status=403, text=refusal, headers=_headers(policy))
            response = await handler(request)
            if not response.prepared:
                response.headers.update(_headers(policy))
            return response

        return guard

    def _refusal(self, request: web.Request) -> str | None:
        if not self.asked_by_a_good_name(request.host):
            return "This simulator answers to its own address only."
        if request.path == "/enter":
            return None
        if not self.holds(request.cookies.get(cookie_name(request))):
            return "Open the address that the program printed: it holds the key."
        asks_more = request.method != "GET" or "Upgrade" in request.headers
        if asks_more and not self.from_own_page(request.headers.get("Origin"), request.host):
            return "Only the simulator's own page may ask this."
        return None

    async def enter(self, request: web.Request) -> web.Response:
        """Trade the key for the cookie, and go on to the page; the key leaves the address bar and the history."""
        if not self.holds(request.query.get("key")):
            return web.Response(status=403, text="This key opens nothing. Use the address that the program printed.")
        # A page of our own moves on: a redirect would still count as begun elsewhere, and take no strict cookie along.
        response = web.Response(text=ON, content_type="text/html")
        response.set_cookie(cookie_name(request), self.key, httponly=True, samesite="Strict", path="/")
        return response

    async def greet(self, request: web.Request) -> web.Response:
        """Where the socket is, and the secret it wants; the guard has asked for cookie and origin."""
        scheme = "wss" if request.secure else "ws"
        return web.json_response({"sessionURL": f"{scheme}://{request.host.lower()}/ws", "secret": self.secret})


def cookie_name(request: web.Request) -> str:
    """One name per port: cookies do not tell ports apart, two simulators on one machine do."""
    return f"dekomp_sim_{urlsplit(f'//{request.host}').port or 80}"


def policy(index: Path) -> str:
    """The content security policy for trame's page: nothing from elsewhere, and of scripts in the page just its own.

    Vue compiles its templates in the browser, which needs `unsafe-eval`.
    """
    scripts = re.findall(r"<script>(.*?)</script>", index.read_text(encoding="utf-8"), re.DOTALL)
    hashes = " ".join(f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts)
    return (
        f"default-src 'self'; script-src 'self' 'unsafe-eval' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' blob: data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


def _headers(policy: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def harden(handler: Any) -> None:
    """Leave a wslink socket handler only the calls of `CALLS`, one trigger, and errors of one sentence."""
    handler.functionMap = {name: call for name, call in handler.functionMap.items() if name in CALLS}
    protocol, trigger = handler.functionMap["trame.trigger"]

    async def one_trigger(_: Any, name: Any = None, args: Any = (), kwargs: Any = None) -> Any:
        if name != TRIGGER or kwargs or not isinstance(args, list) or len(args) != 1:
            return {"error": "There is nothing of that name to ask."}
        return await trigger(protocol, name, args, {})

    handler.functionMap["trame.trigger"] = (protocol, one_trigger)
    send = handler.sendWrappedError

    async def without_traceback(rpcid: str, code: int, message: str, data: Any = None, client_id: Any = None) -> None:
        if data is not None:
            log.error("%s: %s", message, data.get("trace", data) if isinstance(data, dict) else data)
        with suppress(ConnectionError):
            await send(rpcid, code, WRONG if message == "Exception raised" else message, None, client_id=client_id)

    handler.sendWrappedError = without_traceback
    tell = handler.sendWrappedMessage

    async def to_who_listens(*args: Any, **kwargs: Any) -> None:
        with suppress(ConnectionError):  # a page that was closed while its answer was on the way
            await tell(*args, **kwargs)

    handler.sendWrappedMessage = to_who_listens


def opener(url: str) -> str:
    """A page that goes on to `url`: a browser is given this file's name, so that no key stands in a process list."""
    return f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={escape(url)}">'

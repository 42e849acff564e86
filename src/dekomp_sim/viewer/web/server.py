"""The page at an address: trame's server behind our door, for as long as somebody looks or until it is told to end."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final, Protocol

from aiohttp import web
from trame_client.module import vue3
from trame_server.core import Server

from dekomp_sim.errors import InputError
from dekomp_sim.viewer.web.safety import TRIGGER, Door, harden, policy

PICTURES: Final = "dekomp.picture"
"""Topic of the pictures."""

PAGE: Final = Path(str(resources.files("dekomp_sim.viewer.web"))) / "page"
"""What the browser runs."""

LOOPBACK: Final = "127.0.0.1"
"""Bound unless asked otherwise: no other machine reaches it."""


class Desk(Protocol):
    """What answers a page."""

    async def asked(self, message: Any) -> dict[str, Any]:
        """The answer to one message."""

    async def begin(self, wire: Wire) -> None:
        """The server is up."""

    async def end(self) -> None:
        """The server goes down."""

    @property
    def report(self) -> Path | None:
        """The report of the case that was finished last."""

    @property
    def page(self) -> str:
        """Which page it answers: the name of its script and style."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How a desk reaches its pages.

    Parameters
    ----------
    tell
        Changes keys of the state that all pages share.
    show
        Sends a picture's message to all pages.
    """

    tell: Callable[[dict[str, Any]], None]
    show: Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen: 0 is any free port; `linger_s` after the last page has gone the server ends, 0 never."""

    host: str = LOOPBACK
    port: int = 0
    linger_s: int = 0


def serve(desk: Desk, address: Address, ready: Callable[[str, Callable[[], None]], None]) -> None:
    """Serve a desk's page until it ends; blocks.

    Parameters
    ----------
    desk
        Answers the page; called in this thread.
    address
        Where to listen.
    ready
        Told the address with its key, and a function by which another thread ends the server.
    """
    asyncio.run(_serve(desk, address, ready))


async def _serve(desk: Desk, address: Address, ready: Callable[[str, Callable[[], None]], None]) -> None:
    door = Door(open_to_others=address.host not in {LOOPBACK, "localhost", "::1"})
    server = _page(desk)
    server.controller.on_server_bind.add(lambda bound: _guard(bound, door, desk))
    running = _start(server, door, address)
    try:
        await server.ready
    except OSError as wrong:
        reason = (wrong.strerror or str(wrong)).lower()
        remedy = "Port 0 takes any free one"
        where = f"--host {address.host} --port {address.port}"
        raise InputError(where, reason, "an address of this machine and a free port", remedy) from None
    end = asyncio.create_task(_until_told(ready, f"{_root(address.host, server.port)}/enter?key={door.key}"))
    try:
        await desk.begin(
            Wire(lambda keys: _tell(server, keys), lambda message: server.protocol.publish(PICTURES, message))
        )
        await asyncio.wait({running, end}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await desk.end()
        if not running.done():
            await server.stop()
        end.cancel()


async def _until_told(ready: Callable[[str, Callable[[], None]], None], url: str) -> None:
    """Wait for the word of another thread, or for the system's: Ctrl-C, or an end that it asks for."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for signal_ in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError):  # on Windows, and beside the main thread: Ctrl-C raises
            loop.add_signal_handler(signal_, told.set)

    def end() -> None:
        loop.call_soon_threadsafe(told.set)

    ready(url, end)
    await told.wait()


def _root(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _page(desk: Desk) -> Server:
    server = Server("dekomp_sim")
    server.client_type = "vue3"
    server.enable_module(vue3)
    server.enable_module(
        {
            "serve": {"dekomp": str(PAGE)},
            "styles": [f"dekomp/{name}.css" for name in dict.fromkeys(("page", desk.page))],
            "module_scripts": [f"dekomp/{desk.page}.js"],
            "vue_use": ["dekomp"],
        }
    )
    server.state.trame__title = "dekomp_sim"
    server.state.trame__favicon = "dekomp/icon.svg"
    server.state.trame__template_main = "<dekomp-page></dekomp-page>"
    server.state.trame__template_error = "<dekomp-lost></dekomp-lost>"
    server.controller.trigger(TRIGGER)(lambda message: desk.asked(message))
    return server


def _start(server: Server, door: Door, address: Address) -> asyncio.Task[None]:
    """Start trame, which is kept from this program's arguments; its secret goes through a file of this user's alone."""
    os.environ["TRAME_ARGS"] = ""
    os.environ["WSLINK_WS_COMPRESS"] = "0"  # pictures do not shrink, and the time to try is felt
    descriptor, name = tempfile.mkstemp(prefix="dekomp_sim_")
    with os.fdopen(descriptor, "w") as file:
        file.write(door.secret)
    server.cli.set_defaults(authKeyFile=name)
    try:
        started: asyncio.Task[None] = server.start(
            host=address.host,
            port=address.port,
            timeout=address.linger_s,
            exec_mode="task",
            thread=True,  # no signal handlers of its own
            open_browser=False,
            show_connection_info=False,
            disable_logging=True,
        )
    finally:
        Path(name).unlink()
    return started


def _guard(bound: Any, door: Door, desk: Desk) -> None:
    """Before anything is served: the door, the way in, and of the socket's calls only ours."""
    bound.app.middlewares.append(door.middleware(policy(Path(vue3.www) / "index.html")))
    ways = [web.get("/enter", door.enter), web.post("/paraview/", door.greet), web.get("/report", _report(desk))]
    bound.app.add_routes(ways)
    for handler in bound._ws_handlers:
        harden(handler)


def _report(desk: Desk) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_: web.Request) -> web.StreamResponse:
        if desk.report is None:
            return web.Response(status=404, text="No case is finished yet.")
        return web.FileResponse(desk.report)  # it brings a policy of its own, stricter than the page's

    return answer


def _tell(server: Server, keys: dict[str, Any]) -> None:
    server.state.update(keys)
    server.state.flush()

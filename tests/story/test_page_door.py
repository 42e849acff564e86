"""Who knocks at the page's door: strangers, other sites, crafted messages. By raw requests and a raw WebSocket."""

from __future__ import annotations

import asyncio
import itertools
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgpack  # type: ignore[import-untyped]
import pytest
from page import Served, served
from wslink.chunking import UnChunker, generate_chunks

from dekomp_sim.viewer.web import browser
from dekomp_sim.viewer.web.server import PAGE

ELSEWHERE = "http://evil.example"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("door")) as up:
        yield up


class Caller:
    """A client that knows the protocol, and no manners."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._numbers, self._chunks = socket, itertools.count(), UnChunker()

    async def call(self, method: str, *args: Any, number: str | None = None) -> dict[str, Any]:
        """The answer to a call, whatever else comes before it."""
        name = number or f"rpc:test:{next(self._numbers)}"
        packed = msgpack.packb({"wslink": "1.0", "id": name, "method": method, "args": list(args), "kwargs": {}})
        for chunk in generate_chunks(packed, 1 << 20):
            await self._socket.send_bytes(chunk)
        while True:
            found = self._chunks.process_chunk((await self._socket.receive(timeout=10)).data)
            if found is not None and found.get("id") == name:
                return dict(found)

    async def hello(self, secret: str) -> dict[str, Any]:
        self._chunks.set_max_message_size(1 << 28)
        return await self.call("wslink.hello", {"secret": secret}, number="system:c0:0")

    async def ask(self, message: Any) -> Any:
        return (await self.call("trame.trigger", "desk", [message], {}))["result"]


def told(page: Served, story: Any, origin: str | None = "own", key: str | None = None) -> Any:
    """Run a story with a session that holds a cookie, and its headers."""

    async def run() -> Any:
        headers = {} if origin is None else {"Origin": page.root if origin == "own" else origin}
        cookies = {f"dekomp_sim_{page.port}": page.key if key is None else key}
        async with aiohttp.ClientSession(cookies=cookies, headers=headers) as session:
            return await story(session)

    return asyncio.run(run())


def as_page(page: Served, story: Any) -> Any:
    """Run a story with a caller that came in properly."""

    async def run(session: aiohttp.ClientSession) -> Any:
        async with session.post(f"{page.root}/paraview/", json={}) as answer:
            found = await answer.json()
        async with session.ws_connect(found["sessionURL"], max_msg_size=0) as socket:
            caller = Caller(socket)
            assert "result" in await caller.hello(found["secret"])
            return await story(caller)

    return told(page, run)


async def status(session: aiohttp.ClientSession, url: str, method: str = "GET", **how: Any) -> int:
    async with session.request(method, url, allow_redirects=False, **how) as answer:
        return answer.status


async def shaken(session: aiohttp.ClientSession, page: Served) -> int:
    """What a WebSocket handshake is answered with."""
    try:
        async with session.ws_connect(f"{page.root}/ws"):
            return 101
    except aiohttp.WSServerHandshakeError as refused:
        return refused.status


def test_nothing_is_served_without_the_cookie(page: Served) -> None:
    for path in ("/", "/index.html", "/dekomp/page.js", "/report", "/ws", "/vue.global.js"):
        assert told(page, lambda s, path=path: status(s, page.root + path), key="wrong") == 403
    assert told(page, lambda s: shaken(s, page), key="wrong") == 403


def test_a_wrong_key_opens_nothing_and_the_right_one_is_traded_for_a_cookie(page: Served) -> None:
    assert told(page, lambda s: status(s, f"{page.root}/enter?key=wslink-secret"), key="none") == 403

    async def enter(session: aiohttp.ClientSession) -> tuple[str, str]:
        async with session.get(page.url) as answer:
            return answer.headers["Set-Cookie"], await answer.text()

    cookie, text = told(page, enter, key="none")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert page.key not in text


def test_another_site_cannot_open_the_socket_or_post(page: Served) -> None:
    assert told(page, lambda s: shaken(s, page)) == 101
    for origin in (ELSEWHERE, "null", None, page.root + ".evil.example", f"http://127.0.0.1:{page.port + 1}"):
        assert told(page, lambda s: shaken(s, page), origin=origin) == 403
        assert told(page, lambda s: status(s, f"{page.root}/paraview/", "POST", json={}), origin=origin) == 403


def test_a_foreign_name_that_points_here_is_refused(page: Served) -> None:
    for name in ("evil.example", f"evil.example:{page.port}"):
        assert told(page, lambda s, name=name: status(s, page.root, headers={"Host": name})) == 403


def test_a_socket_with_a_wrong_secret_may_call_nothing(page: Served) -> None:
    async def story(session: aiohttp.ClientSession) -> tuple[dict[str, Any], dict[str, Any]]:
        async with session.ws_connect(f"{page.root}/ws") as socket:
            caller = Caller(socket)
            return await caller.hello("wslink-secret"), await caller.call("trame.state.get")

    greeted, asked = told(page, story)
    assert greeted["error"]["code"] == asked["error"]["code"] == -32000


def test_exit_state_updates_and_other_calls_are_not_open_to_clients(page: Served) -> None:
    async def story(caller: Caller) -> list[int]:
        calls = (
            ("application.exit",), ("application.exit.later", 0), ("trame.error.client", "x"),
            ("trame.force.push", "status"),
            ("trame.state.update", [{"key": "status", "value": {"closed": True}}]),
        )  # fmt: skip
        codes = [(await caller.call(*call))["error"]["code"] for call in calls]
        state = (await caller.call("trame.state.get"))["result"]["state"]
        assert state["status"]["closed"] is False
        assert "error" in (await caller.call("trame.trigger", "other", [{}], {}))["result"]
        return codes

    assert as_page(page, story) == [-32601] * 5
    assert told(page, lambda s: status(s, f"{page.root}/index.html")) == 200


@pytest.mark.parametrize(
    "message",
    [
        None, [], "boom", {}, {"what": "boom"}, {"what": 7}, {"what": "scrub", "number": 10**9},
        {"what": "pointer", "pane": "live", "phase": "down", "x": "a", "y": 0},
        {"what": "pointer", "pane": "room", "phase": "move", "x": float("nan"), "y": 1.0},
        {"what": "size", "pane": "room", "width": 10**9, "height": 5}, {"what": "camera", "view": "__class__"},
        {"what": "command", "command": "fine_forward", "times": -3}, {"what": "perform", "do": "wait", "values": "x"},
        {"what": "keys", "keys": {"undo": "Tab"}}, {"what": "watch", "page": "p" * 300, "panes": []}, {"what": "leave"},
    ],
)  # fmt: skip
def test_a_message_that_no_page_sends_is_refused_in_one_sentence(page: Served, message: Any) -> None:
    answer = as_page(page, lambda caller: caller.ask(message))
    assert len({"error", "refusal"} & set(answer)) == len(answer) == 1
    assert "Traceback" not in str(answer)
    assert ".py" not in str(answer)


def test_values_are_held_by_the_rules_of_the_case_not_by_a_slider(page: Served) -> None:
    async def story(caller: Caller) -> list[dict[str, Any]]:
        asked = (
            ("swing", {"left_deg": 2019.0, "cranial_deg": 0.0}),
            ("perform", {"do": "wait", "values": {"seconds": 1e9}}),
            ("perform", {"do": "no_such_action", "values": {}}),
            ("perform", {"do": "wait", "values": {"seconds": 5, "shell": "rm"}}),
            ("console", {"values": {"contrast": 1e9}}),
        )
        return [await caller.ask({"what": what, **more}) for what, more in asked]

    for answer in as_page(page, story):
        assert set(answer) <= {"refusal", "error"}
        assert answer


def test_the_page_listens_on_this_machine_alone(page: Served) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", page.port), timeout=2)


def test_no_key_stands_in_a_process_list(page: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = Path(f"/proc/{page.pid}")
    if process.is_dir():
        assert page.key.encode() not in (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    shown: list[list[str]] = []
    monkeypatch.setattr(browser, "app_browser", lambda: "/bin/true")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    real = browser._command

    def watched(*args: Any) -> list[str]:
        shown.append(real(*args))
        opening = args[1]
        assert page.key in opening.read_text()
        assert stat.S_IMODE(opening.stat().st_mode) == 0o600
        return ["/bin/true"]

    monkeypatch.setattr(browser, "_command", watched)
    with browser.window(page.url):
        pass
    assert page.key not in " ".join(shown[0])
    assert list(tmp_path.iterdir()) == []


def test_the_page_brings_everything_with_it() -> None:
    for path in PAGE.iterdir():
        for far in ("http://", "https://", "//cdn"):
            assert far not in path.read_text().replace("http://www.w3.org/2000/svg", ""), path.name

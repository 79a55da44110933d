"""Servers wait for their end, and do not look for it again and again."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from amlbridge.server import quiet_server
from amlbridge.server.quiet_server import QuietServer
from tests.support.live import NO_TLS


class Counted(QuietServer):
    """Counts its looks."""

    looks = 0

    async def on_tick(self, counter: int) -> bool:
        self.looks += 1
        return await super().on_tick(counter)


@contextlib.asynccontextmanager
async def _serving(application: Any) -> AsyncIterator[tuple[Counted, str, asyncio.Task[None]]]:
    server = Counted(uvicorn.Config(application, log_config=None, lifespan="off"))
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        serving = asyncio.create_task(server.serve(sockets=[place]))
        while not server.started:
            await asyncio.sleep(0.001)
        yield server, f"http://127.0.0.1:{place.getsockname()[1]}", serving


def test_it_ends_when_it_is_told_whenever_it_would_look_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet_server, "DATE", 10_000.0)

    async def run() -> int:
        async with _serving(PlainTextResponse("here")) as (server, url, serving):
            async with httpx.AsyncClient(verify=NO_TLS) as client:
                assert (await client.get(url)).text == "here"
            server.stop()
            await asyncio.wait_for(serving, 60)
            return server.looks

    assert asyncio.run(run()) == 2, "one at the beginning, one at the end"


def test_the_date_of_its_answers_is_that_of_today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet_server, "DATE", 0.01)

    async def run() -> None:
        async with _serving(PlainTextResponse("")) as (server, _, serving):
            seen = server.looks
            server.server_state.default_headers = []
            while server.looks < seen + 2:
                await asyncio.sleep(0.01)
            assert b"date" in dict(server.server_state.default_headers)
            server.stop()
            await asyncio.wait_for(serving, 60)

    asyncio.run(run())


def test_told_again_it_waits_for_no_request() -> None:
    begun = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def run() -> None:
        async with _serving(application) as (server, url, serving), httpx.AsyncClient(verify=NO_TLS) as client:
            asking = asyncio.create_task(client.get(url, timeout=None))
            await begun.wait()
            server.stop()
            done, _ = await asyncio.wait({serving}, timeout=0.2)
            assert not done, "a request is open"
            server.stop()
            await asyncio.wait_for(serving, 60)
            assert not asking.done()
            asking.cancel()

    asyncio.run(run())

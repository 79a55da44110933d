"""Malformed requests for any operation: from its route, the field names in its source and its answers."""

from __future__ import annotations

import ast
import asyncio
import json
import random
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from amlbridge.wire.application import Application
from amlbridge.wire.routing import Operation

#: What the application's error says about a field, and a value that would do.
_SAID = re.compile(r"the field '([^']+)' (?:is missing|must be (\S+ ?\S*?),)")
_LIKE: dict[str, Any] = {"an object": {}, "an array": [], "a string": "s", "an integer": 1, "a number": 1.5}
_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_.$-]{1,40}")
_NESTED: Any = "x"
for _ in range(300):
    _NESTED = {"a": [_NESTED]}
SCALARS: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    7,
    10**30,
    1.5,
    1e308,
    float("nan"),
    float("inf"),
    "",
    " ",
    "x",
    "1",
    "true",
    "null",
    "../../../victim",
    "/etc/passwd",
    "..",
    ".",
    "a/../../b",
    "a\x00b",
    "\ud800",
    "\x7f\x1b",
    "é☃𝄞",
    "x" * 20_000,
    "%2e%2e%2f",
    "{}",
    "[1]",
    '{"a": [}',
    "2026-11-20T10:00:00Z",
    "9999-99-99",
    "a eq",
    "(((",
    "a' or 1=1 --",
    "x" * 300,
    "a\\..\\b",
    "azureml://datastores/x/paths/../../victim",
    "file:///etc/passwd",
    "\n",
    "-0",
    "1e999",
    "0" * 50,
)
#: Bodies that are malformed as a whole.
WHOLE: tuple[bytes, ...] = (
    b"",
    b"{",
    b"null",
    b"[]",
    b"1",
    b'"x"',
    b"true",
    b"[null]",
    b"[1]",
    b'["x"]',
    b"[{}]",
    b"{}",
    b"\xff\xfe\x00",
    b"[" * 5000,
    b"{" * 100,
    b'{"a":' * 900 + b"1" + b"}" * 900,
    b'{"a": "\\ud800"}',
    b"NaN",
    b"a=b&c=d",
    b"PK\x03\x04junk",
    b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
    b"\x00" * 100,
    b'{"\\u0000": 1}',
    b'{"": ""}',
    json.dumps(_NESTED).encode(),
)
_TYPES = (
    "application/json",
    "application/json",
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/octet-stream",
    "multipart/form-data",
    "application/x-www-form-urlencoded",
    "application/xml",
    "",
)


@dataclass
class Answer:
    """What came back."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; None when it is not."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@contextmanager
def serving() -> Iterator[None]:
    """Lets :func:`send` be called. As in a server, one task of the loop is there all the time: the threads that run the
    operations end with it, and to start one for each request takes as long as most operations."""
    started: SimpleQueue[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = SimpleQueue()

    async def serve() -> None:
        ended = asyncio.Event()
        started.put((asyncio.get_running_loop(), ended))
        await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    loop, ended = started.get()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.call_soon_threadsafe(ended.set)
        thread.join()


def send(application: Application, method: str, path: str, query: str, body: bytes, headers: dict[str, str]) -> Answer:
    """One request straight to the application, while :func:`serving`. ``path`` is what a server would have decoded."""
    sent: list[dict[str, Any]] = []
    given = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": quote(path, errors="replace").encode(),
        "query_string": query.encode(),
        "headers": given,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }

    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:
            await asyncio.Event().wait()  # a client that waits for its answer; a stream cancels this
        asked = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def collect(message: Any) -> None:
        sent.append(message)

    asyncio.run_coroutine_threadsafe(application(scope, receive, collect), asyncio.get_event_loop()).result()
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], content)


@cache
def _source(module: str) -> tuple[frozenset[str], frozenset[str]]:
    """Strings in the source of a module of ours that may be names of fields, and the modules that it may import."""
    file = getattr(sys.modules.get(module, SimpleNamespace()), "__file__", None)
    if file is None or not module.startswith("amlbridge."):
        return frozenset(), frozenset()
    words, imported = set(), set()
    for node in ast.walk(ast.parse(Path(file).read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _WORD.fullmatch(node.value):
            words.add(node.value)
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.update({node.module, *(f"{node.module}.{item.name}" for item in node.names)})
    return frozenset(words), frozenset(imported)


@cache
def _vocabulary(module: str) -> tuple[str, ...]:
    """The words of a module and of those of ours that it imports."""
    words, imported = _source(module)
    return tuple(sorted(words.union(*(_source(name)[0] for name in imported))))


@dataclass
class Malformer:
    """Makes requests. ``known`` are names and ids of things that are there, so that some requests get past the 404."""

    seed: int
    victim: Path
    known: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.scalars = (*SCALARS, str(self.victim), f"{'../' * 30}{str(self.victim).lstrip('/')}")

    def learn(self, answer: Answer, body: dict[str, Any]) -> bool:
        """Completes a body by what the answer says about it; False when it says nothing new."""
        content = answer.json
        message = ""
        if answer.status == 400 and isinstance(content, dict):
            # MLflow's errors have a form of their own.
            message = content.get("error", content).get("message", "")
        said = _SAID.search(message)
        if said is None:
            return False
        value = _LIKE.get(said[2] or "", "s") if said[2] else "s"
        if said[2] and said[2].startswith("true"):
            value = True
        if said[1] in body and body[said[1]] == value:
            return False
        body[said[1]] = value
        return True

    def value(self, words: tuple[str, ...], depth: int = 0) -> Any:
        """Any JSON value; objects are made of field names that the module knows."""
        choice = self.random.random()
        if depth > 3 or choice < 0.5:
            return self.random.choice(self.known) if self.known and self.random.random() < 0.2 else self._scalar()
        if choice < 0.65:
            return [self.value(words, depth + 1) for _ in range(self.random.randint(0, 3))]
        names = self.random.sample(words, min(len(words), self.random.randint(0, 6))) if words else []
        return {name: self.value(words, depth + 1) for name in names}

    def _scalar(self) -> Any:
        return self.random.choice(self.scalars)

    def path(self, operation: Operation, scope: dict[str, str], wild: bool) -> str:
        """The operation's path, its parameters filled in."""

        def fill(found: re.Match[str]) -> str:
            name = found[1].rstrip("*")
            if name in scope:
                return scope[name]
            if not wild and self.known:
                return self.random.choice(self.known)
            text = str(self._scalar()).encode("utf-8", "replace").decode()
            return text if found[1].endswith("*") or "/" not in text else quote(text, safe="")

        return re.sub(r"\{(\w+\*?)\}", fill, operation.path)

    def query(self, words: tuple[str, ...]) -> str:
        """A query string with some of the module's words."""
        if not words or self.random.random() < 0.4:
            return self.random.choice(
                ("", "", "api-version=x", "$filter=((&$top=-1&$skip=x", "%00=%ff&=&&a", "a[]=1&a=2")
            )
        names = self.random.sample(words, min(3, len(words)))
        return "&".join(f"{quote(name)}={quote(str(self._scalar()), errors='replace')}" for name in names)

    def bodies(self, operation: Operation, learned: dict[str, Any], count: int) -> Iterator[bytes]:
        """``count`` bodies: whole nonsense, the learned body with one field wrong, wild ones."""
        words = _vocabulary(operation.handler.__module__)
        for number in range(count):
            if number % 4 == 0:
                yield self.random.choice(WHOLE)
                continue
            if number % 4 == 1 and learned:
                name = self.random.choice(sorted(learned))
                content: Any = {**learned, name: self.value(words)}
            elif number % 4 == 2:
                content = {
                    **learned,
                    **{name: self.value(words) for name in self.random.sample(words, min(8, len(words)))},
                }
            else:
                content = [self.value(words)] if self.random.random() < 0.3 else self.value(words)
            yield json.dumps(content).encode()

    def headers(self) -> dict[str, str]:
        """A content type, seldom the right one."""
        kind = self.random.choice(_TYPES)
        return {"content-type": kind} if kind else {}

    def remember(self, answer: Answer) -> None:
        """Keeps names and ids of an answer, so that later requests find something."""
        if answer.status not in (200, 201) or len(answer.body) > 20_000:
            return
        content = answer.json
        found = [content] if isinstance(content, str) else []
        if isinstance(content, dict):
            found = [
                value
                for key, value in content.items()
                if key.lower() in ("id", "name", "runid", "datasetid", "graphid")
            ]
        for item in found:
            if isinstance(item, str) and 0 < len(item) < 80 and "/" not in item and item not in self.known:
                self.known.append(item)


def words_of(operation: Operation) -> tuple[str, ...]:
    """The field names that an operation's module knows."""
    return _vocabulary(operation.handler.__module__)

"""HTTP as thin as it can be: what a client costs must not be measured with the service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping


def request(method: str, path: str, token: str = "", content: Mapping[str, object] | None = None) -> bytes:
    """A request with its JSON body, to be sent as often as one likes."""
    body = json.dumps(content).encode() if content is not None else b""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines.append("Content-Type: application/json")
    return "\r\n".join([*lines, "", ""]).encode() + body


async def answer(reader: asyncio.StreamReader) -> bytes:
    """The body of the next answer. Raises RuntimeError when it is not a 200."""
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(_length(head))
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"the answer is {head.splitlines()[0].decode()}: {body[:300].decode(errors='replace')}")
    return body


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise RuntimeError("the answer has no length")

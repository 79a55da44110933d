"""HTTP message heads, as far as a proxy reads them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

#: The largest head in bytes, and the seconds in which it must come.
LARGEST = 64 * 1024
PATIENCE = 60.0
#: Headers that are between two neighbours only.
_HOP = {"connection", "keep-alive", "proxy-authorization", "proxy-connection", "proxy-authenticate"}


@dataclass(frozen=True)
class Head:
    """A request's or response's first line and headers, in order, as they came."""

    line: str
    headers: tuple[tuple[str, str], ...]

    def get(self, name: str, default: str = "") -> str:
        """The first header of that name (lower case)."""
        return next((value for key, value in self.headers if key.lower() == name), default)

    def forwarded(self, line: str, extra: dict[str, str] | None = None) -> bytes:
        """This head under another first line, for one exchange on a connection of its own."""
        kept = [(key, value) for key, value in self.headers if key.lower() not in _HOP]
        kept += [("Connection", "close"), *(extra or {}).items()]
        return (f"{line}\r\n" + "".join(f"{key}: {value}\r\n" for key, value in kept) + "\r\n").encode("latin-1")


async def read(reader: asyncio.StreamReader, patience: float = PATIENCE) -> Head:
    """Reads a head. Raises ValueError when it is none, EOFError when the peer went away, TimeoutError."""
    try:
        content = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), patience)
    except asyncio.IncompleteReadError as error:
        raise EOFError from error
    except asyncio.LimitOverrunError as error:
        raise ValueError("the header is too large") from error
    lines = content[:-4].decode("latin-1").split("\r\n")
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise ValueError("a header line without a name")
        headers.append((name.strip(), value.strip()))
    return Head(lines[0], tuple(headers))

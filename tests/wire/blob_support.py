"""Asks the blob endpoint in this process, with paths exactly as given (HTTP clients would normalise them)."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from pathlib import Path

from amlbridge.engine.blobs import BlobStore
from amlbridge.engine.records.store import Records
from amlbridge.wire.application import Application
from amlbridge.wire.blob import BlobEndpoint
from amlbridge.wire.context import Service
from amlbridge.wire.identity import TokenIssuer
from amlbridge.wire.routing import Router

NOW = 1_800_000_000.0
BASIC = "Basic " + base64.b64encode(b"acct.blob.x:").decode()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return self.headers.get("x-ms-error-code", "")


class Blobs:
    """A service with the account ``acct`` and its container ``cont``."""

    def __init__(self, folder: Path) -> None:
        records = Records(f"sqlite:///{folder}/records.db")
        self.service = Service(folder, records, BlobStore(folder / "blobs"), TokenIssuer(b"s" * 32), clock=lambda: NOW)
        self.service.http_port, self.service.https_port = 1, 2
        self.application = Application(self.service, Router(), BlobEndpoint(self.service))
        self.store.create_container("acct", "cont")

    @property
    def store(self) -> BlobStore:
        return self.service.blobs

    @property
    def token(self) -> str:
        return self.service.issuer.issue("https://storage.azure.com/")[0]

    def ask(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        *,
        signed: bool = True,
        bare: bool = False,
        gone_after: int | None = None,
        port: int = 5000,
    ) -> Answer:
        """``signed``: with a token of ours. ``bare``: without any header. ``gone_after``: the client disconnects after
        so many bytes of the body."""
        path, _, query = target.partition("?")
        pairs = [("x-ms-version", "2021-08-06"), ("content-length", str(len(body))), *(headers or {}).items()]
        if bare:
            pairs = []
        elif signed:
            pairs += [("authorization", BASIC), ("authorization", f"Bearer {self.token}")]
        scope = {
            "type": "http",
            "method": method,
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs],
            "client": ("127.0.0.1", port),
        }
        return asyncio.run(self._ask(scope, body, gone_after))

    async def _ask(self, scope: dict[str, object], body: bytes, gone_after: int | None) -> Answer:
        pieces = [
            body[at : at + 65536] for at in range(0, len(body if gone_after is None else body[:gone_after]), 65536)
        ]
        messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
        messages.append({"type": "http.request", "body": b"", "more_body": False})
        if gone_after is not None:
            messages[-1] = {"type": "http.disconnect"}
        sent: list[dict[str, object]] = []

        async def receive() -> dict[str, object]:
            return messages.pop(0)

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        await self.application(scope, receive, send)  # type: ignore[arg-type]
        if not sent:
            return Answer(0, {}, b"")
        pairs: list[tuple[bytes, bytes]] = sent[0]["headers"]  # type: ignore[assignment]
        content = b"".join(message["body"] for message in sent[1:])  # type: ignore[misc]
        return Answer(int(str(sent[0]["status"])), {k.decode(): v.decode("latin-1") for k, v in pairs}, content)

    def files(self) -> set[str]:
        """Everything below the blobs' folder but the properties of containers."""
        root = self.store.root
        found = {path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir()}
        return {name for name in found if not name.endswith(".json")}

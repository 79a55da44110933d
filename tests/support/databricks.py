"""A server that answers as the API of a Databricks workspace does, as far as runs go."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Databricks:
    """What a workspace was asked, and how its runs end. A run is RUNNING while ``result`` is None."""

    def __init__(self, token: str = "token") -> None:
        self.token = token
        self.asked: list[tuple[str, Any]] = []
        self.result: str | None = "SUCCESS"
        self.message = ""
        self.output: dict[str, Any] = {}
        #: How many of the next questions it is too busy for.
        self.busy = 0
        #: Where it sends who asks for a run, if anywhere.
        self.elsewhere = ""
        self.url = ""

    @property
    def submitted(self) -> list[Any]:
        """The runs that were asked for."""
        return [body for path, body in self.asked if path.endswith("/runs/submit")]

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Status and content of an answer."""
        operation = path.partition("/api/")[2].partition("/")[2]
        if method == "GET" and self.busy:
            self.busy -= 1
            return 503, {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "later"}
        self.asked.append((path, body))
        if operation == "jobs/runs/submit":
            if "refused" in str(body):
                return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "no such node type"}
            return 200, {"run_id": 7}
        if operation == "jobs/runs/cancel":
            self.result, self.message = "CANCELED", "Run cancelled."
            return 200, {}
        if operation == "jobs/runs/get":
            state = {"life_cycle_state": "RUNNING", "state_message": "In run"}
            if self.result is not None:
                state = {"life_cycle_state": "TERMINATED", "result_state": self.result, "state_message": self.message}
            return 200, {"run_id": 7, "run_page_url": f"{self.url}/#run/7", "state": state, "tasks": [{"run_id": 8}]}
        if operation == "jobs/runs/get-output":
            return 200, self.output
        return 200, {"handle": 1}


@contextmanager
def workspace() -> Iterator[Databricks]:
    """A workspace on this machine."""
    state = Databricks()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self._answer("GET", parts.path, {key: values[0] for key, values in parse_qs(parts.query).items()})

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            self._answer("POST", self.path, json.loads(self.rfile.read(length)))

        def _answer(self, method: str, path: str, body: Any) -> None:
            if state.elsewhere:
                self.send_response(307)
                self.send_header("location", state.elsewhere)
                self.end_headers()
                return
            if self.headers.get("authorization") != f"Bearer {state.token}":
                status, content = 403, {"error_code": "PERMISSION_DENIED", "message": "no"}
            else:
                status, content = state.answer(method, path, body)
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()

"""What a model server is asked to be, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from amlbridge.engine.errors import EngineError

#: starting: being prepared, or loading. ready: answers. failed: will not answer until it is deployed anew.
State = Literal["starting", "ready", "failed", "stopped"]


@dataclass(frozen=True)
class Program:
    """What the processes of a server run: ``kind`` says what ``path`` is; ``folder`` is the current folder,
    ``sys_path`` what is added to the module search path; ``env`` is the whole environment."""

    kind: Literal["script", "mlflow"]
    path: Path
    folder: Path
    python: str
    env: Mapping[str, str]
    sys_path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Server:
    """One model server. ``key`` is unique on this machine's state folder and marks its processes.

    ``prepare`` lays out files and provides the interpreter; it may take long, and is given the function that says
    whether the server is still wanted; it raises :class:`EngineError` when the server cannot be. Times are in seconds:
    ``request_timeout`` for one request with its time in the queue, ``start_timeout`` for loading. ``most_requests`` is
    how many requests there may be at a time, in all processes and in the queue.
    """

    key: str
    log: Path
    prepare: Callable[[Callable[[], bool]], Program]
    processes: int = 1
    request_timeout: float = 5.0
    start_timeout: float = 310.0
    most_requests: int = 2


@dataclass(frozen=True)
class Request:
    """An HTTP request to score. ``headers`` have lower-case names."""

    method: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What the script or the model answered. ``reason`` is None when it did its work, else why not: ``input`` (the
    request is at fault), ``run`` (run() raised), ``timeout`` or ``died`` (the process did)."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None


class OverloadedError(EngineError):
    """There are as many requests as there may be."""


class NotServingError(EngineError):
    """The server has failed or was stopped."""


#: Told when a server's state changes: the state, and what went wrong.
Changed = Callable[[State, str | None], None]
Header = dict[str, Any]

"""A model server: its processes, their queue, and what happens when one dies."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from amlbridge.engine import old_packages
from amlbridge.engine.errors import EngineError
from amlbridge.engine.serving.contract import (
    Answer,
    Changed,
    NotServingError,
    OverloadedError,
    Program,
    Request,
    Server,
    State,
)
from amlbridge.engine.serving.process import ServerProcess, ready

log = logging.getLogger(__name__)

#: After so many deaths in a row, with no request answered between them, a server has failed.
MOST_DEATHS = 5
#: Seconds before the first restart; doubled for each death in a row.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0
#: How much longer than a request may take its process gets to notice it, before it is killed.
_NOTICE = 1.0
#: A log that is longer is set aside when a process starts: bytes.
_LONGEST_LOG = 10 * 1024 * 1024
_TAIL_LINES = 20


@dataclass
class _Waiting:
    request: Request
    since: float
    future: Future[Answer]


class ModelServer:
    """Runs a :class:`Server`. Its functions may be called from any thread."""

    def __init__(self, server: Server, changed: Changed = lambda state, error: None) -> None:
        self.server = server
        self._changed = changed
        self._lock = threading.RLock()
        self._settled = threading.Condition(self._lock)
        self._state: State = "starting"
        self._told: State = "starting"
        self._error: str | None = None
        self._queue: deque[_Waiting] = deque()
        self._requests = 0
        self._loaded = 0
        self._pids: dict[int, int] = {}
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        #: Counts the queue; and readable for ever once the server is to stop.
        self._work = os.eventfd(0, os.EFD_SEMAPHORE | os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._stop = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._closed = False

    @property
    def state(self) -> State:
        """Its state now."""
        return self._state

    @property
    def error(self) -> str | None:
        """What went wrong, with the end of the log, when it has failed."""
        return self._error

    @property
    def pids(self) -> list[int]:
        """The ids of the processes that run now."""
        with self._lock:
            return list(self._pids.values())

    def start(self) -> None:
        """Starts its processes and returns at once."""
        self._begin(self._prepare_and_serve, "prepare")

    def _begin(self, function: Callable[..., None], name: str, *arguments: object) -> None:
        label = f"serving-{self.server.key}-{name}"
        thread = threading.Thread(target=function, args=arguments, name=label, daemon=True)
        self._threads.append(thread)
        thread.start()

    def wait(self, seconds: float) -> State:
        """The state as soon as it is no longer starting, or after ``seconds``."""
        with self._settled:
            self._settled.wait_for(lambda: self._told != "starting", seconds)
            return self._told

    def submit(self, request: Request) -> Future[Answer]:
        """Queues a request. Raises :class:`OverloadedError` and :class:`NotServingError`."""
        with self._lock:
            if self._state in ("failed", "stopped"):
                raise NotServingError(self._error or "the deployment is not running")
            if self._requests >= self.server.most_requests:
                raise OverloadedError(
                    f"there are {self._requests} requests already, as many as the deployment takes at a time"
                )
            waiting = _Waiting(request, time.monotonic(), Future())
            self._requests += 1
            self._queue.append(waiting)
            waiting.future.add_done_callback(self._one_less)
            os.eventfd_write(self._work, 1)
        return waiting.future

    def _one_less(self, _future: Future[Answer]) -> None:
        with self._lock:
            self._requests -= 1

    def stop(self) -> None:
        """Ends its processes; requests that wait are answered that it was stopped."""
        self._settle("stopped", None)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(15)
        with self._lock:
            if not self._closed and not any(thread.is_alive() for thread in self._threads):
                self._closed = True
                os.close(self._work)
                os.close(self._stop)

    def tail(self, lines: int = _TAIL_LINES) -> str:
        """The end of the log."""
        return tail(self.server.log, lines)

    # -- states -------------------------------------------------------------------------------------------------------

    def _settle(self, state: State, error: str | None) -> None:
        with self._settled:
            if self._state in ("failed", "stopped"):
                return
            self._state, self._error = state, error
            ending = state in ("failed", "stopped")
            left = list(self._queue) if ending else []
            if ending:
                self._queue.clear()
                self._stopping.set()
                os.eventfd_write(self._stop, 1)
        for waiting in left:
            if waiting.future.set_running_or_notify_cancel():
                waiting.future.set_exception(NotServingError(error or "the deployment was stopped"))
        if state != "stopped":
            try:
                self._changed(state, error)
            except Exception:
                # The processes must not be lost over it; what cannot be recorded now is found out at the next start.
                log.exception("the state %s of the model server %s could not be recorded", state, self.server.key)
        with self._settled:
            # Last: who waits for the state finds it recorded.
            self._told = state
            self._settled.notify_all()

    def _fail(self, text: str) -> None:
        end = self.tail()
        changed = old_packages.advice(text)
        text = f"{text}\n{changed}" if changed else text
        self._settle("failed", f"{text}\nThe end of its log:\n{end}" if end else text)

    # -- threads ------------------------------------------------------------------------------------------------------

    def _prepare_and_serve(self) -> None:
        try:
            _set_aside(self.server.log)
            program = self.server.prepare(self._stopping.is_set)
        except EngineError as error:
            self._fail(str(error))
            return
        except Exception as error:
            log.exception("the model server %s could not be prepared", self.server.key)
            self._fail(f"the deployment could not be prepared: {type(error).__name__}: {error}")
            return
        for number in range(self.server.processes):
            if not self._stopping.is_set():
                self._begin(self._keep, str(number), program, number)

    def _keep(self, program: Program, number: int) -> None:
        """Starts one of the processes, and again whenever it dies."""
        deaths, loaded_before = 0, False
        while not self._stopping.is_set():
            try:
                process = ServerProcess(program, self.server.log, f"serving-{self.server.key}-{number}")
            except OSError as error:
                self._fail(f"the process could not be started: {error}")
                return
            with self._lock:
                self._pids[number] = process.pid
            problem, answered = self._load_and_serve(process, program, first=not loaded_before)
            how = process.end(0.0 if self._stopping.is_set() else 1.0)
            with self._lock:
                self._pids.pop(number, None)
            if self._stopping.is_set():
                return
            loaded_before = loaded_before or problem is None
            if not loaded_before:
                # What fails at the first start would fail again: the same files, the same packages.
                self._fail(f"{problem} (the process {how})")
                return
            deaths = 1 if answered else deaths + 1
            log.warning("a process of the model server %s %s", self.server.key, how)
            if deaths > MOST_DEATHS:
                self._fail(f"its process died {deaths} times in a row; the last time it {how}")
                return
            pause = min(_FIRST_PAUSE * 2 ** (deaths - 1), _LONGEST_PAUSE)
            self._say(f"the process {how}; it is started again in {pause:.1f} s")
            self._stopping.wait(pause)

    def _say(self, text: str) -> None:
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        with contextlib.suppress(OSError), self.server.log.open("a", encoding="utf-8") as file:
            file.write(f"{stamp} Z | amlbridge | {text}\n")

    def _load_and_serve(self, process: ServerProcess, program: Program, first: bool) -> tuple[str | None, bool]:
        """Returns why it could not be loaded, if so, and whether it has answered any request."""
        order = {"kind": program.kind, "path": str(program.path), "sys_path": list(program.sys_path)}
        process.send(order)
        found = ready((process.fileno(), self._stop), self.server.start_timeout)
        if not found:
            return f"init() did not return within {self.server.start_timeout:g} s", False
        if self._stop in found:
            return "it was stopped", False
        told = process.receive()
        if told is None:
            return "the process ended while it was loading the model", False
        if told[0]["op"] != "ready":
            return str(told[0]["text"]), False
        if first:
            with self._lock:
                self._loaded += 1
                all_loaded = self._loaded == self.server.processes
            if all_loaded:
                self._settle("ready", None)
        return None, self._serve(process)

    def _serve(self, process: ServerProcess) -> bool:
        """Answers requests until the process is gone, or the server is to stop. Returns whether any was answered."""
        answered = False
        while not self._stopping.is_set():
            found = ready((process.fileno(), self._work, self._stop), None)
            if self._stop in found or process.fileno() in found:
                return answered
            waiting = self._take()
            if waiting is None or not waiting.future.set_running_or_notify_cancel():
                continue
            left = self.server.request_timeout - (time.monotonic() - waiting.since)
            answer, alive = self._ask(process, waiting.request, left) if left > 0 else (self._too_long(), True)
            # Before the answer is given: a death that follows it is another one.
            answered = answered or alive
            waiting.future.set_result(answer)
            if not alive:
                return answered
        return answered

    def _take(self) -> _Waiting | None:
        try:
            os.eventfd_read(self._work)
        except BlockingIOError:
            return None  # another process was quicker
        with self._lock:
            return self._queue.popleft() if self._queue else None

    def _too_long(self) -> Answer:
        text = f"the request waited longer than the {self.server.request_timeout:g} s that it may take"
        return Answer(500, text.encode(), {"content-type": "text/plain"}, "timeout")

    def _ask(self, process: ServerProcess, request: Request, seconds: float) -> tuple[Answer, bool]:
        """The answer, and whether the process can be asked again."""
        header = {
            "method": request.method,
            "query": request.query,
            "headers": dict(request.headers),
            "timeout": seconds,
        }
        if process.send(header, request.body):
            found = ready((process.fileno(), self._stop), seconds + _NOTICE)
            if not found:
                self._say(f"run() did not react for {seconds + _NOTICE:.1f} s: its process is ended")
                process.end(0.0)
                return self._too_long(), False
            told = process.receive() if process.fileno() in found else None
            if told is not None:
                about, body = told
                return Answer(about["status"], body, about["headers"], about.get("reason")), True
        text = b"the process that ran the model died while it was working on this request"
        return Answer(502, text, {"content-type": "text/plain"}, "died"), False


def tail(path: Path, lines: int) -> str:
    """The last lines of a text file; "" when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - 400 * max(lines, 50), 0))
            content = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(content.splitlines()[-lines:]) if lines > 0 else ""


def _set_aside(path: Path) -> None:
    """Starts a new log when the old one is long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LONGEST_LOG:
        path.replace(path.with_name(f"{path.name}.1"))

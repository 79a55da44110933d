"""The process of a model server: loads a scoring script or an MLflow model, then answers one request after another.

Run by path with the interpreter of the deployment, which may hold nothing of ours: standard library only, and the
syntax of Python 3.9. It talks to the service through a socket that nobody else can open. What it prints is the
deployment's log.

What a scoring script may be, and what is passed to it, follows Azure's inference server, which is published under the
MIT licence (repository microsoft/azureml-inference-server, server/user_script.py and input_parsers.py).
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import select
import signal
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, NoReturn

_HEADER = struct.Struct(">IQ")
#: What a scoring script that raised is answered with; the exception itself follows it.
RUN_FAILED = "An unexpected error occurred in scoring script. Check the logs for more info."
Headers = dict[str, Any]
#: A request as a frame describes it, and its body; the answer likewise.
Handler = Callable[[Headers, bytes], tuple[Headers, bytes]]


class BadInputError(Exception):
    """The body of a request cannot be understood."""


def write_frame(channel: socket.socket, header: Headers, body: bytes = b"") -> None:
    """Sends a JSON object and bytes. Raises OSError when the other side is gone."""
    text = json.dumps(header).encode()
    channel.sendall(_HEADER.pack(len(text), len(body)) + text)
    if body:
        channel.sendall(body)


def read_frame(channel: socket.socket) -> tuple[Headers, bytes] | None:
    """What :func:`write_frame` sent; None when the other side is gone."""
    start = _read(channel, _HEADER.size)
    if start is None:
        return None
    text_size, body_size = _HEADER.unpack(start)
    text, body = _read(channel, text_size), _read(channel, body_size)
    if text is None or body is None:
        return None
    header: Headers = json.loads(text)
    return header, body


def _read(channel: socket.socket, size: int) -> bytes | None:
    found = bytearray()
    while len(found) < size:
        try:
            part = channel.recv(min(size - len(found), 1 << 20))
        except ConnectionError:
            return None
        if not part:
            return None
        found += part
    return bytes(found)


def beside(name: str) -> ModuleType:
    """A module of this folder, under a name that no module of the user has."""
    full = f"amlbridge_serving_{name}"
    if full not in sys.modules:
        specification = importlib.util.spec_from_file_location(full, Path(__file__).with_name(f"{name}.py"))
        assert specification is not None and specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        sys.modules[full] = module
        specification.loader.exec_module(module)
    return sys.modules[full]


def say(text: str) -> None:
    """A line of our own in the log."""
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    print(f"{stamp} Z | amlbridge | {text}", flush=True)


class _OvertimeError(BaseException):
    """run() took longer than a request may: BaseException, so that `except Exception` of the script lets it pass."""


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _OvertimeError


def _end_with_service(channel: socket.socket) -> None:
    """Ends this process and its children as soon as the service is gone, even while run() hangs."""
    poller = select.poll()
    poller.register(channel, select.POLLHUP | select.POLLRDHUP)
    while not poller.poll():
        pass
    os.killpg(0, signal.SIGKILL)


def _answer(handler: Handler, header: Headers, body: bytes) -> tuple[Headers, bytes]:
    seconds = float(header["timeout"])
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            return handler(header, body)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except _OvertimeError:
        say(f"run() was interrupted: it took longer than the {seconds:g} s that a request may take")
        return _error(500, f"Scoring timeout after {seconds * 1000:.0f} ms", "timeout")
    except BadInputError as error:
        return _error(400, str(error), "input")
    except Exception as error:  # noqa: BLE001  # whatever a script may raise
        traceback.print_exc()
        return _error(500, f"{RUN_FAILED} {type(error).__name__}: {error}", "run")


def _error(status: int, message: str, reason: str) -> tuple[Headers, bytes]:
    content = json.dumps({"message": message}).encode()
    return {"status": status, "reason": reason, "headers": {"content-type": "application/json"}}, content


def _load(order: Headers) -> Handler:
    """The handler that the first frame asks for. Raises whatever the script or the model raises."""
    path = Path(order["path"])
    if order["kind"] == "mlflow":
        made: Handler = beside("mlflow_model").load(path, BadInputError)
        return made
    handler: Handler = beside("script_model").load(path, BadInputError, beside("raw_http"))
    return handler


def main(descriptor: int) -> int:
    """Serves until the service is gone. Returns the exit code."""
    channel = socket.socket(fileno=descriptor)
    threading.Thread(target=_end_with_service, args=(channel,), daemon=True).start()
    signal.signal(signal.SIGALRM, _interrupt)
    first = read_frame(channel)
    if first is None:
        return 0
    order = first[0]
    # Modules are looked for where Azure looks for them: beside the script and in the code folder; not here.
    sys.path[:1] = order["sys_path"]
    sys.argv = [str(order["path"])]
    # As in Azure: what a script tells logging at INFO is in the log of its deployment.
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    say(f"loading {order['path']}")
    try:
        handler = _load(order)
    except BaseException as error:  # noqa: BLE001  # whatever a script may raise, sys.exit() included
        traceback.print_exc()
        if isinstance(error, SystemExit):
            error = RuntimeError(f"the script ended the process with exit code {error.code}")
        write_frame(channel, {"op": "failed", "text": f"{type(error).__name__}: {error}"})
        return 1
    say("ready")
    write_frame(channel, {"op": "ready"})
    while True:
        request = read_frame(channel)
        if request is None:
            return 0
        header, body = _answer(handler, *request)
        sys.stdout.flush()
        write_frame(channel, header, body)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))

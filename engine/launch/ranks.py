"""Starts the processes of a distributed step together and stands for all of them: the step's first process.

Run by path with `python -E -S SPECIFICATION`, standard library only. Because it is one process like any other step's,
marks, groups, limits of time and memory, cancelling and the keeper hold for all processes of the step.

One that fails ends the others, as mpirun and torchrun do; the report says which one it was and how it ended. Helpers
(parameter servers) never end by themselves: they are ended when all others are done.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time

import processes  # type: ignore[import-not-found, unused-ignore]  # beside this file, which is run by path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Seconds between SIGTERM and SIGKILL for the others when one has failed.
_GRACE = 5.0
# Seconds between two looks where the kernel cannot tell us.
_PAUSE = 0.02


def main(path: str) -> int:
    """Do what the file says. Returns 0 when all went well; otherwise the report is written."""
    with open(path, "rb") as file:  # noqa: PTH123
        spec = json.load(file)
    os.unlink(path)  # noqa: PTH108
    pids: list[int] = []
    for index, rank in enumerate(spec["ranks"]):
        try:
            pids.append(_start(spec["command"], rank))
        except OSError as error:
            processes.stop((), pids, _GRACE)
            _report(spec["report"], {"rank": index, "errno": error.errno, "text": str(error)})
            return 1
    return _follow(spec, pids)


def _environment() -> dict[bytes, bytes]:
    """The environment that we were started with; `os.environ` may have more, Python sets LC_CTYPE in the C locale."""
    with open("/proc/self/environ", "rb") as file:  # noqa: PTH123
        entries = [entry.partition(b"=") for entry in file.read().split(b"\0") if entry]
    return {name: value for name, _, value in entries}


def _start(command: list[str], rank: dict[str, Any]) -> int:
    env = {**_environment(), **{os.fsencode(name): os.fsencode(value) for name, value in rank["env"].items()}}
    log = os.open(rank["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, start_new_session=True
        )
    finally:
        os.close(log)
    # We reap it ourselves, see `_ended`.
    process.returncode = 0
    return process.pid


def _follow(spec: dict[str, Any], pids: list[int]) -> int:
    alive = dict(enumerate(pids))
    while any(not spec["ranks"][index]["helper"] for index in alive):
        _await_any(list(alive.values()))
        for index, pid in list(alive.items()):
            status = _ended(pid)
            if status is None:
                continue
            del alive[index]
            if status != 0:
                _fail(spec, pids, index, status, len(alive))
                return 1
    processes.stop((), [*alive.values()], _GRACE)
    return 0


def _ended(pid: int) -> int | None:
    """How a process ended, as `wait` says it; None while it runs. It is not reaped: so long nobody gets its number, and
    its group can be stopped."""
    found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
    if found is None:
        return None
    return found.si_status << 8 if found.si_code == os.CLD_EXITED else found.si_status


def _await_any(pids: list[int]) -> None:
    descriptors = []
    try:
        for pid in pids:
            descriptors.append(os.pidfd_open(pid))  # those opened before an error must be closed
    except (OSError, AttributeError):
        # An old kernel.
        time.sleep(_PAUSE)
    else:
        poll = select.poll()
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        poll.poll()
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _fail(spec: dict[str, Any], pids: list[int], index: int, status: int, others: int) -> None:
    code = os.waitstatus_to_exitcode(status)
    said = f"with exit code {code}" if code >= 0 else f"by signal {-code}"
    text = f"amlbridge: {spec['ranks'][index]['label']} ended {said}"
    if others:
        text += f": stopping the other {others} process(es)"
    # The log may be on a full disk; how the step ended must not depend on it.
    with contextlib.suppress(OSError):
        os.write(1, f"{text}\n".encode())
    _report(spec["report"], {"rank": index, "status": status})
    processes.stop((), pids, _GRACE)


def _report(path: str, content: dict[str, Any]) -> None:
    aside = f"{path}.new"
    with open(aside, "w") as file:  # noqa: PTH123
        json.dump(content, file)
    os.rename(aside, path)  # noqa: PTH104


if __name__ == "__main__":
    # The exit hook must not meet a standard output that cannot be written.
    os._exit(main(sys.argv[1]))

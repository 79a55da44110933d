"""What the numbers were measured on."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
#: Packages whose versions matter for the numbers.
_PACKAGES = ("amlbridge", "azureml-core", "azureml-pipeline-core", "pandas", "scikit-learn", "sqlalchemy", "uvicorn")


def load() -> str:
    """The load averages of 1, 5 and 15 minutes."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def facts(peers: str) -> dict[str, str]:
    """Name -> value; ``peers`` is a line about them. No paths and no host name: this goes into the repository."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _commit(),
        "processor": f"{os.cpu_count()} cores, {_processor()}, {psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _installed(_PACKAGES)),
        "peers": peers,
    }


def _installed(names: Iterable[str]) -> list[str]:
    known = {item.metadata["Name"].lower() for item in importlib.metadata.distributions() if item.metadata["Name"]}
    return [name for name in names if name in known]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _commit() -> str:
    def git(*arguments: str) -> str:
        command: Sequence[str] = ("git", "-C", str(ROOT), *arguments)
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "--short", "HEAD") + (" with local changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def wait_until_idle(process: psutil.Process, seconds: float = 60.0, *, still: float = 0.6) -> bool:
    """Waits until a process and all below it have used next to no processor time for ``still`` seconds.

    So a service is known to have ended its start-up and its preloading without asking it. False when time is up.
    """
    deadline, quiet = time.monotonic() + seconds, time.monotonic()
    last = _busy_seconds(process)
    while time.monotonic() < deadline:
        time.sleep(0.1)
        now = _busy_seconds(process)
        if now - last > 0.011:
            quiet = time.monotonic()
        last = now
        if time.monotonic() - quiet >= still:
            return True
    return False


def processor_time(run: Callable[[], object]) -> float:
    """The processor time, in seconds, that this process, its children and theirs use for a call."""
    this = psutil.Process()
    before = _busy_seconds(this)
    run()
    return _busy_seconds(this) - before


def _busy_seconds(process: psutil.Process) -> float:
    """What has been used so far; the time of ended processes is in the account of those that waited for them."""
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def say(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)

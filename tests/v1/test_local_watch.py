"""A local run whose process is killed ends, also while the service is away."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.support.live import LiveService
from tests.v1.test_execution import PRELUDE

pytestmark = pytest.mark.slow

SUBMIT = """
import time
run = Experiment(ws, "local").submit(ScriptRunConfig("src", "slow.py", compute_target="local"))
while "user_logs/std_log.txt" not in run.get_file_names() or run.get_status() != "Running":
    time.sleep(0.1)
while True:
    run.download_file("user_logs/std_log.txt", "log.txt")
    words = open("log.txt").read().split()
    if len(words) == 2:
        break
    time.sleep(0.1)
print("STARTED", run.id, *words)
"""
# The process that starts the script is the one that looks after the run.
FILES = {
    "src/slow.py": """
        import os, time
        print(os.getppid(), os.getpid(), flush=True)
        time.sleep(300)
    """
}


def started(service: LiveService) -> tuple[str, int, int]:
    # A forked client leaves no process behind, and a local run is one.
    out = service.run(PRELUDE + SUBMIT, files=FILES, python=sys.executable).stdout
    run_id, driver, script = next(line for line in out.splitlines() if line.startswith("STARTED")).split()[1:]
    return run_id, int(driver), int(script)


def alive(pid: int) -> bool:
    path = Path(f"/proc/{pid}/stat")
    return path.exists() and path.read_text().rpartition(")")[2].split()[0] != "Z"


def end(service: LiveService, run_id: str, patience: float = 90) -> tuple[str, str]:
    """Status and error message once the run has ended."""
    deadline = time.monotonic() + patience
    with service.client() as client:
        while True:
            details = client.get(f"/history/v1.0{service.scope()}/experiments/local/runs/{run_id}/details").json()
            if details["status"] in ("Failed", "Canceled", "Completed") or time.monotonic() > deadline:
                return details["status"], ((details.get("error") or {}).get("error") or {}).get("message", "")
            time.sleep(0.1)


def test_kill_9_ends_the_run(own_live: LiveService) -> None:
    run_id, driver, script = started(own_live)
    time.sleep(2.5)  # it is looked at more than once
    assert end(own_live, run_id, 0)[0] == "Running"
    os.kill(driver, signal.SIGKILL)
    status, message = end(own_live, run_id)
    assert status == "Failed"
    assert message.startswith("the process that ran this script was ended from outside")
    assert not alive(script)

    run_id, driver, script = started(own_live)
    own_live.kill()
    own_live.start()
    time.sleep(1.5)
    # The service came back and the run goes on.
    assert end(own_live, run_id, 0)[0] == "Running"
    assert alive(script)
    own_live.kill()
    os.kill(driver, signal.SIGKILL)
    own_live.start()
    assert end(own_live, run_id)[0] == "Failed"
    assert not alive(script)

"""Steps that misbehave: each ends with a clear error, and the engine and the next step are none the worse."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from amlbridge.engine.launch import processes
from amlbridge.engine.launch.pool import LauncherPool
from amlbridge.engine.plan import Settings
from amlbridge.engine.records.runs import Run
from tests.support import engine as support
from tests.support.engine import FILE_OUTPUT, Engine, OutputRef
from tests.support.patience import until

pytestmark = pytest.mark.slow
LIMIT = 300 * 1024 * 1024


@pytest.fixture(params=["subprocess", "warm"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine for each way of starting steps; one step may have 300 MB."""
    monkeypatch.setattr(support, "LauncherPool", functools.partial(LauncherPool, heavy=(), step_memory=LIMIT))
    made = Engine(tmp_path / "engine", launcher=request.param)
    yield made
    made.close()


def message(run: Run) -> str:
    assert run.status == "Failed", run
    return str(run.error["message"])


def test_a_step_that_eats_memory_is_ended_with_the_reason(engine: Engine) -> None:
    """Its helpers count, too; a step that maps a large file or reserves a lot of addresses does not use it."""
    hungry = """
        import subprocess, sys, time
        eat = "import time; kept = [bytearray(b'x' * 2**20) for _ in range(%d)]; time.sleep(300)"
        print("eating", flush=True)
        helpers = [subprocess.Popen([sys.executable, "-c", eat % 200]) for _ in range(2)]
        time.sleep(300)
    """
    modest = """
        import mmap
        reserved = mmap.mmap(-1, 4 * 2**30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        with open("large", "wb") as file:
            file.truncate(2**30)
        with open("large", "rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        print(sum(len(mapped[at:at + 2**20]) for at in range(0, 2**30, 2**20)))
    """
    began = time.monotonic()
    runs = engine.run(engine.step("hungry", hungry), engine.step("modest", modest), settings=Settings(True))
    assert time.monotonic() - began < 60
    assert runs["hungry"].error["code"] == "OutOfMemory"
    assert "of memory, more than a step may have here" in message(runs["hungry"])
    assert "AMLBRIDGE_STEP_MEMORY" in message(runs["hungry"])
    assert not processes.members({runs["hungry"].id})
    assert runs["modest"].status == "Completed", runs["modest"].error
    assert engine.log(runs["modest"]) == f"{2**30}\n"


def test_a_step_that_is_killed_from_outside_says_so(engine: Engine) -> None:
    runs = engine.run(engine.step("victim", "import os; print('here', flush=True); os.kill(os.getpid(), 9)"))
    assert "ended by SIGKILL from outside" in message(runs["victim"])
    assert "here" in message(runs["victim"])


def test_the_kernel_takes_steps_before_the_service(engine: Engine) -> None:
    mine = int(Path("/proc/self/oom_score_adj").read_text())
    script = """
        import sys, time
        until = time.monotonic() + 30
        while (found := int(open("/proc/self/oom_score_adj").read())) <= int(sys.argv[1]) and time.monotonic() < until:
            time.sleep(0.02)
        print(found)
    """
    runs = engine.run(engine.step("s", script, mine))
    assert int(engine.log(runs["s"])) > mine


def test_output_that_is_no_text(engine: Engine) -> None:
    script = r"""
        import os, sys
        os.write(1, b"\xff\xfe\x00 caf\xe9 " + bytes(range(256)) + b"\n")
        os.write(2, "half: é".encode()[:-1])
        sys.exit(5)
    """
    runs = engine.run(engine.step("noise", script))
    assert "exit code 5" in message(runs["noise"])
    message(runs["noise"]).encode()  # holds no half characters
    raw = (engine.root / "artifacts" / runs["noise"].id / "azureml-logs" / "70_driver_log.txt").read_bytes()
    assert bytes(range(256)) in raw, "the log keeps what was written, byte for byte"


def test_a_step_that_removes_its_working_folder(engine: Engine) -> None:
    script = """
        import os, shutil, sys
        open(sys.argv[1], "w").write("result")
        shutil.rmtree(os.getcwd())
        print("gone", os.path.exists("."), flush=True)
    """
    remove = engine.step("remove", script, OutputRef("out"), outputs={"out": FILE_OUTPUT})
    runs = engine.run(remove, engine.step("next", "import os; print(os.getcwd())", after=("remove",)))
    assert [runs[name].status for name in ("", "remove", "next")] == ["Completed"] * 3, runs
    place = runs["remove"].execution["outputs"]["out"]["path"]
    assert (engine.root / "data" / place).read_text() == "result"


def test_a_step_that_forks_and_ends(engine: Engine) -> None:
    """Children, orphans, daemons and a stopped process: none outlives the step, and none keeps it from ending."""
    script = """
        import os, signal, subprocess, sys, time
        for number in range(20):
            if os.fork() == 0:
                if number % 2:
                    os.setsid()
                if number % 5 == 0:
                    os.kill(os.getpid(), signal.SIGSTOP)
                if number % 3 == 0 and os.fork() == 0:
                    time.sleep(300)
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                time.sleep(300)
                os._exit(0)
        time.sleep(0.2)
        print("parent ends", flush=True)
        os._exit(0)
    """
    began = time.monotonic()
    runs = engine.run(engine.step("fork", script))
    assert runs["fork"].status == "Completed"
    assert time.monotonic() - began < 60
    assert not processes.members({runs["fork"].id})
    assert "background process" in engine.log(runs["fork"])


def test_a_step_that_ignores_sigterm_is_cancelled(engine: Engine) -> None:
    script = """
        import signal, time
        for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        print("deaf", flush=True)
        while True:
            time.sleep(1)
    """
    engine.submit(engine.step("deaf", script))
    run = engine.runs()["deaf"]
    log = engine.root / "artifacts" / run.id / "azureml-logs" / "70_driver_log.txt"
    until(lambda: log.exists() and "deaf" in log.read_text())
    began = time.monotonic()
    engine.scheduler.cancel(engine.workspace.id, "p")
    assert engine.scheduler.wait(engine.workspace.id, "p", 60)
    assert time.monotonic() - began < 60
    assert {run.status for run in engine.runs().values()} == {"Canceled"}
    assert not processes.members({run.id})


def test_a_step_that_closes_everything_and_exits_oddly(engine: Engine) -> None:
    close = "import os\nfor n in range(256):\n    try: os.close(n)\n    except OSError: pass\nos._exit(77)"
    signals = {name: f"import os, signal; os.kill(os.getpid(), signal.{name})" for name in ("SIGSEGV", "SIGABRT")}
    nodes = [engine.step("close", close), *(engine.step(name, text) for name, text in signals.items())]
    runs = engine.run(*nodes, settings=Settings(continue_on_failure=True))
    assert "exit code 77" in message(runs["close"])
    assert all(f"ended by {name}" in message(runs[name]) for name in signals)
    assert engine.run(engine.step("after", "print(1)"), run_id="q")[""].status == "Completed"

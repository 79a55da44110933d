"""Process trees, time limits, cancelling, and what happens when the service is killed. For both launchers."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from amlbridge.engine.launch import MARK, kill_leftovers, processes
from tests.engine.launch.conftest import PYTHON, Bench, read
from tests.support.patience import until

_TREE = """
import os, subprocess, sys, time, multiprocessing
def sleep(): time.sleep(300)
def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.chdir('/')
            time.sleep(300)
        os._exit(0)
if __name__ == '__main__':
    subprocess.Popen(['sleep', '300'])
    subprocess.Popen(['setsid', 'sleep', '300'])
    subprocess.Popen(['sh', '-c', 'setsid sh -c "sleep 300 & sleep 300" & exit 0'])
    multiprocessing.get_context('fork').Process(target=sleep, daemon=True).start()
    daemon()
    time.sleep(.2)
    open('ready', 'w').close()
    {end}
"""


def await_file(path: Path) -> None:
    until(path.exists)


async def ready(folder: Path) -> None:
    while not (folder / "ready").exists():
        await asyncio.sleep(0.01)


def alive(step_id: str) -> list[str]:
    return [processes.describe(pid) for pid in processes.members({step_id})]


@pytest.mark.slow
def test_cancel_reaches_the_whole_tree(bench: Bench) -> None:
    launch = bench.launch(bench.write(_TREE.format(end="time.sleep(300)")))
    running = bench.run(bench.pool.start(launch))
    bench.run(ready(bench.folder))
    until(lambda: len(alive(launch.step_id)) >= 6)
    bench.run(running.cancel(grace=2.0))
    outcome = bench.run(running.wait())
    assert alive(launch.step_id) == []
    assert (outcome.signal, outcome.cancelled, outcome.timed_out) == (signal.SIGTERM, True, False)


@pytest.mark.slow
def test_what_a_step_leaves_behind_is_stopped_and_logged(bench: Bench) -> None:
    launch = bench.launch(bench.write(_TREE.format(end="print('done')")))
    done = bench.run(bench.do(launch))
    assert done.outcome.exit_code == 0
    assert alive(launch.step_id) == []
    assert done.text == "done\n"
    assert b"background process" in done.err


def test_a_step_that_leaves_nothing_gets_no_such_line(bench: Bench) -> None:
    assert bench.script("import subprocess; subprocess.run(['true'])").err == b""


@pytest.mark.slow
def test_a_daemon_of_one_step_survives_the_end_of_another(warm: Bench) -> None:
    launch = warm.launch(warm.write(_TREE.format(end="time.sleep(300)")))
    running = warm.run(warm.pool.start(launch))
    warm.run(ready(warm.folder))
    before = processes.members({launch.step_id}).keys()
    warm.script("print('other')")
    assert processes.members({launch.step_id}).keys() == before
    warm.run(running.cancel(0))


@pytest.mark.slow
def test_sigterm_ignored(bench: Bench) -> None:
    body = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nopen('ready', 'w')\ntime.sleep(300)"
    running = bench.run(bench.pool.start(bench.launch(bench.write(body))))
    bench.run(ready(bench.folder))
    begin = time.monotonic()
    bench.run(running.cancel(grace=0.3))
    outcome = bench.run(running.wait())
    assert outcome.signal == signal.SIGKILL
    assert 0.3 <= time.monotonic() - begin < 60


def test_sigterm_handled_gives_time_to_clean_up(bench: Bench) -> None:
    body = (
        "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *a: (print('bye'), sys.exit(7)))\n"
        "open('ready', 'w')\ntime.sleep(300)"
    )
    launch = bench.launch(bench.write(body))
    running = bench.run(bench.pool.start(launch))
    bench.run(ready(bench.folder))
    bench.run(running.cancel())
    done = read(launch, bench.run(running.wait()))
    assert (done.text, done.outcome.exit_code, done.outcome.cancelled) == ("bye\n", 7, True)


def test_timeout(bench: Bench) -> None:
    begin = time.monotonic()
    outcome = bench.script("import time; time.sleep(300)", timeout=0.4).outcome
    assert (outcome.timed_out, outcome.cancelled, outcome.signal) == (True, False, signal.SIGTERM)
    assert 0.4 <= time.monotonic() - begin < 60
    assert outcome.ended - outcome.started >= 0.4


def test_timeout_not_reached(bench: Bench) -> None:
    outcome = bench.script("pass", timeout=30).outcome
    assert outcome.succeeded and not outcome.timed_out


def test_cancel_after_the_end_changes_nothing(bench: Bench) -> None:
    running = bench.run(bench.pool.start(bench.launch(bench.write("pass"))))
    first = bench.run(running.wait())
    bench.run(running.cancel())
    assert bench.run(running.wait()) == first
    assert first.succeeded


def test_crash_does_not_harm_the_next_step(bench: Bench) -> None:
    assert bench.script("import ctypes; ctypes.string_at(0)").outcome.signal == signal.SIGSEGV
    assert bench.script("print(1)").text == "1\n"


def test_mark_is_visible_from_outside(bench: Bench) -> None:
    launch = bench.launch(bench.write("import time; open('ready', 'w'); time.sleep(300)"))
    running = bench.run(bench.pool.start(launch))
    bench.run(ready(bench.folder))
    assert processes.step_of(running.pid) == launch.step_id
    bench.run(running.cancel(0))


@pytest.mark.parametrize(("argv", "python", "words"), [
    (("/no/such/program",), None, "not found"),
    (("no-such-program-anywhere",), None, "not found"),
    (("./plain.txt",), None, "not executable"),
    (("./noformat",), None, "#!"),
    (("script.py",), "/no/such/python", "not found"),
    ((), None, "no command"),
    (("a\0b",), None, "NUL"),
])  # fmt: skip
def test_cannot_start(argv: tuple[str, ...], python: str | None, words: str, cold: Bench) -> None:
    cold.write("text", "plain.txt")
    (cold.folder / cold.write("text", "noformat")).chmod(0o755)
    cold.write("pass")
    outcome = cold.step(*argv, python=python).outcome
    assert words in (outcome.error or "")
    assert (outcome.exit_code, outcome.signal) == (None, None)


def test_missing_folder_and_log(bench: Bench) -> None:
    bench.write("pass")
    missing = bench.folder / "none"
    assert "working folder" in (bench.step("script.py", cwd=missing).outcome.error or "")
    assert "log" in (bench.step("script.py", stdout=missing / "out").outcome.error or "")


def test_any_program(cold: Bench) -> None:
    done = cold.step(
        "sh", "-c", "echo $VALUE $AMLBRIDGE_STEP_ID; pwd; cat; exit 4", python=None, env={**cold.env, "VALUE": "v"}
    )
    first, second = done.text.splitlines()
    assert (first.split()[0], second, done.outcome.exit_code) == ("v", str(cold.folder), 4)


def test_output_that_is_not_utf8(bench: Bench) -> None:
    assert bench.script("import os; os.write(1, bytes(range(256)))").out == bytes(range(256))


def test_logs_are_appended_to(bench: Bench) -> None:
    launch = bench.launch(bench.write("print('new')"))
    launch.stdout.write_text("old\n")
    assert bench.run(bench.do(launch)).text == "old\nnew\n"


def test_kill_leftovers() -> None:
    mark = f"left-{os.getpid()}"
    orphan = subprocess.Popen(["sh", "-c", "setsid sleep 300 & sleep 300"], env={**os.environ, MARK: mark})
    other = subprocess.Popen(["sleep", "300"], env={**os.environ, MARK: mark + "0"})
    while len(processes.members({mark})) < 3:
        time.sleep(0.01)
    assert kill_leftovers({mark}) == 3
    assert kill_leftovers({mark}) == kill_leftovers(set()) == 0
    assert other.poll() is None
    other.kill()
    orphan.wait()
    other.wait()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["warm", "subprocess"])
def test_steps_die_with_the_service(kind: str, tmp_path: Path) -> None:
    """A service that is killed takes its steps along, also those that daemonised."""
    (tmp_path / "script.py").write_text(_TREE.format(end="time.sleep(300)"))
    mark = f"service-{kind}-{os.getpid()}"
    service = textwrap.dedent(f"""
        import asyncio, os
        from pathlib import Path
        from amlbridge.engine.launch import Launch, LauncherPool
        async def main():
            here = Path({str(tmp_path)!r})
            pool = LauncherPool(launcher={kind!r}, heavy=())
            logs = (here / "o", here / "e")
            running = await pool.start(Launch(("script.py",), {PYTHON!r}, here, dict(os.environ), *logs, {mark!r}))
            print((await running.wait()).error, flush=True)
        asyncio.run(main())
    """)
    process = subprocess.Popen([sys.executable, "-c", service], start_new_session=True)
    await_file(tmp_path / "ready")
    until(lambda: len(alive(mark)) >= 6)
    process.send_signal(signal.SIGKILL)
    process.wait()
    until(lambda: alive(mark) == [])

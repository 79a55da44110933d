"""`run` and `exec`: the script is run as `python SCRIPT` would run it."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import sys
import tempfile
import time
import uuid
from pathlib import Path

import pytest

from amlbridge.cli.config_file import DEFAULT
from amlbridge.server import lifecycle
from tests.support.command import Command
from tests.support.patience import until

pytestmark = pytest.mark.slow


def test_run_starts_the_service_and_writes_a_config(amlbridge: Command) -> None:
    amlbridge.write(
        "sub/a.py",
        """
        import os, sys
        from azureml.core import Workspace
        ws = Workspace.from_config()
        print(ws.name, ws.resource_group, sys.argv, os.getcwd(), sys.path[0])
        sys.exit(7)
        """,
    )
    done = amlbridge("run", "sub/a.py", "--progress", "-h", "--json", code=7)
    folder = str(amlbridge.folder)
    assert done.stdout.strip() == f"local local ['sub/a.py', '--progress', '-h', '--json'] {folder} {folder}/sub"
    assert "started the local workspace service" in done.stderr
    assert f"wrote {folder}/config.json" in done.stderr
    assert json.loads((amlbridge.folder / "config.json").read_text()) == DEFAULT
    again = amlbridge("run", "sub/a.py", code=7)
    assert again.stderr == ""


@pytest.mark.parametrize("place", ["config.json", ".azureml/config.json", "aml_config/config.json"])
def test_config_that_is_there_stays_alone(amlbridge: Command, place: str) -> None:
    path = amlbridge.write(place, '{"subscription_id": "s", "resource_group": "r", "workspace_name": "w"}')
    amlbridge.write("below/a.py", "print('ran')")
    before = path.read_text()
    done = amlbridge("run", "a.py", cwd=amlbridge.folder / "below")
    assert done.stdout == "ran\n"
    assert path.read_text() == before
    assert not (amlbridge.folder / "below" / "config.json").exists()
    # The state folder is beside what holds the config.json, for every folder below.
    assert amlbridge.home.is_ours()


def test_streams_and_exit_codes_are_the_commands(shared: Command) -> None:
    echo = "import sys; print(sys.stdin.read()); print('e', file=sys.stderr)"
    process = shared.start("exec", "--", sys.executable, "-c", echo, stdin=-1)
    assert process.communicate("hello", timeout=60) == ("hello\n", "e\n")
    shared("exec", "--", "bash", "-c", "kill -9 $$", code=137)
    assert "no command nosuchcommand" in shared("exec", "--", "nosuchcommand", code=127).stderr
    shared("exec", "--", str(shared.folder), code=126)


def test_what_cannot_be_run_is_told(shared: Command) -> None:
    assert "there is no such file" in shared("run", "missing.py", code=2).stderr
    assert "it is a folder" in shared("run", ".", code=2).stderr
    shared.write("n.ipynb", "{}")
    assert "nbconvert" in shared("run", "--python", "/usr/bin/false", "n.ipynb", code=2).stderr
    assert not (shared.folder / "config.json").exists()


def test_signal_is_passed_on_once(shared: Command) -> None:
    shared.write(
        "wait.py",
        """
        import time
        try:
            print("ready", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            time.sleep(1)
            print("cleaned up", flush=True)
            raise SystemExit(5)
        """,
    )
    process = shared.start("exec", "--", sys.executable, "wait.py")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (5, "interrupted\ncleaned up\n")
    process = shared.start("exec", "--", sys.executable, "wait.py")
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate()
    assert process.wait(60) == 128 + signal.SIGTERM


def test_ctrl_c_at_a_terminal_interrupts_once(shared: Command) -> None:
    """The terminal sends SIGINT to the script and to us: the script must see one."""
    shared.write(
        "count.py",
        """
        import signal, time
        seen = []
        signal.signal(signal.SIGINT, lambda *_: seen.append(1))
        print("ready", flush=True)
        while not seen:
            time.sleep(0.1)
        end = time.time() + 1.5
        while time.time() < end:
            time.sleep(0.1)
        print("seen", len(seen), flush=True)
        """,
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(shared.folder)
        os.execve(
            sys.executable,
            [sys.executable, "-m", "amlbridge.cli.main", "exec", "--", sys.executable, "count.py"],
            shared.environment,
        )
    output = b""
    while b"ready" not in output:
        output += os.read(terminal, 1000)
    os.write(terminal, b"\x03")
    while b"seen 1" not in output and b"seen 2" not in output:
        output += os.read(terminal, 1000)
    time.sleep(0.2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert b"seen 2" not in output
    os.close(terminal)


def test_service_that_dies_meanwhile_is_told(amlbridge: Command) -> None:
    amlbridge("up")
    script = "import os, time\nprint(1, flush=True)\nwhile not os.path.exists('go'): time.sleep(0.02)"
    process = amlbridge.start("exec", "--", sys.executable, "-c", script)
    assert process.stdout is not None
    process.stdout.readline()
    address = amlbridge.home.read_address()
    assert address is not None
    os.kill(address["pid"], signal.SIGKILL)
    until(lambda: lifecycle.process_mark(address["pid"]) is None)
    (amlbridge.folder / "go").touch()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "the service went away" in err


def test_proxies_of_the_user_are_replaced_and_nested_sessions_work(shared: Command) -> None:
    show = "import os; print(os.environ['HTTPS_PROXY'], os.environ['NO_PROXY'])"
    environment = {**shared.environment, "HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": ".azure.com"}
    out = shared("exec", "--", sys.executable, "-c", show, env=environment).stdout.split()
    assert "amlbridge-run-" in out[0]
    assert out[1] == "127.0.0.1,localhost"
    out = shared("exec", "--allow-network", "--", sys.executable, "-c", show, env=environment).stdout.split()
    assert out == ["http://proxy.example:3128", ".azure.com,127.0.0.1,localhost"]
    inner = [sys.executable, "-m", "amlbridge.cli.main", "exec", "--", sys.executable, "-c", show]
    first, second = shared("exec", "--", *inner).stdout.split()
    assert "amlbridge-run-" in first
    assert second == "127.0.0.1,localhost"
    environment["HTTPS_PROXY"] = "socks5://127.0.0.1:1080"
    refused = shared("exec", "--", "true", env=environment, code=69)
    assert "socks5" in refused.stderr


def test_a_run_that_the_script_left_open_is_told_from_one_that_goes_on(shared: Command) -> None:
    # The SDK copies the project of a local run to a folder of this name, below one that all its users share.
    run_id = f"goes-on-{uuid.uuid4().hex[:8]}"
    copy = Path(tempfile.gettempdir()) / "azureml_runs" / run_id
    shared.write("project/wait.py", "import time; time.sleep(60)")
    shared.write(
        "open.py",
        f"""
        from azureml.core import Experiment, ScriptRunConfig, Workspace
        experiment = Experiment(Workspace.from_config(), "open")
        experiment.start_logging(snapshot_directory=None, run_id="left-open")
        run = experiment.submit(ScriptRunConfig("project", "wait.py"), run_id="{run_id}")
        """,
    )
    # A forked client leaves no process behind.
    said = shared("run", "--python", sys.executable, "open.py").stderr
    assert "interactive run left-open · experiment open · Running" in said
    assert "the script did not end this run (run.complete())" in said
    assert f"local run {run_id} · experiment open" in said
    assert "goes on in a process of its own, which the SDK has started" in said and "in the service" not in said
    assert f"`amlbridge status {run_id}` shows it" in said and "status left-open" not in said
    shared.write(
        "end.py",
        """
        from azureml.core import Run, Workspace
        Run.get(Workspace.from_config(), "left-open").complete()
        """,
    )
    shared("run", "end.py")
    (copy / "azureml-setup" / "killfile").touch()
    deadline = time.monotonic() + 90
    while shared.json("status", run_id, "--json")["status"] != "Canceled":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    shutil.rmtree(copy)

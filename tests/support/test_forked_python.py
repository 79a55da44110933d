"""The program that stands for an interpreter: whoever starts it cannot tell it from one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support import warm_clients
from tests.support.live import LiveService

pytestmark = pytest.mark.slow


class Client:
    """Starts scripts with it in one folder, in the environment of a service's clients."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment

    def start(self, script: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        (self.folder / "main.py").write_text(textwrap.dedent(script))
        return self.popen("main.py", *arguments, **options)

    def popen(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        usual = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [warm_clients.python(), *arguments],
            cwd=self.folder,
            env=self.environment,
            text=True,
            **{**usual, **options},
        )

    def run(self, script: str, *arguments: str) -> tuple[int, str, str]:
        process = self.start(script, *arguments)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


@pytest.fixture
def client(live: LiveService, tmp_path: Path) -> Client:
    assert warm_clients.python() != sys.executable, "nothing is forked outside of a test session"
    return Client(tmp_path, live.environment())


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


# What a script finds ------------------------------------------------------------------------------------------------


def test_a_fork_has_the_libraries_and_what_it_was_started_with(client: Client) -> None:
    client.environment["OF_THIS_TEST"] = "blue"
    script = """
        import sys
        found = {"azureml.core", "azure.ai.ml", "sklearn"} & set(sys.modules)
        import os
        print(sorted(found), sys.argv, os.getcwd(), os.environ["OF_THIS_TEST"], __name__, sys.executable, os.getpid())
    """
    process = client.start(script, "--epochs", "3")
    told = process.communicate(timeout=60)[0].split()
    assert " ".join(told[:-1]) == (
        "['azure.ai.ml', 'azureml.core', 'sklearn'] ['main.py', '--epochs', '3'] "
        f"{client.folder} blue __main__ {sys.executable}"
    )
    assert int(told[-1]) != process.pid, "it is a fork"


def test_the_service_sees_the_environment_of_the_fork(client: Client) -> None:
    """`wire/caller.py` looks there for what no request says."""
    client.environment |= {"OF_THIS_TEST": "x" * 5000, "AMLBRIDGE_ASSUMED_COMPUTES": "cpu-cluster"}
    script = "import json, os, time; print(json.dumps([os.getpid(), dict(os.environ)]), flush=True); time.sleep(60)"
    process = client.start(script)
    pid, variables = json.loads(_line(process))
    shown = psutil.Process(pid).environ()
    process.kill()
    process.wait(60)
    assert {name: shown.get(name) for name in client.environment} == client.environment
    assert shown == variables, "nothing of the interpreter's"


def test_streams_are_those_of_the_program(client: Client) -> None:
    script = "import sys\nprint('out')\nprint('error', file=sys.stderr)\nimport os; os.system('echo below')"
    with (client.folder / "log").open("w") as log:
        log.write("before\n")
        log.flush()
        client.start(script, stdout=log, stderr=subprocess.STDOUT).wait(60)
    assert sorted((client.folder / "log").read_text().split()) == ["before", "below", "error", "out"]
    _, out, err = client.run(script)
    assert (sorted(out.split()), err) == (["below", "out"], "error\n")


# How it ends --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "code", "told"),
    [
        ("", 0, ""),
        ("import sys; sys.exit(7)", 7, ""),
        ("import sys; sys.exit('no data')", 1, "no data\n"),
        ("import os; os._exit(300 % 256)", 44, ""),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, ""),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM, ""),
    ],
)
def test_it_ends_as_the_script_ends(client: Client, script: str, code: int, told: str) -> None:
    assert client.run(script) == (code, "", told)


def test_a_traceback_is_that_of_the_script(client: Client) -> None:
    code, out, told = client.run("def look():\n    return {}['x']\nlook()\n")
    assert (code, out) == (1, "")
    assert told.splitlines()[0] == "Traceback (most recent call last):"
    assert f'File "{client.folder}/main.py", line 3, in <module>' in told
    assert told.splitlines()[-1] == "KeyError: 'x'"
    assert told.count("File ") == 2, "no frame of ours"


def test_signals_reach_the_script(client: Client) -> None:
    script = """
        import signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by request"))
        print("ready", flush=True)
        time.sleep(60)
    """
    process = client.start(script)
    assert _line(process) == "ready"
    process.terminate()
    assert process.communicate(timeout=60)[1] == "ended by request\n"
    assert process.returncode == 1
    process = client.start("print('ready', flush=True)\nimport time; time.sleep(60)")
    assert _line(process) == "ready"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1].endswith("KeyboardInterrupt\n")
    assert process.returncode == -signal.SIGINT


def test_the_fork_ends_with_the_program(client: Client) -> None:
    process = client.start("import os\nprint(os.getpid(), flush=True)\nimport time; time.sleep(60)")
    fork = int(_line(process))
    process.kill()
    process.wait(60)
    until = time.monotonic() + 90
    while not _gone(fork) and time.monotonic() < until:
        time.sleep(0.02)
    assert _gone(fork)


# Where it becomes the interpreter -----------------------------------------------------------------------------------


def _is_fresh(process: subprocess.Popen[str], given: str | None = None) -> bool:
    """Whether the script, which prints its process id and what is imported, runs in the program's own process."""
    out, err = process.communicate(given, timeout=60)
    assert process.returncode == 0, err
    pid, libraries = out.split()
    return int(pid) == process.pid and libraries == "False"


_ABOUT = "import os, sys\nprint(os.getpid(), 'azureml.core' in sys.modules)\n"


def test_what_is_no_script_runs_in_a_fresh_interpreter(client: Client) -> None:
    assert _is_fresh(client.popen("-c", _ABOUT))
    (client.folder / "about.py").write_text(_ABOUT)
    assert _is_fresh(client.popen("-m", "about"))
    assert _is_fresh(client.popen("-I", "about.py"))
    assert _is_fresh(client.popen("-", stdin=subprocess.PIPE), _ABOUT)


def test_a_script_that_reads_input_or_writes_to_no_file_does(client: Client) -> None:
    process = client.start(_ABOUT + "assert input() == 'yes'", stdin=subprocess.PIPE)
    assert _is_fresh(process, "yes\n")
    ours, theirs = os.openpty()
    process = client.start(_ABOUT, stdout=theirs)
    assert process.wait(60) == 0
    assert os.read(ours, 1000).split()[0] == str(process.pid).encode(), "it ran on a terminal"
    os.close(ours)
    os.close(theirs)


def test_a_script_with_modules_of_its_own_in_place_of_libraries_does(client: Client) -> None:
    (client.folder / "numpy.py").write_text("MINE = True\n")
    assert _is_fresh(client.start("import numpy\nassert numpy.MINE\n" + _ABOUT))


def test_variables_that_only_a_start_heeds_are_heeded(client: Client) -> None:
    client.environment["PYTHONHASHSEED"] = "7"
    assert _is_fresh(client.start("assert hash('a') == hash('a')\n" + _ABOUT))
    codes = {client.run("print(hash('amlbridge'))")[1] for _ in range(2)}
    assert len(codes) == 1, "the seed of the hashes is the one that was asked for"

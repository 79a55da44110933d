"""Runs in the peers' environment: for each line on its input it runs the steps once and answers with the seconds.

The scheduler is a process of its own that keeps the history of all tasks in SQLite, as ``luigid`` does in a team. The
history works with SQLAlchemy 1.4 only.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

# Luigi reads its configuration when it is imported.
_CONFIGURATION = """\
[core]
no_configure_logging=true
rpc_connect_timeout=30
[scheduler]
record_task_history=true
state_path={folder}/state.pickle
[task_history]
db_connection=sqlite:///{folder}/history.db
[worker]
keep_alive=false
wait_interval=0.05
"""


def main(settings: dict[str, Any]) -> None:
    """Measures until its input ends. What Luigi prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    folder = Path.cwd()
    (folder / "luigi.cfg").write_text(_CONFIGURATION.format(folder=folder))
    os.environ["LUIGI_CONFIG_PATH"] = str(folder / "luigi.cfg")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    start = "import sys; from luigi.cmdline import luigid; luigid(sys.argv[1:])"
    command = [sys.executable, "-c", start, "--address", "127.0.0.1", "--port", str(port)]
    with (folder / "luigid.log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait(f"http://127.0.0.1:{port}/api/graph")
        for number, _ in enumerate(sys.stdin):
            answers.write(f"{_round(settings, folder / f'round{number}', port)}\n")
    finally:
        server.terminate()
        server.wait(10)


def _wait(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _round(settings: dict[str, Any], outputs: Path, port: int) -> float:
    import luigi
    from luigi.contrib.external_program import ExternalProgramTask

    scripts, chain = settings["scripts"], settings["chain"]
    outputs.mkdir()

    class Step(ExternalProgramTask):  # type: ignore[misc]
        """One script in a process of its own; done when its output is there."""

        index = luigi.IntParameter()
        place = luigi.Parameter()
        capture_output = False

        def requires(self) -> list[Any]:
            """The step before this one."""
            return [Step(self.index - 1, self.place)] if chain and self.index else []

        def program_args(self) -> list[str]:
            """The command line."""
            return [settings["python"], str(Path(scripts[self.index]) / "main.py")]

        def output(self) -> Any:
            """The marker of this round."""
            return luigi.LocalTarget(str(outputs / str(self.index)))

        def run(self) -> None:
            """Runs the script, then marks it."""
            super().run()
            with self.output().open("w") as marker:
                marker.write("done")

    last = len(scripts) - 1
    tasks = [Step(index, str(outputs)) for index in ([last] if chain else range(last + 1))]
    began = time.perf_counter()
    options = {"scheduler_host": "127.0.0.1", "scheduler_port": port, "workers": settings["workers"]}
    done = luigi.build(tasks, log_level="WARNING", no_lock=True, **options)
    passed = time.perf_counter() - began
    if not done or len(list(outputs.iterdir())) != len(scripts):
        raise SystemExit("not every task ended well")
    return passed


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

"""What `down` promises: unfinished pipeline runs go on with the next `up`."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.support.command import Command

pytestmark = pytest.mark.slow

_SUBMIT = """
    from azureml.core import Experiment, Workspace
    from azureml.core.compute import AmlCompute, ComputeTarget
    from azureml.pipeline.core import Pipeline, StepSequence
    from azureml.pipeline.steps import PythonScriptStep
    ws = Workspace.from_config()
    cluster = ComputeTarget.create(ws, "c", AmlCompute.provisioning_configuration("STANDARD_D2_V2", max_nodes=1))
    steps = [
        PythonScriptStep("note.py", name=name, arguments=[name], source_directory="steps",
                         compute_target=cluster, allow_reuse=False)
        for name in ("quick", "slow")
    ]
    run = Experiment(ws, "resume").submit(Pipeline(ws, StepSequence(steps)))
    print("run", run.id)
"""


@pytest.mark.parametrize("how", ["down", "kill -9"])
def test_unfinished_runs_go_on(amlbridge: Command, how: str) -> None:
    notes, go = amlbridge.folder / "notes.txt", amlbridge.folder / "go"
    amlbridge.write(
        "steps/note.py",
        f"""
        import os, sys, time
        def note(what):
            with open({str(notes)!r}, "a") as file:
                file.write(f"{{sys.argv[1]}} {{what}}\\n")
        note("began")
        while sys.argv[1] == "slow" and not os.path.exists({str(go)!r}):
            time.sleep(0.05)
        note("ended")
        """,
    )
    amlbridge.write("submit.py", _SUBMIT)
    submitted = amlbridge("run", "submit.py")
    run = next(line for line in submitted.stdout.splitlines() if line.startswith("run ")).split()[1]
    assert f"amlbridge status {run}" in submitted.stderr  # it goes on without the script
    _wait(lambda: notes.exists() and "slow began" in notes.read_text())
    if how == "down":
        amlbridge("down")
    else:
        address = amlbridge.home.read_address()
        assert address is not None
        os.kill(address["pid"], signal.SIGKILL)
        time.sleep(0.2)
    assert "slow ended" not in notes.read_text()
    go.touch()
    amlbridge("up")
    _wait(lambda: amlbridge.json("status", run, "--json")["status"] in ("Completed", "Failed"))
    assert amlbridge.json("status", run, "--json")["status"] == "Completed"
    # The finished step stayed finished, the other one was run again.
    assert notes.read_text().splitlines() == ["quick began", "quick ended", "slow began", "slow began", "slow ended"]


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)

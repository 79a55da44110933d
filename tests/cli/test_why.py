"""`amlbridge status RUN --why`: why each step of a run was run or reused."""

from __future__ import annotations

import pytest

from tests.support.command import Command

pytestmark = pytest.mark.slow

_SUBMIT = """
    import sys
    from azureml.core import Experiment, Workspace
    from azureml.core.compute import AmlCompute, ComputeTarget
    from azureml.pipeline.core import Pipeline
    from azureml.pipeline.steps import PythonScriptStep
    ws = Workspace.from_config()
    cluster = ComputeTarget.create(ws, "c", AmlCompute.provisioning_configuration("STANDARD_D2_V2", max_nodes=1))
    steps = [
        PythonScriptStep("say.py", name=name, arguments=list(arguments), source_directory="steps",
                         compute_target=cluster, allow_reuse=name != "always")
        for name, arguments in (("same", "a"), ("other", sys.argv[1]), ("always", "b"))
    ]
    run = Experiment(ws, "why").submit(Pipeline(ws, steps))
    run.wait_for_completion(show_output=False)
    print("run", run.id)
"""


def test_why(amlbridge: Command) -> None:
    amlbridge.write("steps/say.py", "import sys; print(sys.argv)")
    amlbridge.write("submit.py", _SUBMIT)
    outputs = [amlbridge("run", "submit.py", argument) for argument in ("x", "y")]
    runs = [line.split()[1] for out in outputs for line in out.stdout.splitlines() if line.startswith("run ")]
    told = {step["name"]: step["reuse"] for step in amlbridge.json("status", runs[1], "--why", "--json")["steps"]}
    assert {name: item["hit"] for name, item in told.items()} == {"same": True, "other": False, "always": False}
    assert told["other"]["differs"] == ["argument 1: 'x' became 'y'"]
    shown = amlbridge("status", runs[1][:8], "--why").stdout
    rows = {line.split()[0]: line for line in shown.splitlines() if line.startswith(("same", "other", "always"))}
    assert "hit" in rows["same"]
    assert f"run {told['same']['candidate']}" in rows["same"]
    assert "miss" in rows["other"]
    assert "argument 1: 'x' became 'y'" in shown
    assert "allow_reuse=False" in rows["always"]
    assert "no step of this name has completed" in amlbridge("status", runs[0], "--why").stdout
    assert "--why explains the steps of one run" in amlbridge("status", "--why", code=2).stderr

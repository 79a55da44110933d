"""The tables of both SDKs are what the installed packages have."""

from __future__ import annotations

import subprocess
import sys

import pytest

from amlbridge.migrate.signatures import canonical, table, v1_table, v2_table


@pytest.mark.parametrize(
    ("path", "symbol"),
    [
        ("azureml.core.Workspace", "azureml.core.Workspace"),
        ("azureml.core.workspace.Workspace", "azureml.core.Workspace"),
        ("azureml.core.workspace.Workspace.from_config", "azureml.core.Workspace.from_config"),
        ("azureml.core.runconfig.CondaDependencies", "azureml.core.conda_dependencies.CondaDependencies"),
        ("azureml.pipeline.steps.python_script_step.PythonScriptStep", "azureml.pipeline.steps.PythonScriptStep"),
        (
            "azureml.pipeline.core.PipelineRun.wait_for_completion",
            "azureml.pipeline.core.PipelineRun.wait_for_completion",
        ),
        ("azureml.widgets.RunDetails", "azureml.widgets.RunDetails"),
        ("azureml.core.Workspace.nothing", None),
        ("azureml.core.Nothing", None),
    ],
)
def test_every_public_path_leads_to_one_symbol(path: str, symbol: str | None) -> None:
    assert canonical(path) == symbol


def test_members_of_bases_belong_to_a_class() -> None:
    assert v1_table().canonical("azureml.pipeline.core.PipelineRun.tag") == "azureml.core.Run.tag"


def test_parameters_are_known() -> None:
    step = v1_table().entries["azureml.pipeline.steps.PythonScriptStep"]
    assert {"script_name", "arguments", "compute_target", "runconfig", "allow_reuse"} <= step.keywords
    command = v2_table().entries["azure.ai.ml.command"]
    assert command.positional == ()
    assert {"code", "command", "environment", "is_deterministic"} <= command.keywords
    assert v2_table().entries["mlflow.log_metric"].required == ("key", "value")


@pytest.mark.slow
def test_the_tables_are_fresh() -> None:
    code = (
        "import sys; from amlbridge.migrate.signatures import generate as g; print(getattr(g, sys.argv[1])(), end='')"
    )
    running = {
        name: subprocess.Popen([sys.executable, "-c", code, name], stdout=subprocess.PIPE, text=True)
        for name in ("v1", "v2")
    }
    for name, process in running.items():
        text, _ = process.communicate(timeout=800)
        assert process.returncode == 0
        path = {"v1": table.V1, "v2": table.V2}[name]
        # Not the whole texts: pytest would print megabytes.
        stale = set(text.splitlines()) ^ set(path.read_text("utf-8").splitlines())
        assert not stale, f"{path.name} is stale ({len(stale)} lines): run `make signatures`"

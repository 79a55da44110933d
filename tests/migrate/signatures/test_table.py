"""The tables of both SDKs are what the installed packages have."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.signatures import canonical, table, v1_table, v2_table
from tests.support.live import LiveService


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
@pytest.mark.parametrize(("name", "path"), [("v1", table.V1), ("v2", table.V2)])
def test_the_tables_are_fresh(live: LiveService, name: str, path: Path) -> None:
    # As a client, because these are forked from an interpreter that has imported most of both SDKs.
    made = live.run(f"from amlbridge.migrate.signatures import generate\nprint(generate.{name}(), end='')\n").stdout
    # Not the whole texts: pytest would print megabytes.
    stale = set(made.splitlines()) ^ set(path.read_text("utf-8").splitlines())
    assert not stale, f"{path.name} is stale ({len(stale)} lines): run `make signatures`"

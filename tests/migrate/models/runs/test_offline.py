"""Code that tries whether its run has an experiment: outside of a job SDK v1 raised AttributeError."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

HEAD = "from azureml.core import Dataset, Run, Workspace\n\n"


def test_the_workspace_of_a_job_or_that_of_the_file() -> None:
    found = convert(f"""{HEAD}
def workspace():
    run = Run.get_context()
    try:
        return run.experiment.workspace
    except AttributeError:
        return Workspace.from_config()
""")
    assert (
        "AttributeError" not in found.text
        and "    except KeyError:\n        return MLClient.from_config(" in found.text
    )
    assert found.text.index("try:") < found.text.index("AZUREML_ARM_WORKSPACE_NAME") < found.text.index("except")


@pytest.mark.parametrize("caught", ["Exception", "AttributeError", "(AttributeError, ValueError)"])
def test_a_run_that_is_only_asked_for_its_experiment(caught: str) -> None:
    found = convert(f"""{HEAD}
def context():
    try:
        run = Run.get_context()
        run.experiment
    except {caught}:
        run = None
    return run
""")
    tried, handler = found.text.split("try:")[1].split("    except ")
    assert tried.endswith('        os.environ["AZUREML_RUN_ID"]\n') and "get_experiment" not in tried
    expected = caught.replace("AttributeError", "KeyError")
    assert handler.startswith(f"{expected}:")


def test_what_else_may_have_no_attribute_is_caught_as_before() -> None:
    found = convert(f"""{HEAD}
run = Run.get_context()
try:
    table = Dataset.get_by_name(run.experiment.workspace, options.table)
    name = run.experiment.name
except AttributeError:
    table = name = None
""")
    assert "except (AttributeError, KeyError):" in found.text
    assert found.text.split("try:")[1].lstrip().startswith('os.environ["AZUREML_RUN_ID"]\n')
    assert found.text.count('os.environ["AZUREML_RUN_ID"]') == 1


def test_a_workspace_of_which_only_the_name_is_asked() -> None:
    found = convert(f"""{HEAD}
run = Run.get_context()
try:
    ws = run.experiment.workspace
    print(ws.name)
except AttributeError:
    print("not in a job")
""")
    assert "except KeyError:" in found.text and 'os.environ["AZUREML' in found.text.split("except")[0]


@pytest.mark.parametrize("handler", ["except Exception:\n        print(1)\n        raise", "except:\n        raise"])
def test_a_handler_that_hands_the_error_on_does_not_wait_for_it(handler: str) -> None:
    found = convert(f"""{HEAD}
def keep(path):
    run = Run.get_context()
    try:
        print(Dataset.get_by_name(run.experiment.workspace, path).name)
    {handler}
""")
    assert 'os.environ["AZUREML_RUN_ID"]' not in found.text and "AZUREML_ARM_WORKSPACE_NAME" in found.text

"""Functions that get the experiment of the job, or one that the script makes where it runs on its own."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

_OWN = 'ws = Workspace.get(name="w", subscription_id="s", resource_group={group})\n        exp = Experiment(ws, "e")\n'
_JOB = "exp = run.experiment\n"


def _script(first: str, second: str, rest: str) -> str:
    asks = 'run.id.startswith("OfflineRun")'
    return (
        "import os\nfrom azureml.core import Datastore, Experiment, Run, Workspace\n\n\ndef main():\n"
        f"    run = Run.get_context()\n    if {asks if 'ws =' in first else f'not {asks}'}:\n        {first}"
        f"    else:\n        {second}    show(exp)\n\n\n{rest}\n\nmain()\n"
    )


_SHOW = 'def show(exp):\n    print(Datastore.get(exp.workspace, "a").name)\n'
_OF_JOB = 'workspace_name=os.environ["AZUREML_ARM_WORKSPACE_NAME"],'
_OF_OWN = 'subscription_id="s", resource_group_name={group}, workspace_name="w",'


@pytest.mark.parametrize("order", [(_OWN, _JOB), (_JOB, _OWN)])
def test_the_client_is_that_of_the_experiment_which_it_got(order: tuple[str, str]) -> None:
    group = 'os.environ["GROUP"]'
    first, second = (part.format(group=group) for part in order)
    text = convert(_script(first, second, _SHOW)).text
    shown = " ".join(text.partition("def show(exp):")[2].split())
    assert f'{_OF_JOB} ) if "AZUREML_RUN_ID" in os.environ else MLClient(' in shown
    assert _OF_OWN.format(group=group) in shown


def test_what_it_was_made_with_may_be_in_variables_that_hold_settings() -> None:
    own = f'name = os.getenv("GROUP", "g")\n        {_OWN.format(group="name")}'
    text = convert(_script(own, _JOB, _SHOW)).text
    assert _OF_OWN.format(group='os.getenv("GROUP", "g")') in " ".join(text.partition("def show(")[2].split())


def test_what_is_not_known_there_is_told() -> None:
    own = f"name = input()\n        {_OWN.format(group='name')}"
    found = convert(_script(own, _JOB, _SHOW))
    assert "else MLClient.from_config(" in " ".join(found.text.split())
    (told,) = [one for one in found.findings if one.symbol.endswith(".workspace") and one.status is Status.REVIEW]
    assert "outside of a job the client is that of the configuration file" in told.message


def test_several_functions_call_one() -> None:
    own, more = _OWN.format(group='"g"'), _SHOW.replace("show", "list_all").replace('"a"', '"b"')
    text = convert(_script(own, _JOB, f"{more}\n\n{_SHOW}    list_all(exp)\n")).text
    assert text.count("ml_client = connect()") == 2 and text.count("AZUREML_ARM_WORKSPACE_NAME") == 1


def test_names_are_not_read_of_variables_that_only_jobs_have() -> None:
    rest = "def show(exp):\n    ws = exp.workspace\n    print(ws.name)\n"
    text = convert(_script(_OWN.format(group='"g"'), _JOB, rest)).text
    assert "print(ml_client.workspace_name)" in text and " else MLClient(" in " ".join(text.split())


def test_an_experiment_that_is_always_that_of_the_job_needs_no_other_client() -> None:
    text = convert(
        "from azureml.core import Datastore, Run\n\n\n" + _SHOW + "\n\nshow(Run.get_context().experiment)\n"
    ).text
    assert "AZUREML_ARM_WORKSPACE_NAME" in text and "from_config" not in text

"""Objects that code keeps together in a dict or a data class are those that it takes out again."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from dataclasses import dataclass

from azureml.core import Environment, Experiment, Workspace
from azureml.core.linked_service import LinkedService


"""
MADE = "ws = Workspace.from_config()\nenv = Environment.get(ws, 'a')\n"
RETURNED = "    ws = Workspace.from_config()\n    env = Environment.get(ws, 'a')\n    return {'ws': ws, 'env': env}\n"
SHOW = "def show(made):\n    print(made['ws'].name, made.get('env').version)\n    {}\n\n\n"
LINKED = "LinkedService.get(made['ws'], 'spark')"


@pytest.mark.parametrize(
    "code",
    [
        "show({'ws': Workspace.from_config(), 'env': env})\n",
        "made = {}\nmade['ws'] = Workspace.from_config()\nmade['env'] = env\nshow(made)\n",
        "made = {'env': env}\nmade['ws'] = Workspace.from_config()\nshow(made)\n",
        "made = {'ws': Workspace.from_config(), 'env': env}\ndef again(made):\n    show(made)\nagain(made)\n",
    ],
)
def test_an_object_under_a_key(code: str) -> None:
    found = convert(HEAD + SHOW.format("pass") + MADE + code)
    assert "made['ws'].workspace_name" in found.text.replace('"', "'")
    assert {finding.status for finding in found.findings} == {Status.CONVERTED}
    kept = convert(HEAD + SHOW.format(LINKED) + MADE + code).text.replace('"', "'")
    assert "'ws': Workspace.from_config()" in kept or "made['ws'] = Workspace.from_config()" in kept
    assert LINKED in kept and "made['ws'].workspace_name" not in kept


def test_an_object_in_a_dict_that_a_function_gives() -> None:
    code = f"def make():\n{RETURNED}\n\nmade = make()\nshow(made)\nprint(made['ws'].name)\n"
    text = convert(HEAD + SHOW.format("pass") + code).text.replace('"', "'")
    assert text.count("made['ws'].workspace_name") == 2 and "azureml" not in text.partition("def show")[2]


def test_what_lists_hold_is_not_under_a_key_of_another_kind() -> None:
    """Of a dict with objects of several kinds, each key has its own."""
    code = "made = {}\nmade['exp'] = Experiment(ws, 'a')\nmade['ws'] = ws\nprint(made['ws'].name, made['exp'].name)\n"
    text = convert(HEAD + MADE + code).text.replace('"', "'")
    assert "print(made['ws'].workspace_name, made['exp'])" in text


@pytest.mark.parametrize("made", ["Made(Workspace.from_config(), env)", "Made(env=env, ws=Workspace.from_config())"])
@pytest.mark.parametrize("said", ["object", "'Any'"])
def test_an_attribute_of_a_data_class_without_a_type(made: str, said: str) -> None:
    cls = f"@dataclass\nclass Made:\n    ws: {said}\n    env: {said}\n\n\n"
    show = "def show(made):\n    print(made.ws.name, made.env.version)\n    {}\n\n\n"
    found = convert(HEAD + cls + show.format("pass") + MADE + f"show({made})\n")
    assert "print(made.ws.workspace_name, made.env.version)" in found.text
    assert {finding.status for finding in found.findings} == {Status.CONVERTED}
    kept = convert(HEAD + cls + show.format("LinkedService.get(made.ws, 'spark')") + MADE + f"show({made})\n").text
    assert "LinkedService.get(made.ws, 'spark')" in kept and "made.ws.workspace_name" not in kept


def test_the_client_of_a_function_is_the_one_that_it_finds_in_a_dict() -> None:
    show = "def show(made):\n    Experiment(made['ws'], 'a').submit(job)\n\n\n"
    text = convert(HEAD + show + "show({'ws': Workspace.get('other'), 'env': None})\n").text.replace('"', "'")
    assert "made['ws'].jobs.create_or_update(job, experiment_name='a')" in text and "from_config" not in text


def test_a_key_of_several_dicts() -> None:
    """All of its objects are of one SDK."""
    code = "show({'ws': Workspace.from_config(), 'env': env})\nshow({'ws': Workspace.get('other'), 'env': env})\n"
    text = convert(HEAD + SHOW.format("pass") + MADE + code).text.replace('"', "'")
    assert "print(made['ws'].workspace_name, " in text and "Workspace." not in text
    kept = convert(HEAD + SHOW.format(LINKED) + MADE + code).text.replace('"', "'")
    assert "{'ws': Workspace.from_config(), " in kept and "{'ws': Workspace.get('other'), " in kept


def test_a_key_that_has_objects_of_several_types_is_not_followed() -> None:
    code = "show({'ws': Workspace.from_config(), 'env': env})\nshow({'ws': env, 'env': env})\n"
    assert "made['ws'].name" in convert(HEAD + SHOW.format("pass") + MADE + code).text.replace('"', "'")

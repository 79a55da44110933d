"""What code keeps in attributes of things that are no classes of its own, in lists, in named records: read there, it is
what was put there."""

from __future__ import annotations

import ast

import pytest

from amlbridge.migrate.analysis.values import Evaluator
from tests.migrate.rules.support import convert

HEAD = """\
import argparse
from types import SimpleNamespace
import streamlit as st
from azureml.core import Experiment, ScriptRunConfig, Workspace

args = argparse.ArgumentParser().parse_args()
ws = Workspace.from_config()
config = ScriptRunConfig(source_directory=".", script="train.py", compute_target="cpu")
"""


@pytest.mark.parametrize("place", ["args.trial", "st.session_state.trial", 'st.session_state["trial"]', "go.trial"])
def test_an_attribute_of_something_else_is_what_was_put_there(place: str) -> None:
    code = f'{place} = Experiment(ws, "e")\n\n\ndef go():\n    {place}.submit(config).wait_for_completion()\n'
    found = convert(HEAD + code)
    assert f'{place} = "e"\n' in found.text and f"experiment_name={place}" in found.text
    assert "wait_for_completion" not in found.text and ".submit(" not in found.text


def test_an_attribute_that_a_class_gets_from_outside() -> None:
    code = "class Held:\n    trial = None\n\n\ndef start():\n    Held.trial = Experiment(ws, 'e')\n\n\n"
    found = convert(f"{HEAD}{code}def go():\n    Held.trial.submit(config)\n")
    assert "experiment_name=Held.trial" in found.text


def test_an_attribute_that_holds_several_is_not_told() -> None:
    code = "args.trial = Experiment(ws, 'e')\nargs.trial = other()\nargs.trial.tag('a', 'b')\n"
    assert "\nargs.trial.tag('a', 'b')\n" in convert(HEAD + code).text


def test_what_stays_sdk_v1_is_made_of_what_the_attribute_holds() -> None:
    code = "args.trial = Experiment(ws, 'e')\nargs.trial.delete('id')\nargs.trial.submit(config)\n"
    found = convert(HEAD + code)
    assert "\nExperiment(ws, args.trial).delete(" in found.text and "experiment_name=args.trial)" in found.text


@pytest.mark.parametrize(
    "code",
    [
        "for trial, job in [(Experiment(ws, 'a'), config), (Experiment(ws, 'b'), config)]:\n    trial.submit(job)\n",
        "trials = [Experiment(ws, name) for name in 'ab']\nwhile trials:\n    trials.pop().submit(config)\n",
        "made = dict(trial=Experiment(ws, 'e'))\nmade['trial'].submit(config)\n",
        "made = {}\nmade.update({'trial': Experiment(ws, 'e')})\nmade['trial'].submit(config)\n",
        "made = {}\nmade.update(trial=Experiment(ws, 'e'))\nmade['trial'].submit(config)\n",
        "made = SimpleNamespace(trial=Experiment(ws, 'e'))\nmade.trial.submit(config)\n",
    ],
)
def test_what_lists_dicts_and_records_hold(code: str) -> None:
    assert ".submit(" not in convert(HEAD + code).text


def test_a_list_of_several_kinds_is_not_told() -> None:
    code = "kept = [Experiment(ws, 'a'), ws.compute_targets['cpu']]\nkept.pop().delete()\n"
    assert "kept.pop().delete()\n" in convert(HEAD + code).text


def test_what_a_base_class_keeps_of_what_a_derived_one_gets() -> None:
    code = "class Base:\n    def __init__(self, trial):\n        self.trial = trial\n\n\nclass Derived(Base):\n"
    code += "    def go(self):\n        self.trial.wait_for_completion()\n\n\n"
    found = convert(f"{HEAD}{code}Derived(Experiment(ws, 'e').submit(config)).go()\n")
    assert "ml_client.jobs.stream(self.trial.name)" in found.text


def test_what_a_base_class_keeps_of_what_a_derived_one_hands_on() -> None:
    code = "class Base:\n    def __init__(self, trial):\n        self.trial = trial\n\n\nclass Derived(Base):\n"
    code += "    def __init__(self):\n        super().__init__(Experiment(ws, 'e').submit(config))\n\n"
    found = convert(f"{HEAD}{code}    def go(self):\n        self.trial.wait_for_completion()\n")
    assert "ml_client.jobs.stream(self.trial.name)" in found.text


@pytest.mark.parametrize(("other", "kind"), [("getattr(own, 'parent', None)", None), ("None", "RunContext")])
def test_a_part_of_tuples_that_is_not_one_thing_in_all_of_them_is_not_told(other: str, kind: str | None) -> None:
    code = "from azureml.core import Run\n\nown = Run.get_context()\n"
    tree = ast.parse(f"{code}for name, one in [('own', own), ('other', {other})]:\n    one\n")
    read = next(
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id == "one"
    )
    assert Evaluator(tree).type_of(read) == kind

"""Runs and models that code keeps in lists and dicts of its own are followed to where they are used."""

from __future__ import annotations

import ast
import textwrap

import pytest

from amlbridge.migrate.analysis.uses import find_uses
from amlbridge.migrate.analysis.values import Evaluator
from tests.migrate.rules.support import convert

_HEAD = """\
from azureml.core import Experiment, Workspace
ws = Workspace.from_config()
def submit():
    return Experiment(ws, "e").submit(config)
runs, named = [], {}
"""


def members(text: str) -> list[str]:
    """The members of runs that code uses below the head."""
    uses = find_uses(Evaluator(ast.parse(_HEAD + textwrap.dedent(text))))
    return [use.symbol for use in uses if use.symbol.startswith("Run.")]


@pytest.mark.parametrize(
    "text",
    [
        "runs.append(submit())\nfor run in runs:\n    run.cancel()",
        "runs.insert(0, submit())\n[run.cancel() for run in runs[1:]]",
        "runs += [submit()]\nfor number, run in enumerate(runs):\n    run.cancel()",
        "runs.append(('a', submit()))\nfor name, run in runs:\n    run.cancel()",
        "named['a'] = submit()\nfor name, run in named.items():\n    run.cancel()",
        "named['a'] = submit()\nnamed['a'].cancel()",
        "named['a'] = submit()\nnamed.get('a').cancel()",
        "runs.append(submit())\nsorted(runs, key=len)[0].cancel()",
        "runs.append(submit())\nruns.pop().cancel()",
        "named = {name: submit() for name in 'ab'}\nfor run in named.values():\n    run.cancel()",
        "named = {'a': submit()}\nmax(named.values(), key=len).cancel()",
        "runs.append(submit())\nfor one, run in zip('ab', list(runs)):\n    run.cancel()",
        "def stop(them):\n    for run in them:\n        run.cancel()\nruns.append(submit())\nstop(runs)",
        "def both():\n    made = []\n    made.append(submit())\n    return made\nfor run in both():\n    run.cancel()",
        "class All:\n    def __init__(self):\n        self.runs = []\n"
        "    def more(self):\n        self.runs.append(submit())\n"
        "    def stop(self):\n        for run in self.runs:\n            run.cancel()",
    ],
)  # fmt: skip
def test_a_run_of_a_collection(text: str) -> None:
    assert members(text) == ["Run.cancel"]


@pytest.mark.parametrize(
    "text",
    [
        "others = []\nruns.append(submit())\nfor other in others:\n    other.cancel()",
        "runs.append(submit())\nruns.cancel()",
        "runs.append(submit())\nruns[1:].cancel()",
        "named['a'] = submit()\nfor name in named:\n    name.cancel()",
        "def stop(them):\n    for run in them:\n        run.cancel()\n    stop(them)\nstop([])",
    ],
)
def test_what_is_no_run_of_a_collection(text: str) -> None:
    assert not members(text)


def test_a_dict_with_things_of_several_kinds_is_no_collection() -> None:
    text = """\
        import argparse

        from azureml.core import Run


        def main(context):
            context["run"].log("a", 1)
            print(context["args"].folder, context["args"].label)


        run = Run.get_context()
        main({"args": argparse.ArgumentParser().parse_args(), "run": run})
        """
    conversion = convert(text)
    assert {finding.symbol for finding in conversion.findings} <= {"Run.get_context", "Run.log"}
    assert 'print(context["args"].folder, context["args"].label)' in conversion.text


def test_what_an_item_is_used_for_stays_v1_with_what_was_put_in() -> None:
    text = """\
        from azureml.core import Experiment, Workspace
        ws = Workspace.from_config()
        def newest(name):
            return list(Experiment(ws, name).get_runs())[0]
        def best(run):
            return run.get_best_child()
        runs = {name: newest(name) for name in "ab"}
        children = {name: best(run) for name, run in runs.items()}
        runs["a"].register_model("a")
        print(runs["b"].id)
        """
    first = convert(textwrap.dedent(text))
    assert '\nruns["a"].register_model("a")\n' in first.text and '\nprint(runs["b"].id)\n' in first.text
    assert convert(first.text).text == first.text


def test_computes_and_experiments_of_a_dict_are_those_of_sdk_v2() -> None:
    text = convert(
        """\
from azureml.core import Experiment, Workspace
from azureml.core.compute import ComputeTarget

ws = Workspace.from_config()
targets, experiments = {}, {}
for name in names:
    targets[name] = ComputeTarget(ws, name)
    targets[name].wait_for_completion(show_output=True)
    experiments[name] = Experiment(ws, name)
for name, target in targets.items():
    print(target.vm_size, experiments[name].name)
"""
    ).text
    assert "azureml" not in text and "wait_for_completion" not in text
    assert "print(target.size, experiments[name])" in text


@pytest.mark.parametrize(
    ("made", "loop"),
    [
        ('tables = {}\nfor name in ("a", "b"):\n    tables[name] = Dataset.get_by_name(ws, name)\n', "tables.values()"),
        ('tables = [Dataset.get_by_name(ws, name) for name in ("a", "b")]\n', "tables"),
        ('a, b = Dataset.get_by_name(ws, "a"), Dataset.get_by_name(ws, "b")\n', "(a, b)"),
    ],
)
def test_a_loop_over_datasets_gets_datasets(made: str, loop: str) -> None:
    text = convert(
        f"from azureml.core import Dataset, Workspace\n\nws = Workspace.from_config()\n{made}"
        f"for table in {loop}:\n    print(table.to_pandas_dataframe().shape, table.name)\n"
    ).text
    assert "    print(mltable.load(table.path).to_pandas_dataframe().shape, table.name)\n" in text


def test_a_loop_over_a_dict_of_datasets_gets_its_names() -> None:
    head = "from azureml.core import Dataset, Workspace\n\nws = Workspace.from_config()\n"
    loop = 'tables = {"a": Dataset.get_by_name(ws, "a")}\nfor table in tables:\n    print(table.name)\n'
    assert "    print(table.name)\n" in convert(head + loop).text


@pytest.mark.parametrize(
    ("found", "after"),
    [
        (
            'next(run for run in Experiment(ws, "x").get_runs() if run.id == KEY).cancel()',
            "ml_client.jobs.begin_cancel(",
        ),
        ("max((one for one in Experiment(ws, 'x').get_runs()), key=KEY).cancel()", "ml_client.jobs.begin_cancel("),
        (
            "next((s for name, s in ws.webservices.items() if name == KEY), None).delete()",
            "online_endpoints.begin_delete(",
        ),
        ("next(s for s in Schedule.list(ws) if s.name == KEY).disable()", "ml_client.schedules.begin_disable("),
        ("next(d for n, d in ws.datasets.items() if n == KEY).to_pandas_dataframe()", "mltable.load("),
    ],
)
def test_what_is_looked_for_in_a_list_is_one_of_its_elements(found: str, after: str) -> None:
    head = "from azureml.core import Experiment, Workspace\nfrom azureml.pipeline.core import Schedule\n"
    for code in (
        found,
        "found = {}.{}".format(*found.rsplit(".", 1)),
        "found = {}\nfound.{}".format(*found.rsplit(".", 1)),
    ):
        text = convert(f"{head}ws = Workspace.from_config()\n{code}\n").text
        assert after in text and "azureml" not in text

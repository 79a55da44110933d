"""Code in the middle of a change: the codemod neither fails on it nor writes what it would change again."""

from __future__ import annotations

import ast
import random
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from amlbridge.migrate.registry import all_rules
from tests.migrate.rules.support import convert
from tests.support.mutated import mutate

_SAMPLES = Path(__file__).parents[2] / "samples" / "v1"
MODULES = [path.read_text() for path in sorted(_SAMPLES.rglob("*.py")) if "azureml" in path.read_text()]
MODULES += [case.before for rule in all_rules() for case in rule.cases]


# Derandomized: what a version of the codemod does with the same code must not depend on luck.
@settings(max_examples=150, derandomize=True)
@given(st.sampled_from(MODULES), st.integers(0, 2**32 - 1))
def test_a_changed_module_is_converted_once_and_for_all(module: str, seed: int) -> None:
    changed = mutate(module, random.Random(seed))
    assume(changed is not None and "azureml" in changed)
    conversion = convert(changed or "")
    ast.parse(conversion.text)
    wrong = [finding for finding in conversion.findings if finding.rule in ("internal-error", "unknown-name")]
    assert not wrong, wrong


def test_what_is_made_of_itself_is_left() -> None:
    conversion = convert(
        """\
        dataset = run.input_datasets["iris"]
        src = ScriptRunConfig(source_directory=".", script="train.py", arguments=[dataset.as_named_input("iris")])
        from azureml.core.run import Run
        from azureml.core import ScriptRunConfig
        run = Run.get_context()
        """
    )
    assert "as_named_input" in conversion.text


def test_an_idiom_of_an_object_that_stays_v1_stays() -> None:
    conversion = convert(
        """\
        from azureml.core import Experiment, Workspace
        from azureml.train.hyperdrive import HyperDriveConfig

        ws = Workspace.from_config()
        config = HyperDriveConfig(run_config=given, hyperparameter_sampling=params, max_total_runs=6)
        run = Experiment(ws, "tune").submit(config)
        best = run.get_best_run_by_primary_metric()
        arguments = best.get_details()["runDefinition"]["arguments"]
        """
    )
    assert 'best.get_details()["runDefinition"]["arguments"]' in conversion.text


@pytest.mark.parametrize("before", ["run.complete()\n", ""])
def test_what_a_module_reads_and_does_not_define_is_not_defined_for_it(before: str) -> None:
    conversion = convert(
        before
        + """\
from azureml.core import Experiment

ws = Workspace.from_config()
run = Experiment(ws, "train").submit(config)
best, model = run.get_output(iteration=2)
"""
    )
    assert "ws = Workspace.from_config()" in conversion.text
    assert "Workspace as V1Workspace" in conversion.text or "import Workspace" not in conversion.text

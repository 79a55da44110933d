"""The twins are complete, and what they leave is compared. The tests that run them are in a file for each stage: the
processes of xdist take a file at a time."""

from __future__ import annotations

from pathlib import Path

from amlbridge.migrate.registry import all_rules
from tests.migrate.twins import stages
from tests.migrate.twins.running import differences, is_installed, unused
from tests.migrate.twins.stages import all_twins
from tests.migrate.twins.twin import PROGRAM


def test_every_stage_is_run() -> None:
    modules = {path.stem for path in Path(stages.__file__).parent.glob("[!_]*.py")}
    assert {f"test_{name}.py" for name in modules} <= {path.name for path in Path(__file__).parent.glob("test_*.py")}


def test_every_case_has_a_twin() -> None:
    cases = {(rule.name, number) for rule in all_rules() for number in range(len(rule.cases))}
    twins = [(twin.rule, twin.number) for twin in all_twins()]
    assert len(set(twins)) == len(twins)
    assert {twin for twin in twins if twin[1] != PROGRAM} == cases


def test_a_module_stands_in_only_for_one_that_is_not_installed() -> None:
    assert not [module for twin in all_twins() for module in twin.stand_ins if is_installed(module)]


def test_differences_are_found_and_allowed() -> None:
    old, new = {"jobs": {"a": [{"tags": {"x": "1"}}]}}, {"jobs": {"a": [{"tags": {}}]}}
    assert list(differences(old, new, {})) == ["jobs/a/0/tags/x: '1', None"]
    assert not list(differences(old, new, {"jobs/*/tags": "why"}))
    assert unused(old, old, {"jobs/*/tags": "why"}) == ["jobs/*/tags"]
    assert list(differences([1], [1, 2], {})) == [": [1], [1, 2]"]

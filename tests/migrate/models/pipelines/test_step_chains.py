"""Loops that make each step of a list run after the one before it."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

_HEAD = """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
fetch = PythonScriptStep("fetch.py", name="fetch", compute_target="cpu", runconfig=env)
clean = PythonScriptStep("clean.py", name="clean", compute_target="cpu", runconfig=env)
train = PythonScriptStep("train.py", name="train", compute_target="cpu", runconfig=env)
parts = [fetch, clean]
parts.append(train)
"""
_END = "nightly = Pipeline(ws, steps=parts)\n"
_FORWARDS = ("clean = clean_component(after_fetch=fetch.", "train = train_component(after_clean=clean.")
_BACKWARDS = ("clean = clean_component(after_train=train.", "fetch = fetch_component(after_clean=clean.")


@pytest.mark.parametrize(
    ("loop", "calls"),
    [
        ("for i in range(1, len(parts)):\n    parts[i].run_after(parts[i - 1])\n", _FORWARDS),
        ("for i in range(len(parts)-1):\n    parts[i+1].run_after(parts[i])\n", _FORWARDS),
        ("for a, b in zip(parts, parts[1:]):\n    b.run_after(a)\n", _FORWARDS),
        ("for a, b in zip(parts[:-1], parts[1:]):\n    a.run_after(b)\n", _BACKWARDS),
    ],
)
def test_the_order_of_a_list_is_that_of_its_steps(loop: str, calls: tuple[str, ...]) -> None:
    found = convert(_HEAD + loop + _END)
    assert all(call in found.text for call in calls), found.text
    assert "run_after" not in found.text and "parts" not in found.text and "for " not in found.text
    assert {finding.status for finding in found.findings} == {Status.CONVERTED}


@pytest.mark.parametrize(
    "loop",
    [
        "for i in range(2, len(parts)):\n    parts[i].run_after(parts[i - 2])\n",
        "for i in range(1, len(parts)):\n    if chosen(i):\n        parts[i].run_after(parts[i - 1])\n",
        "for i in range(1, len(others)):\n    others[i].run_after(others[i - 1])\n",
    ],
)
def test_another_order_stays_with_its_reason(loop: str) -> None:
    found = convert(f"{_HEAD}others = [train, fetch]\n{loop}{_END}")
    assert loop in found.text
    told = next(finding for finding in found.findings if finding.symbol == "Pipeline")
    assert told.status is Status.MANUAL and "decided at run time" in told.message


def test_a_list_that_grows_after_the_loop_stays() -> None:
    head, loop = _HEAD.removesuffix("parts.append(train)\n"), "for a, b in zip(parts, parts[1:]):\n    b.run_after(a)\n"
    found = convert(f"{head}{loop}parts.append(train)\n{_END}")
    assert loop in found.text and any("decided at run time" in finding.message for finding in found.findings)

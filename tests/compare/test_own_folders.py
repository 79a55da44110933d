"""Folders of a step's own through which data go: ``output_path_on_compute``, ``path_on_compute``."""

from __future__ import annotations

from typing import Any

import pytest

from amlbridge.compare.own_folders import compare_input, compare_outputs
from amlbridge.compare.result import Verdict
from amlbridge.engine.plan import (
    Argument,
    Command,
    DataReference,
    Input,
    InputRef,
    Node,
    Output,
    OutputRef,
)


def _node(name: str, details: dict[str, Any], *, given: bool, folder: str | None = None) -> Node:
    words = (Argument((InputRef("data"),)), Argument((OutputRef(name),))) if given else ()
    return Node(
        "n",
        "train",
        command=Command(words, "train.py"),
        inputs={"data": Input(DataReference("azureml://datastores/a/paths/b"), path_on_compute=folder)},
        outputs={name: Output("a", "{run-id}")},
        options={"outputs": {name: details}} if details else {},
    )


@pytest.mark.parametrize(
    ("given", "right", "verdict"),
    [
        (True, {}, Verdict.SAME),  # the command says where it is
        (False, {}, Verdict.DIFFERENT),  # the script writes into a folder that nobody takes
        (True, {"path_on_compute": "other"}, Verdict.DIFFERENT),
    ],
)
def test_an_output_goes_where_the_command_says(given: bool, right: dict[str, Any], verdict: Verdict) -> None:
    left = _node("model", {"path_on_compute": "training"}, given=given)
    (check,) = compare_outputs(left, _node("m", right, given=given), {"model": "m"})
    assert (check.subject, check.verdict) == ("path of output model", verdict)


def test_which_files_an_output_takes_is_no_matter_of_folders() -> None:
    left, right = _node("m", {"source_globs": ["*.csv"]}, given=True), _node("m", {}, given=True)
    assert [check.verdict for check in compare_outputs(left, right, {"m": "m"})] == [Verdict.SAME, Verdict.DIFFERENT]


@pytest.mark.parametrize(("given", "verdict"), [(True, Verdict.SAME), (False, Verdict.DIFFERENT)])
def test_an_input_lies_where_the_command_says(given: bool, verdict: Verdict) -> None:
    left, right = _node("m", {}, given=given, folder="/tmp/data"), _node("m", {}, given=given)
    (check,) = compare_input("data", "data", left, right)
    assert (check.subject, check.verdict) == ("path of input data", verdict)
    assert list(compare_input("data", "data", right, right)) == []

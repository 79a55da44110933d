"""Statements that share a line stay where they were: what follows a loop is not in it, what a block had it keeps."""

from __future__ import annotations

import ast
from textwrap import dedent

from hypothesis import given
from hypothesis import strategies as st

from tests.migrate.rules.support import check_noop, convert

RUN = "from azureml.core import Run\n\nrun = Run.get_context()\n"
LOOP = ["for step, value in enumerate([1, 2]):", '    mlflow.log_metric("l", value, step=step)']


def body(code: str) -> list[str]:
    """What becomes of statements of a run script, without its imports; a second conversion changes nothing."""
    text = convert(RUN + dedent(code)).text
    ast.parse(text)
    check_noop(text)
    return [line for line in text.splitlines() if line and not line.startswith(("import ", "from "))]


def test_what_follows_a_loop_on_its_line_is_not_in_it() -> None:
    assert body('run.log_list("l", [1, 2]); print(1)\n') == [*LOOP, "print(1)"]


def test_what_comes_before_a_loop_keeps_its_place() -> None:
    assert body('print(1); run.log_list("l", [1, 2])  # why\n') == ["print(1)", *LOOP[:1], LOOP[1] + "  # why"]


def test_the_body_of_a_loop_on_one_line_stays_its_body() -> None:
    indented = ["    " + line for line in LOOP]
    assert body('for i in range(3): print(i); run.log_list("l", [1, 2]); print(2)\n') == [
        "for i in range(3):",
        "    print(i)",
        *indented,
        "    print(2)",
    ]


def test_what_goes_leaves_the_rest_on_its_line() -> None:
    assert body("a = 1; run.complete(); b = 2\nrun.flush(); run.complete()\nc = 3\n") == ["a = 1; b = 2", "c = 3"]


def test_a_block_of_which_nothing_is_left_passes() -> None:
    assert body("a = 1\nif a: run.flush(); run.complete()\nelse: a = 2; run.complete()\n") == [
        "a = 1",
        "if a: pass",
        "else: a = 2",
    ]


def test_what_fits_stays_on_its_line() -> None:
    assert body('def report(): run.log("a", 1); run.log("b", 2); return 3\n') == [
        'def report(): mlflow.log_metric("a", 1); mlflow.log_metric("b", 2); return 3'
    ]


def test_what_is_left_has_its_comment_beside_the_other_statements() -> None:
    lines = body('print(run.get_details_with_logs()["logFiles"]); run.log_list("l", [1, 2])\n')
    at = lines.index('print(run.get_details_with_logs()["logFiles"])')
    assert lines[at - 1].startswith("# TODO(amlbridge run-state): ")
    assert lines[at + 1 :] == LOOP


def test_imports_among_them_stay() -> None:
    text = convert(RUN + 'import os; a = 1; run.log_list("l", [1, 2]); import sys; print(os, sys)\n').text
    assert text.splitlines()[-6:] == ["import os", "a = 1", *LOOP, "import sys", "print(os, sys)"]


def test_an_import_of_sdk_v1_before_them_goes() -> None:
    text = convert('import os; from azureml.core import Run; run = Run.get_context(); run.log_list("l", [1, 2])\n').text
    assert text.split("\n", 1)[0].startswith("import os; import mlflow")
    assert text.splitlines()[1:] == LOOP


def test_a_workspace_that_is_made_on_the_same_line_is_the_one_that_is_used() -> None:
    text = convert(
        "from azureml.core import Experiment, ScriptRunConfig, Workspace\n\n"
        'ws = Workspace.from_config(); exp = Experiment(ws, "e"); run = exp.submit(ScriptRunConfig(".", "t.py"))\n'
    ).text
    assert text.count("MLClient.from_config(") == 1


STATEMENTS = st.sampled_from(
    [
        "order.append({})",
        'run.log("a", order.append({}))',
        'run.log_list("l", [order.append({})])',
        "run.complete()",
        'run.log_row("r", x=order.append({}), y=1)',
    ]
)


@given(st.lists(STATEMENTS, min_size=1, max_size=5), st.sampled_from(["", "for i in range(2): ", "if order == []: "]))
def test_the_order_of_what_is_evaluated_is_that_of_the_code(statements: list[str], head: str) -> None:
    line = head + "; ".join(one.format(number) for number, one in enumerate(statements))
    assert evaluated(body("order = []\n" + line + "\n")) == evaluated(["order = []", line], run=True)


class Recorded:
    """Stands for a run, and for mlflow: what is logged does not matter here, only when its value is made."""

    def __getattr__(self, name: str) -> Recorded:
        return self

    def __call__(self, *args: object, **kwargs: object) -> Recorded:
        return self


def evaluated(lines: list[str], *, run: bool = False) -> list[int]:
    names: dict[str, object] = {"run": Recorded()} if run else {"mlflow": Recorded()}
    exec("\n".join(lines), names)
    found = names["order"]
    assert isinstance(found, list)
    return found

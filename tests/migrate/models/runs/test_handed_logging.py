"""``run.log`` that code hands on, without calling it where it names it."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import check_transformed, convert

_HEAD = (
    "import functools\nimport sys\n\nfrom azureml.core import Run\nfrom keras import fit\n\nrun = Run.get_context()\n"
)
_ADAPTED = 'lambda name, value, description="", step=None: mlflow.log_metric(name, value, step=step)'


def _left(text: str) -> set[str]:
    done = (Status.CONVERTED, Status.REVIEW)
    return {finding.symbol for finding in convert(text).findings if finding.status not in done}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'def each(log, values):\n    for value in values:\n        log("loss", value)\n\n\neach(run.log, [0.5])\n',
            "each(mlflow.log_metric, [0.5])\n",
        ),
        (
            'def each(log=print):\n    log("loss", value=5)\n\n\neach()\neach(log=run.log)\n',
            "each()\neach(log=mlflow.log_metric)\n",
        ),
        (
            'loss = functools.partial(run.log, "loss")\nloss(0.5)\n',
            'loss = functools.partial(mlflow.log_metric, "loss")\n',
        ),
        ('log = run.log if sys.argv[1:] else print\nlog("a", 1)\n', 'if sys.argv[1:] else print\nlog("a", 1)\n'),
        ("functions = {'a': run.log}\n", 'functions = {"a": mlflow.log_metric}\n'),
    ],
)
def test_it_is_the_function_of_mlflow(before: str, after: str) -> None:
    text = convert(_HEAD + before).text
    assert after in text and "azureml" not in text and "mlflow.log_metric" in text


def test_a_function_beside_it_is_called_where_the_code_says_so() -> None:
    """What the variable holds in another branch has to be called there as before."""
    found = convert(
        _HEAD
        + """\
if sys.argv[1:]:
    log = run.log
else:
    log = print
log("a", 1)


class Trial:
    def __init__(self, run=None):
        self.log = run.log if run else print

    def go(self):
        self.log("x", 1)


Trial(run).go()
Trial().go()
"""
    )
    assert "azureml" not in found.text
    assert '    log = mlflow.log_metric\nelse:\n    log = print\nlog("a", 1)\n' in found.text
    assert "self.log = mlflow.log_metric if run else print\n" in found.text and 'self.log("x", 1)\n' in found.text


def test_a_short_name_for_it_is_not_needed() -> None:
    check_transformed(
        'from azureml.core import Run\n\nlog = Run.get_context().log\nlog("a", 1)\nlog(name="note", value="text")\n',
        'import mlflow\n\nmlflow.log_metric("a", 1)\nmlflow.log_text("text", "note.txt")\n',
    )


@pytest.mark.parametrize(
    "code",
    [
        'def each(log):\n    log(name="loss", value=1)\n\n\neach(run.log)\n',
        'def each(log):\n    log("loss", 1, "of the epoch")\n\n\neach(run.log)\n',
        'loss = functools.partial(run.log, name="loss")\n',
        "class Each:\n    def __init__(self, log):\n        self.log = log\n\n"
        "    def go(self, *given):\n        self.log(*given)\n"
        "\n\nEach(run.log).go()\n",
    ],
)
def test_calls_that_mlflow_does_not_take_are_adapted(code: str) -> None:
    found = convert(_HEAD + code)
    assert "".join(_ADAPTED.split()) in "".join(found.text.split()) and "azureml" not in found.text


def test_what_nobody_knows_how_it_is_called_is_told() -> None:
    found = convert(_HEAD + "fit(data, log=run.log)\n")
    assert "fit(data, log=mlflow.log_metric)" in found.text
    review = next(finding for finding in found.findings if finding.symbol.endswith(".log"))
    assert review.status is Status.REVIEW and "a name and a number" in review.message


def test_a_function_that_logs_texts_keeps_it() -> None:
    assert "Run.log" in _left(_HEAD + 'def each(log):\n    log("note", "a text")\n\n\neach(run.log)\n')


def test_the_run_above_is_bound() -> None:
    text = convert(_HEAD + "fit(data, log=run.parent.log)\n").text
    flat = "".join(text.split())
    assert 'log=partial(mlflow.log_metric,run_id=run.data.tags["mlflow.parentRunId"])' in flat

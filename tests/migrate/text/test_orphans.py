"""Comments that say what statements do which are not there any more."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

_HEAD = "from azureml.core import Run\n\nrun = Run.get_context()\nrun.log('a', 1)\n"
_DONE = 'import mlflow\n\nmlflow.log_metric("a", 1)\n'


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("\n# Ends the run,\n# which tells that all is done.\nrun.complete()\n\nprint(1)\n", "\nprint(1)\n"),
        ("# Ends the run.\nrun.complete()\n", ""),
        (
            "print(0)\n# Ends the run.\nrun.flush()\nrun.complete()\n# The sum.\nprint(1)\n",
            "print(0)\n# The sum.\nprint(1)\n",
        ),
        ("\n# Written.\nrun.flush()\n\n# Ends.\nrun.complete()\n\nprint(1)\n", "\nprint(1)\n"),
        ("if True:\n    # Ends the run.\n    run.complete()\nprint(1)\n", "if True:\n    pass\nprint(1)\n"),
    ],
)
def test_they_go_with_these(code: str, left: str) -> None:
    assert convert(_HEAD + code).text == _DONE + left


@pytest.mark.parametrize(
    "comment",
    [
        *(
            "# Ends the run, and tells.",
            "# --- The end ---",
            "# %%",
            "# %% The end",
            "# TODO: and its files",
            "# noqa: E501",
        ),
        *("# run.cancel()", "# see https://example.com/runs", "# Copyright of us", "#######"),
    ],
)
def test_what_is_of_more_or_is_meant_for_others_stays(comment: str) -> None:
    """A heading, a mark, a licence; a comment above statements of which one stays; code that was taken out."""
    below = "print(1)\n" if comment.startswith("# Ends") else "\nprint(1)\n"
    assert f"{comment}\n" in convert(f"{_HEAD}\n{comment}\nrun.complete()\n{below}").text


def test_what_is_behind_a_statement_keeps_what_is_above_it() -> None:
    assert "# Ends.\n# at last\n" in convert(f"{_HEAD}\n# Ends.\nrun.complete()  # at last\n\nprint(1)\n").text


def test_the_first_comment_of_a_file_is_that_of_the_file() -> None:
    assert convert(
        "# Ends it.\nrun.complete()\n\nfrom azureml.core import Run\n\nrun = Run.get_context()\n"
    ).text.startswith("# Ends it.\n")

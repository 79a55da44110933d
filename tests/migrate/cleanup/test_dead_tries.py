"""What is tried and of which nothing is left."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

_HEAD = "from azureml.core import Run\nfrom azureml.exceptions import ServiceException\n\nrun = Run.get_context()\n"


def test_nothing_is_tried_where_nothing_is_left() -> None:
    code = "try:\n    run.flush()\n    run.complete()\nexcept ServiceException as error:\n    print(error.message)\n"
    assert convert(f"{_HEAD}print(1)\n{code}print(2)\n").text == "\nprint(1)\nprint(2)\n"


def test_a_function_that_only_tried_does_nothing() -> None:
    code = "def end():\n    try:\n        run.flush()\n    except Exception:\n        return None\n"
    assert convert(f"{_HEAD}{code}").text == "\ndef end():\n    pass\n"


@pytest.mark.parametrize(
    "rest",
    [
        "except Exception:\n    failed = True\n",
        "except Exception:\n    pass\nelse:\n    print(2)\n",
        "finally:\n    print(2)\n",
    ],
)
def test_what_else_the_statement_does_is_kept(rest: str) -> None:
    assert convert(f"{_HEAD}try:\n    run.flush()\n{rest}").text == f"\ntry:\n    pass\n{rest}"

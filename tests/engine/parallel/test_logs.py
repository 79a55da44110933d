"""What the logs of a parallel run say of an exception, in one line."""

from __future__ import annotations

import pytest

from amlbridge.engine.parallel.logs import last_line

_HEAD = 'Traceback (most recent call last):\n  File "score.py", line 3, in init\n    load()\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{_HEAD}OSError: no model\n", "OSError: no model"),
        (f"{_HEAD}KeyError: 'a'\n\nDuring handling …\n\n{_HEAD}ValueError: no a\nand no b\n", "ValueError: no a"),
        (
            f"{_HEAD}azureml.exceptions.ModelNotFoundException: ModelNotFoundException:\n\tMessage: no model of the "
            'name x\n\tInnerException None\n\tErrorResponse \n{\n    "error": {}\n}\n',
            "azureml.exceptions.ModelNotFoundException: ModelNotFoundException: no model of the name x",
        ),
        ("run() took more than 1 s\n", "run() took more than 1 s"),
        ("", ""),
    ],
)
def test_the_line_names_the_exception(text: str, said: str) -> None:
    assert last_line(text) == said

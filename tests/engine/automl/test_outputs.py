"""The scoring scripts that go with each model: what they answer to the requests that notebooks send."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from amlbridge.engine.automl import outputs, report

ROWS = [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
LISTS = [[1, "x"], [2, "y"]]


class Model:
    """Answers with the column ``a``."""

    def predict(self, rows: Any) -> Any:
        return rows["a"].to_numpy() * 10

    def predict_proba(self, rows: Any) -> Any:
        return np.column_stack([rows["a"] / 10, 1 - rows["a"] / 10])

    def forecast(self, rows: Any) -> Any:
        return self.predict(rows), rows


def script(name: str, task: str = "classification") -> dict[str, Any]:
    """The names of a scoring script that has loaded the model."""
    text = outputs.companions(task, pd.DataFrame(ROWS))[name]
    found: dict[str, Any] = {}
    exec(compile(text, name, "exec"), found)
    found["model"] = Model()
    return found


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"Inputs": ROWS}, [10, 20]),
        ({"Inputs": {"data": ROWS}}, [10, 20]),
        ({"Inputs": {"data": LISTS}, "GlobalParameters": {"method": "predict_proba"}}, [[0.1, 0.9], [0.2, 0.8]]),
        ({"Inputs": {"data": ROWS}, "GlobalParameters": 1.0}, [10, 20]),
        ({"data": ROWS, "method": "predict_proba"}, [[0.1, 0.9], [0.2, 0.8]]),
    ],
)
def test_the_newer_scoring_script(request_: dict[str, Any], expected: list[Any]) -> None:
    assert script(report.SCORING[1])["run"](json.dumps(request_)) == {"Results": expected}


def test_the_older_scoring_script() -> None:
    answer = script(report.SCORING[0])["run"](json.dumps({"data": LISTS, "method": "predict"}))
    assert json.loads(answer) == {"result": [10, 20]}


def test_a_scoring_script_of_forecasts() -> None:
    assert script(report.SCORING[1], "forecasting")["run"]({"Inputs": {"data": ROWS}}) == {"Results": [10, 20]}

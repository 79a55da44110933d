"""Texts and images that SDK v1 logs as metrics, and MLflow as files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from amlbridge.compare.metrics import compare_metrics
from amlbridge.compare.references import Origin, References
from amlbridge.compare.result import Verdict
from amlbridge.compare.rules import Rules
from amlbridge.engine.records.metrics import MetricValue


def verdicts(values: list[MetricValue], folder: Path, image: Path | None = None) -> list[Verdict]:
    """The verdicts for what only the left has as metrics; ``folder``: what the right has logged as files."""
    found = compare_metrics(values, [], Rules(), References(), lambda _side, _address: image, folder.__truediv__)
    return [check.verdict for check in found]


@pytest.mark.parametrize(
    ("text", "verdict"), [("linear", Verdict.SAME), ("rbf", Verdict.DIFFERENT), (None, Verdict.DIFFERENT)]
)
def test_a_text_is_a_file_with_it(tmp_path: Path, text: str | None, verdict: Verdict) -> None:
    if text is not None:
        (tmp_path / "Kernel type.txt").write_text(text)
    value = MetricValue("Kernel type", "1", 1.0, {"Kernel type": "string"}, {"Kernel type": "linear"})
    assert verdicts([value], tmp_path) == [verdict]


@pytest.mark.parametrize(
    ("text", "verdict"), [("1970-01-02 00:00:05", Verdict.SAME), ("1970-01-03 00:00:00", Verdict.DIFFERENT)]
)
def test_a_moment_of_the_run_is_no_difference_of_a_text(tmp_path: Path, text: str, verdict: Verdict) -> None:
    (tmp_path / "began.txt").write_text(text)
    value = MetricValue("began", "1", 1.0, {"began": "string"}, {"began": "1970-01-01 00:00:05"})
    of_runs = References(Origin({}, 0.0, 10.0), Origin({}, 86400.0, 86410.0))
    found = compare_metrics([value], [], Rules(), of_runs, lambda _side, _address: None, tmp_path.__truediv__)
    assert [check.verdict for check in found] == [verdict]


@pytest.mark.parametrize(
    ("text", "verdict"), [("{'a': 1, 'b': np.float64(0.5)}", Verdict.SAME), ("{'a': 2, 'b': 0.5}", Verdict.DIFFERENT)]
)
def test_a_dict_is_a_json_file_with_it(tmp_path: Path, text: str, verdict: Verdict) -> None:
    (tmp_path / "weights.json").write_text('{"a": 1, "b": 0.5}')
    assert verdicts([MetricValue("weights", "1", 1.0, {"weights": "string"}, {"weights": text})], tmp_path) == [verdict]


@pytest.mark.parametrize(("color", "verdict"), [("red", Verdict.SAME), ("blue", Verdict.DIFFERENT)])
def test_an_image_is_a_file_with_it(tmp_path: Path, color: str, verdict: Verdict) -> None:
    Image.new("RGB", (8, 8), "red").save(tmp_path / "logged.png")
    Image.new("RGB", (8, 8), color).save(tmp_path / "ROC.png")
    value = MetricValue("ROC", "1", 1.0, {"ROC": "Artifact"}, {"ROC": "aml://artifactId/x"})
    assert verdicts([value], tmp_path, tmp_path / "logged.png") == [verdict]


@pytest.mark.parametrize(("missed", "verdict"), [(2, Verdict.SAME), (3, Verdict.DIFFERENT)])
def test_a_chart_is_a_json_file_with_its_data(tmp_path: Path, missed: int, verdict: Verdict) -> None:
    """SDK v1 uploads a confusion matrix under its name; MLflow has it in a file whose name ends with .json."""
    (tmp_path / "uploaded").write_text('{"schema_type": "confusion_matrix", "data": {"matrix": [[9, 1], [2, 8]]}}')
    logged = {"data": {"matrix": [[9, 1], [missed, 8]]}, "schema_type": "confusion_matrix"}
    (tmp_path / "errors.json").write_text(json.dumps(logged, indent=2))
    value = MetricValue("errors", "1", 1.0, {"errors": "Artifact"}, {"errors": "aml://artifactId/x"})
    assert verdicts([value], tmp_path, tmp_path / "uploaded") == [verdict]


def test_a_number_that_is_not_logged_is_told(tmp_path: Path) -> None:
    (tmp_path / "rows.txt").write_text("1.0")
    assert verdicts([MetricValue("rows", "1", 1.0, {"rows": "double"}, {"rows": 1.0})], tmp_path) == [Verdict.DIFFERENT]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("np.int64(3)", Verdict.SAME), ("np.float32(3.5)", Verdict.DIFFERENT), ("np.int64(x)", Verdict.DIFFERENT)],
)
def test_a_number_of_numpy_is_a_number(text: str, verdict: Verdict) -> None:
    left = MetricValue("rows", "1", 1.0, {"rows": "string"}, {"rows": text})
    right = MetricValue("rows", "2", 1.0, {"rows": "double"}, {"rows": 3.0})
    (check,) = compare_metrics([left], [right], Rules(), References())
    assert check.verdict is verdict

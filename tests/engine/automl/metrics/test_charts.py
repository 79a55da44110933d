"""Tables of metrics against what they count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nst

from amlbridge.engine.automl.metrics import charts


def test_a_small_confusion_matrix() -> None:
    probabilities = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.6, 0.4, 0.0], [0.1, 0.2, 0.7]])
    found = charts.of_classes([0, 1, 1, 0], probabilities, ["a", "b", 3])
    assert found["confusion_matrix"] == {
        "schema_type": "confusion_matrix",
        "schema_version": "1.0.0",
        "data": {"class_labels": ["a", "b", "3"], "matrix": [[1, 0, 1], [1, 1, 0], [0, 0, 0]]},
    }


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30), st.integers(1, 4), st.integers(0, 2**31))
def test_an_accuracy_table_counts_every_row_at_every_threshold(rows: int, classes: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    codes = random.integers(0, classes, rows)
    probabilities = random.dirichlet(np.ones(classes), rows).round(2)
    table = charts.of_classes(codes, probabilities, range(classes))["accuracy_table"]
    assert (table["schema_type"], table["schema_version"]) == ("accuracy_table", "1.0.1")
    for kind in ("probability", "percentile"):
        thresholds = table["data"][f"{kind}_thresholds"]
        counts = np.array(table["data"][f"{kind}_tables"])
        assert counts.shape == (classes, len(thresholds), 4)
        for code in range(classes):
            own = codes == code
            for threshold, (tp, fp, tn, fn) in zip(thresholds, counts[code], strict=True):
                positive = probabilities[:, code] >= threshold
                expected = [positive & own, positive & ~own, ~positive & ~own, ~positive & own]
                assert [tp, fp, tn, fn] == [int(part.sum()) for part in expected]


_NUMBERS = nst.arrays(float, st.shared(st.integers(1, 20), key="rows"), elements=st.floats(-1e9, 1e9, width=32))


@settings(max_examples=80, deadline=None)
@given(_NUMBERS, _NUMBERS)
def test_residuals_and_predictions_count_every_row(truth: np.ndarray, predicted: np.ndarray) -> None:
    found = charts.of_numbers(truth, predicted)
    residuals, predictions = found["residuals"]["data"], found["predicted_true"]["data"]
    for data, values in ((residuals, predicted - truth), (predictions, truth)):
        assert sum(data["bin_counts"]) == len(truth)
        assert len(data["bin_edges"]) == len(data["bin_counts"]) + 1
        assert data["bin_edges"][0] <= values.min() and values.max() <= data["bin_edges"][-1]
    total = np.dot(predictions["bin_counts"], predictions["bin_averages"])
    assert total == pytest.approx(predicted.sum(), rel=1e-6, abs=1e-3)


def test_what_is_no_number_has_no_tables() -> None:
    assert charts.of_classes([0, 1], np.array([[np.nan, 1], [0, 1]]), "ab") == {}
    assert charts.of_numbers([1, 2], [np.inf, 2]) == {}
    assert charts.of_numbers([], []) == {}

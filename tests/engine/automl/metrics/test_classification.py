"""Metrics of classifications against their definitions, written out independently."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.automl.metrics import classification, names


@st.composite
def predictions(draw: st.DrawFn) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any] | None]:
    """Codes, probabilities and weights; a few values of each, so that ties are frequent."""
    classes, rows = draw(st.integers(2, 4)), draw(st.integers(1, 14))
    codes = draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows))
    raw = draw(st.lists(st.lists(st.integers(1, 5), min_size=classes, max_size=classes), min_size=rows, max_size=rows))
    weights = draw(st.none() | st.lists(st.integers(1, 3), min_size=rows, max_size=rows))
    probabilities = np.array(raw, dtype=float)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return np.array(codes), probabilities, None if weights is None else np.array(weights, dtype=float)


def close(one: float, other: float) -> bool:
    return (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def rows_of(codes: Any, probabilities: Any, weights: Any) -> list[tuple[int, int, list[float], float]]:
    """(true class, predicted class, probabilities, weight) of each row; the first of equals is predicted."""
    own = [1.0] * len(codes) if weights is None else list(weights)
    return [
        (int(code), max(range(len(p)), key=lambda k: (p[k], -k)), list(p), w)
        for code, p, w in zip(codes, probabilities, own, strict=True)
    ]


def pairs_won(rows: list[tuple[bool, float, float]]) -> float:
    """AUC: the share of (positive, negative) pairs in which the positive has the higher score; a tie is half."""
    won = total = 0.0
    for positive, score, weight in rows:
        for other, lower, weight_ in rows:
            if positive and not other:
                total += weight * weight_
                won += weight * weight_ * (1.0 if score > lower else 0.5 if score == lower else 0.0)
    return won / total if total else float("nan")


def average_precision(rows: list[tuple[bool, float, float]]) -> float:
    """The precision at each threshold, times how much recall grows there."""
    positives = sum(weight for positive, _, weight in rows if positive)
    found, recall = 0.0, 0.0
    for threshold in sorted({score for _, score, _ in rows}, reverse=True):
        above = [(positive, weight) for positive, score, weight in rows if score >= threshold]
        right = sum(weight for positive, weight in above if positive)
        found += (right / positives - recall) * right / sum(weight for _, weight in above)
        recall = right / positives
    return found


@given(predictions())
def test_metrics_are_their_definitions(data: Any) -> None:
    """All of the same predictions: to compute the metrics takes most of the time."""
    codes, probabilities, _ = data
    found, rows = classification.scalars(*data), rows_of(*data)
    expected = {name for name in names.CLASSIFICATION if probabilities.shape[1] == 2 or not name.endswith("_binary")}
    assert found.keys() == expected
    metrics_of_decisions(found, rows, probabilities)
    averages_of_precision_recall_and_f1(found, rows, probabilities)
    metrics_of_probabilities(found, rows, codes, probabilities)
    matthews_correlation(found, rows, probabilities)


def metrics_of_decisions(found: Any, rows: Any, probabilities: Any) -> None:
    total = sum(weight for *_, weight in rows)
    assert close(found["accuracy"], sum(w for true, guess, _, w in rows if true == guess) / total)
    recalls = {}
    for code in sorted({true for true, *_ in rows}):
        own = [(guess, w) for true, guess, _, w in rows if true == code]
        recalls[code] = sum(w for guess, w in own if guess == code) / sum(w for _, w in own)
    mean, chance = sum(recalls.values()) / len(recalls), 1 / probabilities.shape[1]
    assert close(found["balanced_accuracy"], mean)
    assert close(found["norm_macro_recall"], max(0.0, (mean - chance) / (1 - chance)))
    sizes = {code: sum(w for true, *_, w in rows if true == code) for code in recalls}
    assert close(
        found["weighted_accuracy"],
        sum(w * sizes[true] for true, guess, _, w in rows if true == guess)
        / sum(w * sizes[true] for true, *_, w in rows),
    )
    for name in ("precision_score", "recall_score", "f1_score"):
        assert close(found[f"{name}_micro"], found["accuracy"])


def averages_of_precision_recall_and_f1(found: Any, rows: Any, probabilities: Any) -> None:
    scores = {}
    for code in sorted({row[0] for row in rows} | {row[1] for row in rows}):
        hit = sum(w for true, guess, _, w in rows if true == guess == code)
        guessed = sum(w for _, guess, _, w in rows if guess == code)
        there = sum(w for true, _, _, w in rows if true == code)
        precision, recall = hit / guessed if guessed else 0.0, hit / there if there else 0.0
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        scores[code] = (precision, recall, f1, there)
    total = sum(item[3] for item in scores.values())
    for place, name in enumerate(("precision_score", "recall_score", "f1_score")):
        assert close(found[f"{name}_macro"], sum(item[place] for item in scores.values()) / len(scores))
        assert close(found[f"{name}_weighted"], sum(item[place] * item[3] for item in scores.values()) / total)
        if probabilities.shape[1] == 2:
            assert close(found[f"{name}_binary"], scores.get(1, (0.0, 0.0, 0.0, 0.0))[place])


def metrics_of_probabilities(found: Any, rows: Any, codes: Any, probabilities: Any) -> None:
    loss = -sum(w * math.log(p[true]) for true, _, p, w in rows) / sum(w for *_, w in rows)
    assert close(found["log_loss"], loss)
    present = sorted(set(codes.tolist()))
    sizes = [sum(w for true, *_, w in rows if true == code) for code in present]
    for name, of in (("AUC", pairs_won), ("average_precision_score", average_precision)):
        each = [of([(true == code, p[code], w) for true, _, p, w in rows]) for code in present]
        assert close(found[f"{name}_macro"], sum(each) / len(each))
        weighted = sum(score * size for score, size in zip(each, sizes, strict=True)) / sum(sizes)
        assert close(found[f"{name}_weighted"], weighted)
        flat = [(true == code, p[code], w) for true, _, p, w in rows for code in range(len(p))]
        assert close(found[f"{name}_micro"], of(flat))
        if probabilities.shape[1] == 2:
            binary = of([(true == 1, p[1], w) for true, _, p, w in rows]) if 1 in present else float("nan")
            assert close(found[f"{name}_binary"], binary)


def matthews_correlation(found: Any, rows: Any, probabilities: Any) -> None:
    total = sum(w for *_, w in rows)
    right = sum(w for true, guess, _, w in rows if true == guess)
    classes = range(probabilities.shape[1])
    there = [sum(w for true, _, _, w in rows if true == code) for code in classes]
    guessed = [sum(w for _, guess, _, w in rows if guess == code) for code in classes]
    above = right * total - sum(a * b for a, b in zip(there, guessed, strict=True))
    below = (total**2 - sum(b * b for b in guessed)) * (total**2 - sum(a * a for a in there))
    expected = above / math.sqrt(below) if below > 1e-9 else 0.0
    assert close(found["matthews_correlation"], expected)


def test_probabilities_that_are_no_numbers() -> None:
    found = classification.scalars([0, 1], np.array([[0.5, 0.5], [np.nan, np.nan]]))
    assert math.isnan(found["AUC_weighted"])
    assert math.isnan(found["log_loss"])
    assert found["accuracy"] == 0.5


def test_a_sure_mistake_costs_much_but_is_finite() -> None:
    assert classification.scalars([0], np.array([[0.0, 1.0]]))["log_loss"] == pytest.approx(-math.log(1e-15))

"""The search: its order, its bounds, and what it tells. Trials are forked processes that compute nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlbridge.engine.automl import algorithms, choice
from amlbridge.engine.automl.candidates import Candidate
from amlbridge.engine.automl.candidates import Search as Proposals
from amlbridge.engine.automl.errors import AutoMLError
from amlbridge.engine.automl.events import Events
from amlbridge.engine.automl.search import Search, Task
from amlbridge.engine.automl.settings import AutoMLSettings
from amlbridge.engine.automl.trials import Result


class Counting:
    """Proposes candidates that carry their number; remembers what it was told, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[int, float | None]] = []
        self.known: list[int] = []

    def propose(self, index: int) -> Candidate | None:
        self.known.append(len(self.told))
        return Candidate("LightGBM", None, {"number": index})

    def tell(self, index: int, score: float | None) -> None:
        self.told.append((index, score))


def work(
    scores: Mapping[int, float], seconds: Mapping[int, float], candidate: Candidate, folder: Path, threads: int
) -> Result:
    number = candidate.params["number"]
    time.sleep(seconds.get(number, 0.0))
    if number not in scores and scores:
        raise RuntimeError(f"trial {number} is broken")
    return Result({"accuracy": scores.get(number, 0.5)}, 0.1, {})


def search(
    tmp_path: Path, scores: Mapping[int, float], seconds: Mapping[int, float] | None = None, **values: Any
) -> tuple[Search, Counting, list[dict[str, Any]]]:
    """A search that has ended, its proposer, and the events that it told."""
    chosen = (
        AutoMLSettings("classification", "y", enable_early_termination=False, **values)
        if ("enable_early_termination" not in values)
        else AutoMLSettings("classification", "y", **values)
    )
    proposer = Counting()
    task = Task(
        chosen,
        "accuracy",
        True,
        proposer,
        lambda candidate, folder, threads: work(scores, seconds or {}, candidate, folder, threads),
        lambda candidate: candidate.preprocessor,
    )
    path = tmp_path / "events.jsonl"
    found = Search(task, Events(path), tmp_path / "trials", time.monotonic(), tmp_path / "cancelled")
    found.run()
    return found, proposer, [json.loads(line) for line in path.read_text().splitlines()]


def ends(events: list[dict[str, Any]]) -> dict[int, str]:
    return {event["index"]: event["status"] for event in events if event["event"] == "child_ended"}


def test_the_best_of_equals_is_the_first(tmp_path: Path) -> None:
    found, _, _ = search(tmp_path, {0: 0.5, 1: 0.9, 2: 0.9}, max_trials=3)
    assert found.best().index == 1


def test_trials_are_told_in_order_whatever_ends_first(tmp_path: Path) -> None:
    scores = {index: index / 10 for index in range(4)}
    _, proposer, _ = search(tmp_path, scores, {0: 0.6}, max_trials=4, max_concurrent_trials=2)
    assert [index for index, _ in proposer.told] == [0, 1, 2, 3]
    # The third proposal knows of the first trial only, although the second one ended long before it.
    assert proposer.known[:2] == [0, 0]


def test_a_broken_trial_fails_alone(tmp_path: Path) -> None:
    found, proposer, events = search(tmp_path, {0: 0.5, 2: 0.7}, max_trials=3)
    assert ends(events) == {0: "Completed", 1: "Failed", 2: "Completed"}
    assert proposer.told[1] == (1, None)
    assert found.best().index == 2


def test_without_any_model_the_first_error_is_told(tmp_path: Path) -> None:
    with pytest.raises(AutoMLError, match="no model could be fitted; the first error was: RuntimeError: trial 0 is"):
        search(tmp_path, {9: 1.0}, max_trials=2)


def test_the_exit_score_ends_the_search(tmp_path: Path) -> None:
    found, _, _ = search(tmp_path, {0: 0.5, 1: 0.8, 2: 0.9}, max_trials=3, exit_score=0.75)
    assert sorted(found.trials) == [0, 1]


def test_early_termination(tmp_path: Path) -> None:
    scores = dict.fromkeys(range(60), 0.5) | {22: 0.6}
    found, _, _ = search(tmp_path, scores, max_trials=60, enable_early_termination=True)
    assert max(found.trials) == 32


def test_time_is_up(tmp_path: Path) -> None:
    found, _, events = search(tmp_path, {0: 0.5, 1: 0.9}, {1: 60.0}, max_trials=5, timeout_minutes=2 / 60)
    assert ends(events) == {0: "Completed", 1: "Canceled"}
    assert found.best().index == 0


def test_when_time_is_up_without_a_model_the_first_one_is_waited_for(tmp_path: Path) -> None:
    found, _, events = search(tmp_path, {0: 0.5, 1: 0.9}, {0: 1.0}, max_trials=5, timeout_minutes=0.1 / 60)
    assert ends(events) == {0: "Completed"}
    assert found.best().index == 0
    assert any("ends with the first one" in event.get("message", "") for event in events)


def test_a_first_trial_that_fails_when_time_is_up_is_the_reason(tmp_path: Path) -> None:
    with pytest.raises(AutoMLError, match="no model could be fitted; the first error was: RuntimeError: trial 0"):
        search(tmp_path, {1: 0.9}, {0: 0.5}, max_trials=5, timeout_minutes=0.1 / 60)


def test_a_trial_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    found, _, events = search(tmp_path, {0: 0.5, 1: 0.9}, {0: 60.0}, max_trials=2, trial_timeout_minutes=1 / 60)
    assert ends(events) == {0: "Canceled", 1: "Completed"}
    assert "longer than 1 s" in next(event["error"]["message"] for event in events if event.get("error"))
    assert found.best().index == 1


def test_a_trial_that_is_cancelled_ends_alone(tmp_path: Path) -> None:
    (tmp_path / "cancelled").mkdir()
    (tmp_path / "cancelled/0").touch()
    found, proposer, events = search(tmp_path, {0: 0.5, 1: 0.9}, {0: 60.0}, max_trials=2)
    assert ends(events) == {0: "Canceled", 1: "Completed"}
    assert proposer.told[0] == (0, None)
    assert found.best().index == 1


def test_when_all_trials_are_cancelled_the_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "cancelled").mkdir()
    (tmp_path / "cancelled/0").touch()
    with pytest.raises(AutoMLError, match="all iterations were cancelled"):
        search(tmp_path, {0: 0.5}, {0: 60.0}, max_trials=1)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(0, 1) | st.none(), min_size=60, max_size=60), st.integers(0, 3))
def test_proposals_follow_from_the_scores_alone(scores: list[float | None], seed: int) -> None:
    def order() -> list[str]:
        proposals = Proposals(algorithms.of_task("classification"), seed)
        found = []
        for index, score in enumerate(scores):
            candidate = proposals.propose(index)
            if candidate is None:
                break
            found.append(candidate.signature)
            proposals.tell(index, score)
        return found

    first = order()
    assert first == order()
    assert len(set(first)) == len(first)


def test_names_of_models_in_any_spelling_and_what_is_unknown() -> None:
    known, notes = list(algorithms.of_task("classification")), list[str]()
    given_ = AutoMLSettings(
        "classification",
        "y",
        allowed_models=("light_gbm", "KNeighbors", "TabnetClassifier", "Magic"),
        blocked_models=("knn",),
    )
    assert choice.chosen(given_, known, notes.append) == ["LightGBM"]
    assert any("TabnetClassifier" in note and "needs PyTorch" in note for note in notes)
    assert any("'Magic' of allowed_models is unknown" in note for note in notes)
    with pytest.raises(AutoMLError, match="no algorithm is left"):
        choice.chosen(AutoMLSettings("classification", "y", blocked_models=tuple(known)), known, notes.append)

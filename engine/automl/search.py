"""The search: trials in worker processes until a bound is met, then the ensembles."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from amlbridge.engine.automl import choice, report
from amlbridge.engine.automl.candidates import Candidate
from amlbridge.engine.automl.ensembles import Member
from amlbridge.engine.automl.errors import AutoMLError
from amlbridge.engine.automl.events import Events
from amlbridge.engine.automl.model_test import Tested
from amlbridge.engine.automl.settings import AutoMLSettings
from amlbridge.engine.automl.trials import ARTIFACTS
from amlbridge.engine.automl.workers import CANCELLED, Outcome, Workers, cores

#: Without any bound, as Azure.
_MOST_TRIALS = 1000
#: Early termination: after so many trials, when none of the last so many was better than those before (as in Azure).
_LANDMARKS, _PATIENCE = 20, 10
#: Of a bound on time, this share (and at most so many seconds) is kept for the ensembles.
_ENSEMBLE_SHARE, _ENSEMBLE_SECONDS = 0.1, 30.0
_GRACE = (
    "the time of the experiment is up before there is a model: the search ends with the first one; give it more time"
)


@dataclass(frozen=True)
class Trial:
    """A trial that has ended well. ``score``: the primary metric, None if it is no number."""

    index: int
    algorithm: str
    preprocessor: str | None
    metrics: Mapping[str, float]
    score: float | None
    fit_seconds: float
    folder: Path


class Proposer(Protocol):
    """Proposes candidates; :class:`amlbridge.engine.automl.candidates.Search` is one."""

    def propose(self, index: int) -> Candidate | None:
        """The candidate of a trial."""

    def tell(self, index: int, score: float | None) -> None:
        """The score of a trial, larger is better."""


@dataclass(frozen=True)
class Task:
    """What is searched. ``work(candidate, folder, threads)`` runs one trial; ``preprocessor(candidate)`` is what it
    really uses; ``joins``: ensemble -> ``join(members, folder)``, which makes it; ``test(model)`` tests it on
    the test rows, None: there are none; ``companions``: the text files that go with every model, by their paths among
    the artifacts of its run."""

    settings: AutoMLSettings
    metric: str
    maximizes: bool
    proposer: Proposer
    work: Callable[[Candidate, Path, int], Any]
    preprocessor: Callable[[Candidate], str | None]
    joins: Mapping[str, Callable[[Sequence[Member], Path], Any]] = field(default_factory=dict)
    test: Callable[[Any], Tested] | None = None
    companions: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Search:
    """One search. ``began``: monotonic, when the time that the user bounds began; ``cancelled``: as for
    :class:`amlbridge.engine.automl.workers.Workers`."""

    task: Task
    events: Events
    folder: Path
    began: float
    cancelled: Path | None = None
    trials: dict[int, Trial] = field(default_factory=dict)
    errors: dict[int, dict[str, str]] = field(default_factory=dict)
    _asked: dict[int, Candidate] = field(default_factory=dict)
    _told: int = 0
    _best: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = self.task.settings
        self._at_once = min(settings.max_concurrent_trials, cores())
        own = settings.max_cores_per_trial or 0
        share = max(1, cores() // self._at_once)
        self._threads = cores() if own < 0 else min(own, cores()) if own else share
        self._workers = Workers(self.folder, self._threads, self.cancelled)

    def run(self) -> None:
        """Fills ``trials``. Raises :class:`AutoMLError` when there is none at the end."""
        settings = self.task.settings
        if settings.max_concurrent_trials > self._at_once:
            self.events.note(f"{self._at_once} trials run at once: this machine has no more cores")
        bound, finals = self._bounds()
        self._go_on(bound, self._deadline(bool(finals)))
        for name in finals:
            self._ensemble(name)
        if not self.trials:
            raise AutoMLError(self._why_none())

    def best(self) -> Trial:
        """The best trial by the primary metric; of equals the first."""
        scored = [trial for trial in self.trials.values() if trial.score is not None]
        if not scored:
            raise AutoMLError(
                f"the primary metric {self.task.metric} is no number for any model: choose another one, or give more "
                "rows to validate with"
            )
        return max(scored, key=lambda trial: (self._gain(trial.score), -trial.index))

    # -- bounds ---------------------------------------------------------------------------------------------------

    def _bounds(self) -> tuple[int, list[str]]:
        """How many trials there are besides ensembles, and the ensembles: they count among the trials, and only what
        leaves two models to join."""
        settings = self.task.settings
        most = settings.max_trials or _MOST_TRIALS
        finals = [name for name in choice.ensembles(settings) if name in self.task.joins]
        while finals and most - len(finals) < 2:
            finals.pop()
        return most - len(finals), finals

    def _deadline(self, with_ensembles: bool) -> float | None:
        minutes = self.task.settings.timeout_minutes
        if minutes is None:
            return None
        seconds = minutes * 60
        kept = min(_ENSEMBLE_SHARE * seconds, _ENSEMBLE_SECONDS) if with_ensembles else 0.0
        return self.began + seconds - kept

    def _finished(self) -> str | None:
        """Why no further trial shall start, judged by the trials that were told, in their order."""
        settings = self.task.settings
        if not self._best:
            return None
        exit_score = settings.exit_score
        if exit_score is not None and self._best[-1] >= self._gain(exit_score):
            return f"the score of {exit_score:g} is reached"
        count = len(self._best)
        patient = not settings.enable_early_termination or count < _LANDMARKS + _PATIENCE
        if patient or self._best[-1] > self._best[-1 - _PATIENCE]:
            return None
        return f"the last {_PATIENCE} trials were no better than those before (early termination)"

    # -- trials ---------------------------------------------------------------------------------------------------

    def _go_on(self, bound: int, deadline: float | None) -> None:
        index, why = 0, None
        while True:
            why = why or self._finished()
            late = deadline is not None and time.monotonic() >= deadline
            # Without any model there is none to yield: the first trial is given the time that it takes.
            while why is None and (not late or not index) and index < bound and self._may_start(index):
                if not self._start(index):
                    why = "everything was tried"
                    break
                index += 1
            if not len(self._workers) or (late and self.trials):
                break
            if late:
                self.events.note(_GRACE)
            for outcome in self._workers.wait(None if late else deadline):
                self._ended(outcome)
            self._tell_in_order()
        late_ones = self._workers.end_all("the time of the experiment was up")
        for outcome in late_ones:
            self._ended(outcome)
        if late:
            why = f"the time of {self.task.settings.timeout_minutes:g} minutes is up"
        print(f"{len(self.trials)} models{f': {why}' if why else ''}", flush=True)

    def _may_start(self, index: int) -> bool:
        """A trial waits until all but the last ones before it are told: which scores are known when it is proposed
        depends on its number, not on which trial happened to end first."""
        return len(self._workers) < self._at_once and self._told > index - self._at_once

    def _start(self, index: int) -> bool:
        candidate = self.task.proposer.propose(index)
        if candidate is None:
            return False
        self._asked[index] = candidate
        folder = self.folder / str(index)
        self._tell_start(index, candidate.algorithm, self.task.preprocessor(candidate), candidate)
        minutes = self.task.settings.trial_timeout_minutes
        work = functools.partial(self.task.work, candidate, folder, self._threads)
        self._workers.start(index, work, None if minutes is None else minutes * 60)
        return True

    def _tell_start(
        self, index: int, algorithm: str, preprocessor: str | None, candidate: Candidate | None = None
    ) -> None:
        properties = report.started(self.task, index, algorithm, preprocessor, candidate, self._threads)
        self.events.started(index, f"{algorithm} {index}", properties)

    def _ended(self, outcome: Outcome) -> None:
        candidate = self._asked[outcome.index]
        self._record(outcome, candidate.algorithm, self.task.preprocessor(candidate))

    def _record(self, outcome: Outcome, algorithm: str, preprocessor: str | None) -> None:
        index, folder = outcome.index, self.folder / str(outcome.index)
        label = f"{index:4} {preprocessor or ''} {algorithm}".replace("  ", " ")
        if outcome.error is not None:
            self.errors[index] = outcome.error
            self.events.failed(index, outcome.error)
            print(f"{label}: {outcome.error['message'].partition(chr(10))[0]}", flush=True)
            return
        result = outcome.value
        value = result.metrics[self.task.metric]
        score = value if math.isfinite(value) else None
        trial = Trial(index, algorithm, preprocessor, result.metrics, score, result.fit_seconds, folder)
        self.trials[index] = trial
        for name, text in self.task.companions.items():
            (folder / ARTIFACTS / name).write_text(text)
        labels = report.ended(self.task, trial, result.details)
        self.events.ended(index, result.metrics, result.charts, folder / ARTIFACTS, *labels)
        print(f"{label}: {self.task.metric} {value:.5f}, {outcome.seconds:.1f} s", flush=True)

    def _tell_in_order(self) -> None:
        while self._told in self.trials or self._told in self.errors:
            trial = self.trials.get(self._told)
            gain = self._gain(trial.score) if trial is not None and trial.score is not None else None
            self.task.proposer.tell(self._told, gain)
            known = self._best[-1] if self._best else -math.inf
            self._best.append(max(known, gain) if gain is not None else known)
            self._told += 1
            self._tell_best()

    def _tell_best(self) -> None:
        """What the parent run shows while the search goes on."""
        scored = [trial for trial in self.trials.values() if trial.score is not None]
        if scored:
            best = self.best()
            self.events.parent(tags={"best_score": repr(best.score), "best_iteration": str(best.index)})

    def _gain(self, score: float | None) -> float:
        """A score so that more is better."""
        if score is None:
            return -math.inf
        return score if self.task.maximizes else -score

    # -- ensembles ------------------------------------------------------------------------------------------------

    def _ensemble(self, name: str) -> None:
        members = [
            Member(trial.index, trial.algorithm, trial.folder, self._gain(trial.score))
            for trial in self.trials.values()
            if trial.score is not None and trial.algorithm not in self.task.joins
        ]
        if len(members) < 2:
            self.events.note(f"there is no {name}: it needs two models")
            return
        index = max([*self.trials, *self.errors]) + 1
        self._tell_start(index, name, None)
        minutes = self.task.settings.timeout_minutes
        left = None if minutes is None else max(1.0, self.began + minutes * 60 - time.monotonic())
        work = functools.partial(self.task.joins[name], members, self.folder / str(index))
        self._workers.start(index, work, left)
        for outcome in self._workers.wait(None):
            self._record(outcome, name, None)

    def _why_none(self) -> str:
        if any(error["code"] != "Canceled" for error in self.errors.values()):
            first = next(error for error in self.errors.values() if error["code"] != "Canceled")
            return f"no model could be fitted; the first error was: {first['message']}"
        if all(error["message"] == CANCELLED for error in self.errors.values()):
            return "all iterations were cancelled"
        return "no model was finished in time: raise the timeouts of the experiment and of its iterations"

"""Tells the service what happens, as :mod:`amlbridge.engine.child_runs` reads it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: Where SDK v1 finds the data guardrails of a search (``AutoMLRun.get_guardrails``, and its table of iterations).
GUARDRAILS = "outputs/verifier_results.json"


class Events:
    """Appends events to a file. ``artifacts``: the folder of the step's artifacts, None: it has none."""

    def __init__(self, path: Path, artifacts: Path | None = None) -> None:
        self._path, self._artifacts = path, artifacts
        self._guarded: list[str] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        self._notes: set[str] = set()

    def _tell(self, event: str, **content: Any) -> None:
        line = json.dumps({"event": event, **content}, default=str) + "\n"
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)

    def note(self, message: str) -> None:
        """Something that the user should know, in the log and among the warnings of the run; the same is told once."""
        if message not in self._notes:
            self._notes.add(message)
            print(f"note: {message}", flush=True)
            self._tell("note", message=message)

    def guard(self, message: str) -> None:
        """A note on the data: it is among the guardrails as well."""
        if message not in self._guarded:
            self._guarded.append(message)
        self.note(message)

    def searching(self, information: Mapping[str, Any]) -> None:
        """The search begins; ``information`` on its table. What the clients wait for before they show trials."""
        if self._artifacts is not None:
            faults = [
                {
                    "friendly_type": "Data",
                    "result": "alerted",
                    "friendly_result": message,
                    "friendly_learn_more": "",
                    "friendly_parameter_preface": "",
                    "friendly_parameters": [],
                }
                for message in self._guarded
            ]
            path = self._artifacts / GUARDRAILS
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps({"schema_version": "1.0.0", "faults": faults}))
        self.parent(properties={"ProblemInfoJsonString": json.dumps(information)})

    def parent(
        self,
        properties: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
    ) -> None:
        """Adds to the step's own run."""
        self._tell("parent", properties=properties or {}, tags=tags or {}, metrics=_plain(metrics or {}))

    def tested(
        self, index: int, metrics: Mapping[str, float], charts: Mapping[str, str], folder: Path, tables: list[str]
    ) -> None:
        """The test run of a child has completed; ``tables``: which of the files are tables with a header."""
        self._tell("child_metrics", index=index, test=True, metrics=_plain(metrics))
        self._tell("child_artifacts", index=index, test=True, folder=str(folder), tables=tables)
        if charts:
            self._tell("child_charts", index=index, test=True, charts=charts)
        self._tell("child_ended", index=index, test=True, status="Completed")

    def test_started(self, index: int) -> None:
        """The model of a child run is tested."""
        self._tell("child_started", index=index, test=True, name=f"test of {index}")

    def test_failed(self, index: int, error: Mapping[str, str]) -> None:
        """The model of a child run could not be tested."""
        self._tell("child_ended", index=index, test=True, status="Failed", error=error)

    def started(self, index: int, name: str, properties: Mapping[str, Any]) -> None:
        """A child run begins."""
        self._tell("child_started", index=index, name=name, properties=properties)

    def ended(
        self,
        index: int,
        metrics: Mapping[str, float],
        charts: Mapping[str, str],
        folder: Path | None,
        properties: Mapping[str, Any],
        tags: Mapping[str, Any] | None = None,
    ) -> None:
        """A child run has completed, with its metrics and the files below ``folder``; ``charts``: which of these are
        metrics, name -> kind."""
        self._tell("child_metrics", index=index, metrics=_plain(metrics))
        if folder is not None:
            self._tell("child_artifacts", index=index, folder=str(folder))
        if charts:
            self._tell("child_charts", index=index, charts=charts)
        self._tell("child_ended", index=index, status="Completed", properties=properties, tags=tags or {})

    def again(self, index: int, folder: Path, properties: Mapping[str, Any]) -> None:
        """More files and properties for a child run that has ended."""
        self._tell("child_artifacts", index=index, folder=str(folder))
        self._tell("child_ended", index=index, status="Completed", properties=properties)

    def failed(self, index: int, error: Mapping[str, str]) -> None:
        """A child run has failed, or was cancelled if the error's code says so."""
        status = "Canceled" if error["code"] == "Canceled" else "Failed"
        self._tell("child_ended", index=index, status=status, error=error)


def _plain(metrics: Mapping[str, float]) -> dict[str, Any]:
    """JSON has no NaN: text that ``float()`` reads."""
    return {name: float(value) if math.isfinite(value) else str(float(value)) for name, value in metrics.items()}

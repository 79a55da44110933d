"""What a sweep tells while it runs, under the names that Azure ML has for it and that the clients read.

Facts: ``HyperDriveRun.get_hyperparameters`` reads a tag for each trial, ``get_best_run_by_primary_metric`` the last row
of a table among the sweep's own metrics, SDK v2's download the property ``best_child_run_id``; both print the log.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from amlbridge.engine.clock import iso
from amlbridge.engine.plan import Json
from amlbridge.engine.records.metrics import MetricValue
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.store import Records

log = logging.getLogger(__name__)

#: The tags of the service begin so.
SYSTEM = "_aml_system_"
BEST = "best_child_run_id"
_TABLE = "best_child_by_primary_metric"
_COLUMNS = {
    "metric_name": "string",
    "timestamp": "string",
    "run_id": "string",
    "metric_value": "double",
    "final": "bool",
}


class Journal:
    """Of one sweep's run."""

    def __init__(self, records: Records, workspace_id: str, run_id: str, log: Path) -> None:
        self._records = records
        self._workspace = workspace_id
        self._run = run_id
        self._log = log

    def say(self, who: str, message: str, level: str = "INFO") -> None:
        """A line of the log."""
        try:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            with self._log.open("a", encoding="utf-8", errors="replace") as file:
                file.write(f"[{iso(self._records.clock())}][{who}][{level}]{message}\n")
        except OSError as error:
            # A full disk must not decide how the sweep ends.
            log.warning("run %s: its log cannot be written (%s): %s", self._run, error, message)

    def sampled(self, trials: Mapping[str, Mapping[str, Json]]) -> None:
        """Trials were chosen: their parameters by run id."""
        self._change_tags({f"{SYSTEM}{trial}": json.dumps(parameters) for trial, parameters in trials.items()})

    def not_run(self, trials: Iterable[str]) -> None:
        """Trials that were chosen were not run after all."""
        gone = {f"{SYSTEM}{trial}" for trial in trials}
        self._records.runs.change(
            self._workspace,
            self._run,
            lambda run: {"tags": {name: value for name, value in run.tags.items() if name not in gone}},
        )

    def all_sampled(self) -> None:
        """There will be no further trial."""
        self._change_tags({f"{SYSTEM}all_jobs_generated": "true", "all_jobs_generated": "true"})

    def best(self, trial: str, metric: str, value: float, *, final: bool) -> None:
        """The best trial so far, or of all."""
        now = self._records.clock()
        row = {"metric_name": metric, "timestamp": iso(now), "run_id": trial, "metric_value": value, "final": final}
        # The same news is told once, also after a restart.
        news = MetricValue(_TABLE, f"{trial}/{value!r}/{final}", now, _COLUMNS, row, kind="azureml.v1.table")
        found = {BEST: trial, "score": str(value), "best_data_container_id": f"dcid.{trial}"}
        if final:
            found["best_metric_status"] = "Succeeded"
        with self._records.database.write():
            self._records.metrics.add(self._workspace, self._run, [news])
            self._records.runs.change(
                self._workspace, self._run, lambda run: {"properties": {**run.properties, **found}}
            )

    def warn(self, message: str) -> None:
        """A warning of the run, which the clients show."""
        warning = {"source": "amlbridge", "message": message}

        def added(run: Run) -> dict[str, Json]:
            known = run.extra.get("warnings") or []
            return {} if warning in known else {"extra": {**run.extra, "warnings": [*known, warning]}}

        self._records.runs.change(self._workspace, self._run, added)

    def _change_tags(self, tags: Mapping[str, str]) -> None:
        self._records.runs.change(self._workspace, self._run, lambda run: {"tags": {**run.tags, **tags}})

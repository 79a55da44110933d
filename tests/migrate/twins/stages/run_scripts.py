"""Rules of run scripts: each case runs as a job, whose metrics, tags and files are compared."""

from __future__ import annotations

from tests.migrate.twins.twin import SUBMIT, SUBMIT_STEP, Twin

_TEXT = "v2 metrics are numbers: a text becomes a file"
_ROWS = "a table of v1 is no metric for MLflow: its columns become metrics with a step for each row"

TWINS = [
    Twin("run-metrics", 0, script=SUBMIT, differs={"jobs/trials/0/files/note.txt": _TEXT}),
    Twin("run-metrics", 1, script=SUBMIT_STEP, head='metrics = {"a": 0.5, "b": 2}\n'),
    Twin("run-metrics", 2, script=SUBMIT, differs={"jobs/trials/0/metrics/curve.*": _ROWS}),
    Twin("run-context", 0, script=SUBMIT),
    Twin("run-tags", 0, script=SUBMIT, differs={"jobs/trials/0/tags/build": "properties become tags"}),
    Twin("run-state", 2, script=SUBMIT),
    Twin("run-state", 3, script=SUBMIT),
]

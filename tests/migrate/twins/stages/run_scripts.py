"""Rules of run scripts: each case runs as a job, whose metrics, tags and files are compared."""

from __future__ import annotations

from tests.migrate.twins.twin import SUBMIT, SUBMIT_STEP, Twin

_TEXT = "v2 metrics are numbers: a text becomes a file"
_ROWS = "a table of v1 is no metric for MLflow: its columns become metrics with a step for each row"
_TABLES = {
    "jobs/trials/0/metrics/costs.*": _ROWS,
    "jobs/trials/0/files/costs.json": "the table itself, for mlflow.load_table",
    "jobs/trials/0/files/matrix*": "the file of the matrix, which v1 kept without a suffix, has one",
}
_PARENT = "run.parent.tag('told', 'yes')\n"
_TAGGED = """\
from azureml.core import Run
Run.get_context().tag("a", "1")
dataset = "rows:1"
"""
_SAVED = """\
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
plt.plot([0, 1], [1, 0])
plt.savefig("saved.png")
"""
_OUT = """\
import os
os.makedirs("out/report", exist_ok=True)
for name in ("out/model.pkl", "out/report/index.txt"):
    with open(name, "w") as file:
        file.write(name)
"""
_BEST = """\
with open("outputs/best.pkl", "w") as file:
    file.write("a model")
"""

TWINS = [
    Twin("run-metrics", 0, script=SUBMIT, differs={"jobs/trials/0/files/note.txt": _TEXT}),
    Twin("run-metrics", 1, script=SUBMIT_STEP, head='metrics = {"a": 0.5, "b": 2}\n'),
    Twin("run-metrics", 2, script=SUBMIT, differs={"jobs/trials/0/metrics/curve.*": _ROWS}),
    Twin(
        "run-metrics",
        3,
        script=SUBMIT,
        head='point = {"x": 1, "y": 0.4}\n',
        differs={"jobs/trials/0/metrics/curve.*": _ROWS},
    ),
    Twin(
        "run-metrics",
        4,
        script=SUBMIT,
        head="""\
            table = {"x": [1, 2], "y": [3.5, 4.5]}
            data = {"class_labels": ["a", "b"], "matrix": [[3, 1], [0, 2]]}
            matrix = {"schema_type": "confusion_matrix", "schema_version": "1.0.0", "data": data}
            """,
        differs=_TABLES,
    ),
    Twin("run-context", 0, script=SUBMIT),
    Twin(
        "run-context",
        1,
        script=SUBMIT,
        head="import os\n",
        foot='run.tag("own", str(run.id == os.environ["AZUREML_RUN_ID"]))\n',
    ),
    Twin("run-context", 2, script=SUBMIT, foot='run.tag("path", path)\n'),
    Twin("run-tags", 0, script=SUBMIT, differs={"jobs/trials/0/tags/build": "properties become tags"}),
    Twin("run-tags", 1, script=SUBMIT_STEP, head=_TAGGED),
    Twin("run-state", 0, script=SUBMIT_STEP, foot=_PARENT),
    Twin("run-state", 1, script=SUBMIT_STEP, foot='run.log("old", old or 0)\n'),
    Twin("run-state", 2, script=SUBMIT),
    Twin("run-state", 3, script=SUBMIT),
    Twin(
        "run-files",
        0,
        script=SUBMIT,
        head=_SAVED,
        differs={"jobs/trials/0/files/ROC*.png": "v1 added the time to the name of a plot"},
    ),
    Twin("run-files", 1, script=SUBMIT, head=_OUT),
    Twin("run-files", 2, script=SUBMIT, head=_BEST),
    Twin("run-models", 0, script=SUBMIT, head=_OUT),
    Twin(
        "run-workspace",
        1,
        script="""\
            from azureml.core import Workspace
            Workspace.from_config().get_default_keyvault().set_secret("key", "s3cret")
            """
        + SUBMIT,
        foot='run.tag("key", key)\n',
        intercepted=True,
    ),
    Twin("run-workspace", 0, script=SUBMIT, foot='run.tag("workspace", ws.resource_group)\n'),
]

"""What the driver of a step on Databricks is told: the run that it asks for, and the files that it brings along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

from amlbridge.engine.host import StepContext
from amlbridge.engine.plan import Json

#: The entry of :attr:`amlbridge.engine.plan.Node.options` that holds a :class:`DatabricksTask`.
OPTION = "databricks"
#: Where in DBFS the files of a run are put; below it stands the id of the run.
FOLDER = "FileStore/azureml"

#: What runs: a notebook of the workspace, a Python file of DBFS, one that is brought along, a class of a JAR.
Kind = Literal["notebook", "file", "script", "class"]


@dataclass(frozen=True)
class DatabricksTask:
    """A task in the words of the Jobs API. ``target``: the notebook, the file or the class; ``fields``: its key, its
    cluster, its libraries and its time limit. The arguments of the node's command are the words of its command line,
    or ``name=value`` for the parameters of a notebook."""

    kind: Kind
    target: str
    run_name: str
    fields: dict[str, Json] = field(default_factory=dict)

    def to_json(self) -> Json:
        """As JSON."""
        return asdict(self)


def document(context: StepContext, arguments: Sequence[str]) -> Json:
    """The driver's JSON. Data are handed over as addresses, which Databricks reads and writes by itself."""
    task = DatabricksTask(**context.node.options[OPTION])
    data = {name: context.inputs[name] for name in context.node.inputs}
    data |= {name: place.address for name, place in context.outputs.items()}
    folder = f"{FOLDER}/{context.run_id}" if task.kind == "script" else None
    found = {**task.fields, **_what(task, arguments, data, folder)}
    return {"body": {"run_name": task.run_name, "tasks": [found]}, "folder": folder}


def _what(task: DatabricksTask, arguments: Sequence[str], data: dict[str, str], folder: str | None) -> Json:
    """What the task runs, with its parameters."""
    if task.kind == "notebook":
        pairs = [word.partition("=") for word in arguments]
        given = {name: value for name, _, value in pairs} | data
        return {"notebook_task": {"notebook_path": task.target, "base_parameters": given}}
    words = [*arguments, *(word for name, value in data.items() for word in (f"--{name}", value))]
    if task.kind == "class":
        return {"spark_jar_task": {"main_class_name": task.target, "parameters": words}}
    file = task.target if folder is None else f"dbfs:/{folder}/{task.target}"
    return {"spark_python_task": {"python_file": file, "parameters": words}}

"""Which kind of node a v1 step is, and what is said about a kind that cannot run here."""

from __future__ import annotations

from collections.abc import Collection

from amlbridge.engine.plan import Node, NodeKind, Plan
from amlbridge.wire.errors import ServiceError, bad_request

#: The ModuleExecutionType of a step (azureml-pipeline-core's step classes) and what it becomes.
_KINDS: dict[str, NodeKind] = {
    "": "command",
    "escloud": "command",
    "automlcloud": "automl",
    "hyperdrivecloud": "sweep",
    "datatransfercloud": "transfer",
    "databrickscloud": "databricks",
}
#: The script that the service brings for a ParallelRunStep; it is in no snapshot.
PARALLEL_DRIVER = "driver/amlbi_main.py"
_PARALLEL = "batchinferencing"

#: Why a remote kind cannot run on this machine, what to do instead, and what SDK v2 has for it.
_REMOTE: dict[str, tuple[str, str, str]] = {
    "adlcloud": (
        "Azure Data Lake Analytics",
        "rewrite the U-SQL script in Python and run it with PythonScriptStep",
        "none of it, the service has been retired: a command or a spark component",
    ),
    "azurebatchcloud": ("Azure Batch", "run the executable with CommandStep", "a command or a parallel component"),
    "hdinsightcloud": (
        "an HDInsight cluster",
        "run the job with a local Spark from a CommandStep",
        "a spark component",
    ),
    "synapse": ("a Synapse Spark pool", "run the job with a local Spark from a CommandStep", "a spark component"),
    "kustocloud": (
        "a Kusto cluster",
        "export the query's result to a file and read it as a dataset",
        "no Kusto step: a command component that uses the Kusto client",
    ),
    "r": (
        "the retired R runtime of Azure ML",
        "run the script with CommandStep: command='Rscript your_script.R'",
        "a command component with the same command",
    ),
    "pyspark": (
        "a Spark cluster",
        "run the script with a local Spark from a CommandStep",
        "a spark component",
    ),
}
_LATER: dict[str, str] = {
    "pipeline": "nested pipelines",
}


def kind_of(execution_type: str | None, module_type: str | None, framework: str | None, script: str | None) -> NodeKind:
    """The kind of a node by what the client says about its module."""
    kind = _KINDS.get((execution_type or "").lower(), "unsupported")
    if kind == "command":
        if (module_type or "").lower() == _PARALLEL or script == PARALLEL_DRIVER:
            return "parallel"
        if (framework or "").lower() in _REMOTE:
            return "unsupported"
    return kind


def check_runnable(plan: Plan, runnable: Collection[str]) -> None:
    """Raises a 400 :class:`ServiceError` for the first step of a kind that is not in ``runnable``: it names the step,
    the reason and the way out."""
    for node in plan.nodes:
        if node.kind not in runnable:
            raise refusal(node)


def refusal(node: Node) -> ServiceError:
    """The 400 for a step that cannot run here."""
    step_type = node.options.get("step_type") or node.kind
    label = f"step {node.name!r} ({step_type})"
    if node.kind in _LATER:
        return bad_request(
            f"{label} cannot run yet: amlbridge does not have {_LATER[node.kind]} in this release. "
            "Leave the step out, or replace it by a PythonScriptStep that does the same",
            "StepNotSupported",
        )
    backend = str(node.options.get("backend", ""))
    where, instead, later = _REMOTE.get(
        backend,
        (f"a service ({backend}) that amlbridge does not know", "use PythonScriptStep", "a command component"),
    )
    return bad_request(
        f"{label} cannot run on this machine: it needs {where}. Instead, {instead}. SDK v2 has for it: {later}",
        "StepNotSupported",
    )

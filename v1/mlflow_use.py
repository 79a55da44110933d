"""Whether a run's code logs with MLflow, which no run sees in this release: it is told and not lost in silence.

In Azure the step's ``MLFLOW_TRACKING_URI`` leads to the run. Here, without the MLflow routes, MLflow writes to the
folder ``mlruns`` of the step's working directory, which is removed with it.
"""

from __future__ import annotations

import functools
import re

from amlbridge.engine.plan import Node
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.engine.snapshots import SnapshotStore
from amlbridge.v1 import snapshots
from amlbridge.wire.context import Service

#: Calls that record something; saving and loading a model does not.
_LOGS = re.compile(rb"\bmlflow(?:\.\w+)?\.(?:log_\w+|autolog|start_run|set_tag)\b")
_TRACKING = "MLFLOW_TRACKING_URI"
_WARNING = (
    "the script logs with MLflow, which does not reach the run in this release of amlbridge: metrics, parameters and "
    "models that it logs are not kept, unless it sets a tracking URI of its own. What Run.log, Run.upload_file and the "
    "folder outputs hold is kept."
)
#: A snapshot has at most so many Python files looked at, none larger than so many bytes: more is no one's own code.
_MOST_FILES, _LARGEST = 300, 1024 * 1024


def warning(service: Service, workspace: Workspace, node: Node) -> str | None:
    """What to tell about a node whose code logs with MLflow; None for any other."""
    if node.code is None or _TRACKING in node.variables:
        return None
    store = snapshots.store(service)
    return _WARNING if _logs(store, store.digest(workspace.id, node.code)) else None


@functools.lru_cache(maxsize=1024)
def _logs(store: SnapshotStore, digest: str) -> bool:
    """Whether the Python files of a snapshot, which never changes, log with MLflow."""
    files = [file for file in store.files("", digest) if file.name.endswith(".py")]
    return any(_LOGS.search(store.content(file).read_bytes()) for file in files[:_MOST_FILES] if file.size <= _LARGEST)

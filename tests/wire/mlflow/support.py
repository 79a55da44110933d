"""Client scripts that track to the workspace of the live service."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from amlbridge.wire.addresses import tracking_uri
from tests.support.live import LiveService

#: What a script begins with: ``show`` prints one line that :func:`track` reads back.
_HEAD = """
import json, mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
client = MlflowClient()
def show(name, value):
    print("SHOW " + json.dumps([name, value]))
def code(call):
    try:
        call()
    except MlflowException as error:
        return error.error_code
"""


def track(live: LiveService, script: str, workspace: str = "ws", **options: Any) -> dict[str, Any]:
    """Runs a client script as after ``amlbridge env`` and returns what it showed, by name."""
    lines = script.splitlines()
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    body = "\n".join(line[indent:] for line in lines)
    uri = tracking_uri(live.url, live.scope(workspace))
    os.environ["MLFLOW_TRACKING_URI"] = uri
    try:
        done = live.run(_HEAD + body, workspace=workspace, **options)
    finally:
        del os.environ["MLFLOW_TRACKING_URI"]
    shown = [json.loads(line.removeprefix("SHOW ")) for line in done.stdout.splitlines() if line.startswith("SHOW ")]
    return dict(shown)


def files_below(folder: Path) -> list[str]:
    """The files of a folder, by their paths in it."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())

"""File datasets as local paths (``as_mount()``, ``as_download()``), and datasets of what a step has written.

A dataset of one folder is that folder of the datastore itself, without a copy. A dataset of a single file is given to a
step as the path of the file, as ``FileDataset.as_mount`` documents. Anything else is laid out in a scratch folder, as
:mod:`amlbridge.v1.dataset_sources` says.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from amlbridge.engine.plan import Registration
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import dataflow, dataset_records, dataset_sources
from amlbridge.v1.dataflow import Source
from amlbridge.v1.dataset_sources import Item
from amlbridge.wire import storage
from amlbridge.wire.context import Service
from amlbridge.wire.errors import bad_request, not_found

#: Seconds that the dataset engine gets to select the files of a filtered dataset.
_SELECTION_TIMEOUT = 300
#: How :func:`saved_table` reads its file.
_TABLE = {
    "delimiter": ",",
    "encoding": "utf8",
    "header": "all_files_same_headers",
    "infer_column_types": True,
    "support_multi_line": True,
    "include_path_column": False,
}


def materialise(service: Service, workspace: Workspace, saved_dataset_id: str, scratch: Path) -> Path:
    """The local path of a file dataset: for reading, because it may be the data themselves. ``scratch`` is a path of
    the caller's that is used, and made anew, only when the dataset is no folder or file as it stands.

    Raises a 4xx :class:`~amlbridge.wire.errors.ServiceError`: no such dataset, a tabular one, no files, a URL that is
    not mapped.
    """
    made = dataset_records.saved(service, workspace, saved_dataset_id)
    if made.dataset_type != "file":
        raise bad_request(
            f"the dataset {saved_dataset_id} is tabular: it can only be used directly (as_named_input), not as a path"
        )
    content = dataflow.load(made.yaml)
    found = dataset_sources.find(service, workspace, dataflow.sources(content))
    steps = content.get("transformations") or []
    if not steps and found.folder is not None:
        return found.folder
    if not steps and found.single and found.items[0].path.name == found.items[0].relative:
        # A mapped URL may be a file of another name: a script knows the URL's.
        return found.items[0].path
    items = _selected(found.items, steps)
    if not items:
        raise not_found(f"the dataset {saved_dataset_id} has no files", "UserError")
    return _placed(items, scratch, single=found.single)


def listed(service: Service, workspace: Workspace, content: Mapping[str, Any], scratch: Path) -> Path:
    """The folder of the files that a definition lists, or the file when it names a single one.

    Raises a 4xx :class:`~amlbridge.wire.errors.ServiceError`: no files, a URL that is not mapped.
    """
    found = dataset_sources.find(service, workspace, dataflow.sources(content))
    items = _selected(found.items, content.get("transformations") or [])
    if not items:
        raise not_found("the MLTable lists no files that are there", "UserError")
    return _placed(items, scratch, single=found.single)


def _placed(items: Sequence[Item], scratch: Path, *, single: bool) -> Path:
    if scratch.exists():
        shutil.rmtree(scratch)
    for item in items:
        _place(item.path, scratch / item.relative)
    return scratch / items[0].relative if single else scratch


def files(service: Service, workspace: Workspace, content: Mapping[str, Any]) -> tuple[Item, ...]:
    """The files that a definition reads, before its transformations.

    Raises a 4xx :class:`~amlbridge.wire.errors.ServiceError`.
    """
    return dataset_sources.find(service, workspace, dataflow.sources(content)).items


def describe(dto: Mapping[str, Any]) -> tuple[str, list[Source]]:
    """The type (tabular or file) and the sources of a dataset DTO, registered or saved.

    Raises a 400 :class:`~amlbridge.wire.errors.ServiceError`.
    """
    latest = dto.get("latest") or {}
    text = dto.get("dataflowJson") or latest.get("dataflow") or ""
    made = dataset_records.definition(dto.get("datasetType"), text, {})
    return made.dataset_type, dataflow.sources(dataflow.load(made.yaml))


def saved_dataset_for_path(
    service: Service, workspace: Workspace, datastore: str, path: str, transformations: Any
) -> str:
    """The id of the saved dataset of a step's output, as a later step reads it. ``transformations``: the legacy blocks
    of the producer and of the consumer, in any form that :func:`amlbridge.v1.dataflow.blocks_of` takes; with a block
    that reads rows the dataset is tabular, otherwise it is a file dataset.

    Raises a 4xx :class:`~amlbridge.wire.errors.ServiceError`.
    """
    return dataset_records.save(service, workspace, _of_output(service, workspace, datastore, path, transformations))


def saved_table(service: Service, workspace: Workspace, datastore: str, path: str) -> str:
    """The id of a saved dataset of one delimited file with a header, comma between its columns."""
    content = {
        "type": "mltable",
        "paths": [{"file": dataflow.uri(workspace, datastore, path)}],
        "transformations": [{"read_delimited": _TABLE}],
    }
    return dataset_records.save(service, workspace, dataset_records.of_yaml("tabular", dataflow.dump(content)))


def register_output(
    service: Service, workspace: Workspace, registration: Registration, datastore: str, path: str
) -> str:
    """Registers what a finished step has written (``register_on_complete``): the first or next version of its name.

    Returns the id of the saved dataset. Raises a 4xx :class:`~amlbridge.wire.errors.ServiceError`.
    """
    registered = dataset_records.register(
        service,
        workspace,
        registration.name,
        _of_output(service, workspace, datastore, path, registration.transformations),
        description=registration.description,
        tags=registration.tags,
    )
    return registered.saved_id


def _of_output(
    service: Service, workspace: Workspace, datastore: str, path: str, transformations: Any
) -> dataset_records.Definition:
    store = storage.datastore(service, workspace, datastore)
    name = storage.normal(path)
    is_file = storage.resolve(service, workspace, store, name).is_file()
    blocks = dataflow.blocks_of(transformations)
    location = dataflow.uri(workspace, store.name, name)
    text = dataflow.compose(blocks, [], location, is_file=is_file)
    kind = "tabular" if dataflow.is_tabular(dataflow.load(text)) else "file"
    return dataset_records.of_yaml(kind, text)


def _selected(items: Sequence[Item], steps: Sequence[Any]) -> list[Item]:
    """The files that filters, samples, takes and skips leave. ``take`` and ``skip`` are simple; for anything else the
    dataset engine itself is asked, in a process of its own."""
    chosen = list(items)
    for number, step in enumerate(steps):
        count = step.get("take", step.get("skip")) if isinstance(step, dict) and len(step) == 1 else None
        if not isinstance(count, int):
            return _by_engine(chosen, steps[number:])
        chosen = chosen[:count] if "take" in step else chosen[count:]
    return chosen


def _by_engine(items: Sequence[Item], steps: Sequence[Any]) -> list[Item]:
    # The engine takes local paths as they are, not percent-encoded.
    paths = [{"file": f"file://{item.path}"} for item in items]
    content = {"type": "mltable", "paths": paths, "transformations": list(steps)}
    command = [sys.executable, "-m", "amlbridge.v1.select_files"]
    try:
        done = subprocess.run(
            command,
            input=dataflow.dump(content),
            capture_output=True,
            text=True,
            timeout=_SELECTION_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise bad_request(f"the dataset engine did not select the files in {_SELECTION_TIMEOUT} s") from error
    if done.returncode != 0:
        why = done.stderr.strip()[-1000:] or f"its process ended with {done.returncode}"
        raise bad_request(f"the dataset engine cannot select the files: {why}")
    kept = {unquote(name) for name in json.loads(done.stdout.splitlines()[-1])}
    return [item for item in items if str(item.path) in kept]


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.resolve(), target)
    except OSError:
        # Another file system, or one without hard links.
        shutil.copy2(source, target)

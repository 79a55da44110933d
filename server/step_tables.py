"""Inputs of driven steps as tables over files of this machine: datasets of SDK v1, MLTables of SDK v2."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from amlbridge.engine.content_digest import files_below
from amlbridge.engine.errors import EngineError
from amlbridge.engine.host import StepContext
from amlbridge.engine.plan import DataReference, Input, Json
from amlbridge.server import job_steps
from amlbridge.v1 import dataflow, dataset_paths, dataset_records, dprep_blocks
from amlbridge.wire import storage
from amlbridge.wire.context import Service

_STORE, _DATASET = "azureml://datastores/", "azureml://saved_datasets/"
#: The file that makes a folder an MLTable.
_DEFINITION = "MLTable"


def table(service: Service, context: StepContext, name: str, item: Input, reference: DataReference) -> Json:
    """The definition of an input: see :meth:`amlbridge.engine.host.Host.table`. Raises :class:`EngineError` and 4xx
    :class:`~amlbridge.wire.errors.ServiceError`."""
    uri = reference.uri
    if uri.lower().startswith(job_steps.WEB):
        return _plain(job_steps.web_path(service, name, uri))
    if not uri.startswith((_STORE, _DATASET)):
        raise EngineError(f"input {name!r}: {uri} cannot be read here")
    saved = uri.removeprefix(_DATASET)
    if uri.startswith(_STORE):
        store, _, path = uri.removeprefix(_STORE).partition("/paths/")
        place = storage.resolve(service, context.workspace, store, path)
        if item.transformations is None and (place / _DEFINITION).is_file():
            return _mltable(service, context, name, place, f"{_STORE}{store}/paths/{storage.normal(path)}")
        if item.transformations is None:
            return _plain(place)
        saved = dataset_paths.saved_dataset_for_path(service, context.workspace, store, path, item.transformations)
    made = dataset_records.saved(service, context.workspace, saved)
    return _resolved(service, context, dataflow.load(made.yaml), tabular=made.dataset_type == "tabular")


def listed_files(service: Service, context: StepContext, name: str, uri: str, place: Path) -> Path:
    """The folder of the files that an MLTable lists; ``place`` itself when that is none, or reads rows. Raises
    :class:`EngineError` and 4xx :class:`~amlbridge.wire.errors.ServiceError`."""
    if not (place / _DEFINITION).is_file():
        return place
    content, tabular = _definition(name, place, uri)
    if tabular:
        return place
    return dataset_paths.listed(service, context.workspace, content, context.scratch / f"{name}.list")


def _mltable(service: Service, context: StepContext, name: str, place: Path, uri: str) -> Json:
    """An MLTable's folder; its relative paths are those below the folder."""
    content, tabular = _definition(name, place, uri)
    return _resolved(service, context, content, tabular=tabular)


def _definition(name: str, place: Path, uri: str) -> tuple[Mapping[str, Any], bool]:
    """What the MLTable file in a folder says, with whole paths, and whether it reads rows."""
    try:
        content = dataflow.load((place / _DEFINITION).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise EngineError(f"input {name!r}: its MLTable file cannot be read: {error}") from error
    paths = []
    for entry in content.get("paths") or []:
        if not isinstance(entry, Mapping):
            raise EngineError(f"input {name!r}: a path of its MLTable file is none of file, folder, pattern: {entry}")
        paths.append({key: _absolute(value, uri) if key in dataflow.SOURCES else value for key, value in entry.items()})
    steps = content.get("transformations") or []
    found = {**content, "paths": paths, "transformations": steps}
    return found, any(_reads_rows(step) for step in steps)


def _absolute(value: Any, uri: str) -> Any:
    return f"{uri}/{value}" if isinstance(value, str) and "://" not in value else value


def _reads_rows(step: Any) -> bool:
    names = {step} if isinstance(step, str) else set(step) if isinstance(step, Mapping) else set()
    return bool(names & dprep_blocks.READERS)


def _resolved(service: Service, context: StepContext, content: Mapping[str, Any], *, tabular: bool) -> Json:
    items = dataset_paths.files(service, context.workspace, content)
    return _described((item.path for item in items), content.get("transformations") or [], tabular)


def _plain(place: Path) -> Json:
    """Files without a definition."""
    return _described((path for _, path in sorted(files_below(place))), [], False)


def _described(paths: Iterable[Path], transformations: list[Any], tabular: bool) -> Json:
    files = [{"path": str(path), "size": os.stat(path).st_size} for path in paths]  # noqa: PTH116 - for many files
    return {"files": files, "transformations": transformations, "tabular": tabular}

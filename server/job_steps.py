"""What steps of SDK v2 find that those of v1 do not: variables, URIs of direct inputs, files behind URLs, assets."""

from __future__ import annotations

from pathlib import Path

from amlbridge.engine.errors import EngineError
from amlbridge.engine.host import StepContext
from amlbridge.engine.plan import DataReference, Input, Output
from amlbridge.engine.records.reuse import Candidate
from amlbridge.v2.assets import paths
from amlbridge.v2.jobs import outputs
from amlbridge.v2.jobs.assets import WEB
from amlbridge.wire.context import Service

__all__ = ["FOLDERS", "WEB"]

#: The part of the service with the files that stand for URLs (``amlbridge map``).
_URL_MAP = "url_map"
#: What an output of this type is made as; the script writes any other one as a file.
FOLDERS = ("uri_folder", "mltable", "mlflow_model", "custom_model")


def variables(context: StepContext) -> dict[str, str]:
    """``AZURE_ML_INPUT_<name>`` and ``AZURE_ML_OUTPUT_<name>``, as Azure's runtime sets them for both SDKs."""
    given = {f"AZURE_ML_INPUT_{name}": value for name, value in context.inputs.items()}
    return given | {f"AZURE_ML_OUTPUT_{name}": str(place.written) for name, place in context.outputs.items()}


def is_direct(item: Input) -> bool:
    """Whether an input is one that SDK v2 hands over as a URI; those of v1 have no type."""
    return item.mode == "direct" and item.type != "any"


def direct_uri(context: StepContext, reference: DataReference, store: str, path: str) -> str:
    """The URI that a direct input is."""
    found = paths.long_uri(context.workspace, store, path)
    return found + "/" if reference.uri.endswith("/") and not found.endswith("/") else found


def web_path(service: Service, name: str, url: str) -> Path:
    """The file of this machine that stands for a URL. Raises :class:`EngineError` when none does."""
    find = service.parts.get(_URL_MAP)
    found: Path | None = find(url) if find is not None else None
    if found is None or not found.exists():
        raise EngineError(
            f"input {name!r}: {url} is outside of this machine: say which file stands for it with "
            f"`amlbridge map add {url} PATH`, or download it and pass the path of the file"
        )
    return found


def register(service: Service, context: StepContext, name: str, output: Output) -> bool:
    """Registers an output of a step of SDK v2 as an asset; False for a step of v1. Raises 4xx ServiceErrors."""
    if not outputs.belongs_to_job(service, context.workspace, context.pipeline_run_id):
        return False
    place = context.outputs[name]
    outputs.register(service, context.workspace, context.run_id, output, place.datastore, place.path)
    return True


def register_again(service: Service, context: StepContext, original: Candidate, name: str, output: Output) -> bool:
    """The same for a step that was not run again: only when the asset is no longer there, or was never made."""
    if not outputs.belongs_to_job(service, context.workspace, context.pipeline_run_id):
        return False
    if not outputs.registered(service, context.workspace, output):
        place = original.execution["outputs"][name]
        outputs.register(service, context.workspace, original.run_id, output, place["datastore"], place["path"])
    return True

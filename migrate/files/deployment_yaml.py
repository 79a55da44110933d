"""A deployment configuration of v1 (``computeType: ACI``), with the inference configuration beside it, as the YAML of a
managed online deployment of v2.

Source: the v1 schemas of inference and deployment configurations for ``az ml model deploy``, and the v2 reference of
the managed online deployment's YAML.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from amlbridge.migrate.discover import is_deployment_json
from amlbridge.migrate.files.runconfig import environment
from amlbridge.migrate.files.yaml_text import SCHEMAS, get, load
from amlbridge.migrate.models.environments.environment import IMAGE
from amlbridge.migrate.models.serving.machine_sizes import instance_type
from amlbridge.migrate.rules.deployments import DEPLOYMENT

_CONFIGURATION = re.compile(r"^computeType\s*:\s*[\"']?(aci|aks|local|akscompute)\b", re.IGNORECASE | re.MULTILINE)
_IN_JSON = re.compile(r'"computeType"\s*:\s*"(aci|aks|local|akscompute)"', re.IGNORECASE)
_YAML, _JSON = (".yml", ".yaml"), ".json"
_TOO_LARGE = 100_000


def is_configuration(path: Path, text: str) -> bool:
    """Whether a file is a deployment configuration."""
    if path.suffix.lower() == _JSON:
        return is_deployment_json(path) and _IN_JSON.search(text) is not None
    return path.suffix.lower() in _YAML and _CONFIGURATION.search(text) is not None


def written_name(name: str) -> str:
    """What the deployment's file is called, beside the configuration of this name."""
    return f"{posixpath.splitext(name)[0]}.deployment.yml"


def is_written(name: str, roots: Iterable[Path]) -> bool:
    """Whether a deployment is written for the configuration that a command names: it is the only one below the folders
    of the run that is called so, and has an inference configuration beside it."""
    found = [path for root in roots for path in root.rglob(posixpath.basename(name)) if path.is_file()]
    if len(found) != 1 or not (found[0].suffix.lower() in _YAML or is_deployment_json(found[0])):
        return False
    return _inference(found[0]) is not None


def deployment(path: Path, text: str) -> tuple[str, dict[str, Any], list[str]] | None:
    """The deployment's file, its content, and what was assumed or left out; None without an inference configuration in
    the same folder, or with several."""
    content, inference = load(text), _inference(path)
    if not isinstance(content, dict) or inference is None:
        return None
    notes: list[str] = []
    folder = get(inference, "sourceDirectory")
    folder = str(folder) if folder else "."
    found: dict[str, Any] = {
        "$schema": SCHEMAS["deployment"],
        "name": DEPLOYMENT,
        "code_configuration": {"code": folder, "scoring_script": str(get(inference, "entryScript"))},
        "environment": _environment(inference, folder, notes),
        "instance_type": instance_type(
            *(get(content, "containerResourceRequirements", key) for key in ("cpu", "memoryInGB"))
        ),
        "instance_count": get(content, "numReplicas") or 1,
    }
    if get(content, "appInsightsEnabled"):
        found["app_insights_enabled"] = True
    limits = {
        "request_timeout_ms": get(content, "scoringTimeoutMs"),
        "max_concurrent_requests_per_instance": get(content, "maxConcurrentRequestsPerContainer"),
    }
    if any(limits.values()):
        found["request_settings"] = {key: value for key, value in limits.items() if value}
    if get(content, "autoScaler"):
        notes.append("autoscaling is a rule of Azure Monitor on the deployment")
    if not get(content, "authEnabled"):
        notes.append("online endpoints always ask for a key: callers have to send it")
    return written_name(path.name), found, notes


def _environment(inference: Any, folder: str, notes: list[str]) -> Any:
    if get(inference, "environment"):
        return environment(inference, notes)
    conda, image = get(inference, "condaFile"), get(inference, "baseImage")
    if get(inference, "extraDockerfileSteps"):
        notes.append("the additional steps of its Dockerfile have to go into an image of your own")
    found = {"image": str(image) if image else IMAGE.strip('"')}
    if conda:
        found["conda_file"] = posixpath.normpath(posixpath.join(folder, str(conda)))
    return found


def _inference(path: Path) -> Any:
    """The only inference configuration in the folder of a deployment configuration, or None."""
    found = []
    for other in sorted(path.parent.glob("*")):
        try:
            if other == path or other.suffix.lower() not in (*_YAML, _JSON) or other.stat().st_size > _TOO_LARGE:
                continue
            text = other.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue  # it is none that can be read; the one that is meant may be another
        content = load(text) if "entryscript" in text.lower() else None
        if isinstance(get(content, "entryScript"), str):
            found.append(content)
    return found[0] if len(found) == 1 else None

"""What a deployment asks for, checked: code, model, environment, how many processes, how long."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from amlbridge.engine.blobs import check_name
from amlbridge.engine.environments.modes import mode_of
from amlbridge.engine.environments.provider import Environments
from amlbridge.engine.errors import InvalidNameError
from amlbridge.engine.plan import Environment
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.engine.serving import MOST_PROCESSES
from amlbridge.v2.assets import environment_forms, lookup, paths, versions
from amlbridge.v2.assets.models import MODELS
from amlbridge.v2.jobs.reading import seconds
from amlbridge.v2.online import packages
from amlbridge.wire.context import Call, Service, typed
from amlbridge.wire.errors import bad_request
from amlbridge.wire.serving.files import ModelFiles
from amlbridge.wire.serving.records import Deployment, Endpoint

#: Azure's defaults and limits, in seconds.
_REQUEST_TIMEOUT, _LONGEST_REQUEST = 5.0, 300.0
_INITIAL_DELAY, _PERIOD, _THRESHOLD = 10.0, 10.0, 30
#: Loading gets at least so long, whatever the probes say: they were made for another machine.
_SHORTEST_START = 60.0


@dataclass(frozen=True)
class Wanted:
    """A deployment, and the files that make it: the digest of its code and its models."""

    deployment: Deployment
    code: str | None
    models: tuple[ModelFiles, ...]


@dataclass(frozen=True)
class MadeOf:
    """What a deployment is made of: the script's path below the app folder (None for an MLflow model), the digest of
    the code, a model, an environment."""

    script: str | None
    code: str | None
    model: ModelFiles | None
    environment: Environment


def made_of(service: Service, workspace: Workspace, properties: Mapping[str, Any], name: str) -> MadeOf:
    """What the properties of a deployment name. Raises a 4xx ServiceError that names the field."""
    model, mlflow = _model(service, workspace, properties)
    script, code = _code(service, workspace, properties)
    if script is None and not mlflow:
        raise bad_request(
            f"the deployment {name} has neither code_configuration nor an MLflow model: a custom model needs a scoring "
            "script"
        )
    conda_of_model = model.source / "conda.yaml" if model is not None and script is None else None
    return MadeOf(script, code, model, _environment(service, workspace, properties, name, conda_of_model))


def read(call: Call, endpoint: Endpoint, name: str) -> Wanted:
    """What the body of a request asks for. Raises a 4xx ServiceError that names the field."""
    properties = packages.unwrapped(call, call.field("properties", dict))
    _refuse(properties)
    made = made_of(call.service, call.workspace, properties, name)
    model = made.model
    variables = _variables(properties)
    processes = _instances(call, properties) * _workers(variables)
    if processes > MOST_PROCESSES:
        raise bad_request(
            f"instance_count (times WORKER_COUNT) makes {processes} processes, and amlbridge runs at most "
            f"{MOST_PROCESSES} for a deployment on this machine"
        )
    timeout, concurrent = _requests(properties)
    return Wanted(
        Deployment(
            workspace=call.workspace.id,
            flavor=endpoint.flavor,
            endpoint=endpoint.name,
            name=name,
            generation=uuid.uuid4().hex,
            script=made.script,
            code="code",
            model=f"{model.place}/{model.source.name}" if model is not None else "",
            model_dir=model.place if model is not None else None,
            environment=made.environment,
            mode=mode_of(_session_mode(call)),
            variables=variables,
            processes=processes,
            request_timeout=timeout,
            start_timeout=_start_timeout(properties),
            most_requests=2 * max(concurrent * _instances(call, properties), processes),
        ),
        made.code,
        (model,) if model is not None else (),
    )


def _session_mode(call: Call) -> str:
    if call.identity is not None and call.identity.environments is not None:
        return call.identity.environments
    provider: Environments = call.service.parts["environments"]
    return provider.default


def _refuse(properties: Mapping[str, Any]) -> None:
    kind = typed(properties, "endpointComputeType", str, "Managed")
    if kind.lower() != "managed":
        raise bad_request(
            f"deployments of the kind {kind} are not run by amlbridge: use a ManagedOnlineDeployment", "NotSupported"
        )
    collector: dict[str, Any] = typed(properties, "dataCollector", dict, {})
    for name, value in typed(collector, "collections", dict, {}).items():
        if isinstance(value, dict) and str(value.get("dataCollectionMode", "")).lower() == "enabled":
            raise bad_request(
                f"data_collector: {name}: amlbridge does not collect the data of requests: leave data_collector out, "
                "and log what you want to keep in run()",
                "NotSupported",
            )
    if typed(properties, "modelMountPath", str, None):
        raise bad_request(
            "model_mount_path is a path in a container, which amlbridge does not have: read AZUREML_MODEL_DIR",
            "NotSupported",
        )


def _code(service: Service, workspace: Workspace, properties: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The script's path below the app folder, and the digest of the code."""
    configuration: dict[str, Any] | None = typed(properties, "codeConfiguration", dict, None)
    if not configuration:
        return None, None
    script = typed(configuration, "scoringScript", str)
    try:
        parts = check_name(str(PurePosixPath(script.replace("\\", "/"))))
    except InvalidNameError as error:
        raise bad_request(f"scoringScript: {script!r} is no path in the code folder: {error}") from error
    code = typed(configuration, "codeId", str, None)
    if not code:
        raise bad_request("codeConfiguration has no codeId: give code_configuration a code folder")
    return "/".join(("code", *parts)), lookup.code(service, workspace, code)


def _model(service: Service, workspace: Workspace, properties: Mapping[str, Any]) -> tuple[ModelFiles | None, bool]:
    """The files of the model, and whether it is an MLflow model."""
    reference = typed(properties, "model", str, None)
    if not reference:
        return None, False
    place, asset = versions.resolve(service, workspace, MODELS, reference)
    kind = str(asset.properties["modelType"])
    if kind == "triton_model":
        raise bad_request(
            f"the model {asset.name}:{asset.version} is a Triton model, and amlbridge has no Triton server: deploy it "
            "with a scoring script, as a custom_model",
            "NotSupported",
        )
    uri = str(asset.properties.get("modelUri") or "")
    source = paths.local(service, place, uri)
    if source is None or not source.exists():
        raise bad_request(f"the files of the model {asset.name}:{asset.version} are not here: {uri}", "ModelNotFound")
    return ModelFiles(asset.name, asset.version, source), kind == "mlflow_model"


def _environment(
    service: Service, workspace: Workspace, properties: Mapping[str, Any], name: str, conda_file: Path | None
) -> Environment:
    reference = typed(properties, "environmentId", str, None)
    if not reference:
        if conda_file is None:
            raise bad_request(f"the deployment {name} has a scoring script, so it needs an environment")
        # As Azure: an MLflow model brings its environment along.
        conda = environment_forms.conda(conda_file.read_text(errors="replace")) if conda_file.is_file() else None
        return Environment(name="mlflow-model", conda=conda, user_managed=conda is None)
    found = lookup.environment(service, workspace, reference)
    has = found["properties"]
    if has.get("inferenceConfig"):
        raise bad_request(
            "the environment has an inference_config: it is a server in a container of its own, which amlbridge does "
            "not run; deploy a scoring script, or an MLflow model",
            "NotSupported",
        )
    conda = environment_forms.conda(has["condaFile"]) if has.get("condaFile") else None
    curated = has.get("environmentType") == "Curated"
    return Environment(
        name=str(found["id"]).rpartition("/environments/")[2].partition("/")[0],
        version=str(found["name"]),
        conda=None if curated else conda,
        image=has.get("image"),
        user_managed=curated or conda is None,
    )


def _variables(properties: Mapping[str, Any]) -> dict[str, str]:
    given: dict[str, Any] = typed(properties, "environmentVariables", dict, {})
    for key, value in given.items():
        if not isinstance(value, str) or "\0" in value or "\0" in key or "=" in key or not key:
            raise bad_request(f"environmentVariables[{key!r}] must be a text")
    return dict(given)


def _workers(variables: Mapping[str, str]) -> int:
    """WORKER_COUNT: how many processes the server of one instance has."""
    given = variables.get("WORKER_COUNT", "1").strip()
    if not given.isdecimal() or not 1 <= int(given) <= 1000:
        raise bad_request(f"the environment variable WORKER_COUNT must be a number of processes, not {given!r}")
    return int(given)


def _instances(call: Call, properties: Mapping[str, Any]) -> int:
    scale: dict[str, Any] = typed(properties, "scaleSettings", dict, {})
    sku = call.field("sku", dict, {})
    scaled = str(scale.get("scaleType", "")).lower() == "targetutilization"
    count = typed(sku, "capacity", int, typed(scale, "minInstances", int, 1) if scaled else 1)
    if not 1 <= count <= 1000:
        raise bad_request(f"instance_count must be 1 or more, not {count}")
    return count


def _requests(properties: Mapping[str, Any]) -> tuple[float, int]:
    """How long a request may take, and how many there may be in an instance."""
    given: dict[str, Any] = typed(properties, "requestSettings", dict, {})
    timeout = seconds(given.get("requestTimeout"), "requestSettings.requestTimeout") or _REQUEST_TIMEOUT
    if timeout > _LONGEST_REQUEST:
        raise bad_request(f"request_timeout_ms can be at most {_LONGEST_REQUEST * 1000:.0f}, not {timeout * 1000:.0f}")
    concurrent = typed(given, "maxConcurrentRequestsPerInstance", int, 1)
    if not 1 <= concurrent <= 10000:
        raise bad_request(f"max_concurrent_requests_per_instance must be 1 to 10000, not {concurrent}")
    return timeout, concurrent


def _start_timeout(properties: Mapping[str, Any]) -> float:
    """How long loading may take, by the readiness probe."""
    probe: dict[str, Any] = typed(properties, "readinessProbe", dict, {})
    delay = seconds(probe.get("initialDelay"), "readinessProbe.initialDelay")
    period = seconds(probe.get("period"), "readinessProbe.period")
    threshold = typed(probe, "failureThreshold", int, _THRESHOLD)
    if threshold < 1:
        raise bad_request(f"readinessProbe.failureThreshold must be 1 or more, not {threshold}")
    found = (_INITIAL_DELAY if delay is None else delay) + (_PERIOD if period is None else period) * threshold
    return min(max(found, _SHORTEST_START), 3600.0)

"""Makes the clients of one process quick, when it is imported: what is most of the time of a test with a real client.

They ask often whether something has ended. By themselves they sleep for 1 to 10 s between two looks; what they ask and
read is the same. The longer they have waited, the longer they sleep: to look takes client and service as much computing
as a step needs that runs meanwhile.

SDK v1 asks for a token once for each resource, and not before each other request as it does by itself: two of three
requests are for tokens that it has got already; SDK v2 asks once for what cloud the service is. Clients in processes of
their own (`python=sys.executable`) still do.

The warm interpreter of the clients imports it (`warm_clients.py`), after both SDKs. The variables that
azure-ai-ml has for this are of no use there: it has read them when it was imported, and azureml-core breaks on them.

What the SDKs have asked the service for and found in HOME when they were imported are the defaults of a few methods and
two paths: :func:`turn_to_own_service` makes them what they would be in the client's own environment.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any

#: The sleep between the first looks of a wait, in seconds, and the share of the wait that later ones take.
SHORTEST = 0.2
SHARE = 0.1
#: Whoever has not slept for so many seconds begins to wait for something else.
_PAUSE = 2.0

_aad: Any = import_module("msrestazure.azure_active_directory")
_asked = _aad.get_msi_token


class _Time:
    """The module ``time``, as these modules see it."""

    def __init__(self) -> None:
        self._began = self._woke = float("-inf")

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        now = time.monotonic()
        if now - self._woke > _PAUSE:
            self._began = now
        time.sleep(min(seconds, max(SHORTEST, SHARE * (now - self._began))))
        self._woke = time.monotonic()


for _name in (
    "azureml.core.run",
    "azureml.pipeline.core.run",
    "azureml.train.automl.run",
    "azureml.train.automl._remote_console_interface",
    "azure.ai.ml.operations._job_ops_helper",
):
    _module: Any = import_module(_name)
    assert _module.time is time, f"{_name} is another one than this was written for"
    _module.time = _Time()


@functools.lru_cache
def _first(endpoint: str | None, resource: str) -> tuple[str, str, dict[str, Any]]:
    """The first answer of a service for a resource: scheme, token, and all of it. It outlives every client."""
    scheme, token, answer = _asked(resource)
    return scheme, token, answer


def _kept(resource: str, port: int = 50342, msi_conf: dict[str, str] | None = None) -> tuple[str, str, dict[str, Any]]:
    if msi_conf:
        return _asked(resource, port, msi_conf)  # type: ignore[no-any-return]  # for an identity of the user's
    scheme, token, answer = _first(os.environ.get("MSI_ENDPOINT"), resource)
    return scheme, token, dict(answer)


_aad.get_msi_token = _kept
_azure: Any = import_module("azure.ai.ml._azure_environments")
_asked_for_clouds = _azure._get_clouds_by_metadata_url


@functools.lru_cache
def _clouds(url: str) -> dict[str, dict[str, str]]:
    """What a service says of its cloud: two of five requests of SDK v2 ask for it, ten in each program."""
    found: dict[str, dict[str, str]] = _asked_for_clouds(url)
    if not found:
        raise LookupError(url)
    return found


def _kept_clouds(url: str) -> dict[str, dict[str, str]]:
    try:
        return _clouds(url)
    except LookupError:  # it has said why, and may answer the next time
        return {}


_azure._get_clouds_by_metadata_url = _kept_clouds
_models: Any = import_module("azure.ai.ml._restclient.arm_ml_service._utils.model_base")
_slow_model = _models._get_model


def _model(module: str, name: Any) -> Any:
    """The class of this name in a module or the one around it. SDK v2 makes a table of all classes for each field."""
    if not isinstance(name, str):
        return _slow_model(module, name)
    last = name.rpartition(".")[2]
    for place in (module.rsplit(".", 1)[0], module):
        found = vars(sys.modules[place]).get(last)
        if isinstance(found, type):
            return found
    return last


assert _model(_models.__name__, "x.Model") is _slow_model(_models.__name__, "x.Model") is _models.Model
assert _model(_models.__name__, "x.None") == _slow_model(_models.__name__, "x.None")
_models._get_model = _model
_validated: Any = import_module("azure.ai.ml.entities._validation.schema").SchemaValidatableMixin
_new_schema = _validated._schema_for_validation
_schemas: dict[tuple[type, str], Any] = {}


def _schema(thing: Any) -> Any:
    """What a step is checked and written with: a hundred fields, which SDK v2 makes five times for each step, half of
    what it computes to submit a pipeline."""
    context = thing._default_context()
    key = type(thing), repr(context)
    # One that has read a file may look for others beside that.
    if key not in _schemas or _schemas[key].context != context:
        _schemas[key] = _new_schema.fget(thing)
    return _schemas[key]


_validated._schema_for_validation = property(_schema)
# Each client of SDK v1's interfaces, of which a run makes six, looks 999 codes up in a list of 500: 5 ms of computing.
_retries: Any = import_module("msrest.universal_http.requests").ClientRetryPolicy
_retries.safe_codes = frozenset(_retries.safe_codes)


def _address() -> str:
    """Host and port that the service names for its cloud."""
    return os.environ["ARM_CLOUD_METADATA_URL"].partition("rm=https://")[2].strip("/")


_imported_for, _imported_at = _address(), str(Path.home())


def _turned(value: Any) -> Any:
    """What it would be had the SDKs been imported in this process's environment."""
    if isinstance(value, str):
        return value.replace(_imported_for, _address()).replace(_imported_at, str(Path.home()))
    return Path(_turned(str(value))) if isinstance(value, Path) else value


def _keeps(value: Any) -> bool:
    return isinstance(value, str | Path) and (_imported_for in str(value) or _imported_at in str(value))


def _keepers() -> list[FunctionType]:
    """The methods of azure-ai-ml with such a default."""
    modules = [module for name, module in sys.modules.items() if name.startswith("azure.ai.ml.")]
    classes = {thing for module in modules for thing in vars(module).values() if isinstance(thing, type)}
    methods = [thing for kind in classes for thing in vars(kind).values() if isinstance(thing, FunctionType)]
    return [
        method
        for method in methods
        if any(map(_keeps, (*(method.__defaults__ or ()), *(method.__kwdefaults__ or {}).values())))
    ]


_methods = _keepers()
assert len(_methods) == 6, f"azure-ai-ml keeps something else: {_methods}"
_common: Any = import_module("azureml._base_sdk_common.common")
assert _keeps(_common.CREDENTIALS_PATH) and _keeps(_common.USER_PATH)


def turn_to_own_service() -> None:
    """In a client whose service or HOME is another than that of the interpreter which has imported the SDKs."""
    connector: Any = sys.modules.get("aiohttp.connector")
    if connector is not None:
        # It has read whom to trust when it was imported.
        connector._SSL_CONTEXT_VERIFIED = connector._make_ssl_context(True)
    for method in _methods:
        method.__defaults__ = method.__defaults__ and tuple(map(_turned, method.__defaults__))
        for name, value in (method.__kwdefaults__ or {}).items():
            method.__kwdefaults__[name] = _turned(value)
    for name in ("CREDENTIALS_PATH", "USER_PATH"):
        setattr(_common, name, _turned(getattr(_common, name)))

"""Makes the clients of one process quick, when it is imported: what is most of the time of a test with a real client.

They ask often whether something has ended. They sleep for 1 to 10 s between two looks; what they ask and read is the
same.

SDK v1 asks for a token once for each resource, and not before each other request as it does by itself: two of three
requests are for tokens that it has got already. Clients in processes of their own (`Command`, `own_live`) still do.

The warm interpreter of the clients imports it (`warm_clients.py`), after both SDKs. The variables that
azure-ai-ml has for this are of no use there: it has read them when it was imported, and azureml-core breaks on them.

What azure-ai-ml has asked the service for when it was imported are the defaults of a few functions:
:func:`turn_to_own_service` makes them what the client's own service would have said.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import time
from importlib import import_module
from types import FunctionType
from typing import Any

#: The longest sleep between two looks, in seconds.
LONGEST = 0.2

_aad: Any = import_module("msrestazure.azure_active_directory")
_asked = _aad.get_msi_token


class _Time:
    """The module ``time``, as these modules see it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    @staticmethod
    def sleep(seconds: float) -> None:
        time.sleep(min(seconds, LONGEST))


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


def _address() -> str:
    """Host and port that the service names for its cloud."""
    return re.split("rm=https://", os.environ["ARM_CLOUD_METADATA_URL"])[1].strip("/")


def _bound(address: str) -> list[FunctionType]:
    """The constructors of azure-ai-ml whose defaults hold an address."""
    modules = [module for name, module in sys.modules.items() if name.startswith("azure.ai.ml.entities")]
    classes = {thing for module in modules for thing in vars(module).values() if isinstance(thing, type)}
    found = []
    for kind in classes:
        made = vars(kind).get("__init__")
        if isinstance(made, FunctionType):
            defaults = [*(made.__defaults__ or ()), *(made.__kwdefaults__ or {}).values()]
            if any(isinstance(value, str) and address in value for value in defaults):
                found.append(made)
    return found


_imported_for = _address()
_functions = _bound(_imported_for)
assert len(_functions) == 3, f"azure-ai-ml keeps its cloud elsewhere: {_functions}"


def turn_to_own_service() -> None:
    """In a client whose environment names another service than the one that was asked during import."""
    own = _address()

    def turned(value: Any) -> Any:
        return value.replace(_imported_for, own) if isinstance(value, str) else value

    if own != _imported_for:
        for function in _functions:
            function.__defaults__ = function.__defaults__ and tuple(map(turned, function.__defaults__))
            for name, value in (function.__kwdefaults__ or {}).items():
                function.__kwdefaults__[name] = turned(value)

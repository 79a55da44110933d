"""Makes the tables from the installed packages."""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from typing import Any

from amlbridge.migrate.signatures import by_hand
from amlbridge.migrate.signatures.inspection import (
    is_enum,
    is_open,
    more_keywords,
    own_members,
    public_names,
    takes,
)
from amlbridge.migrate.signatures.table import written
from amlbridge.migrate.signatures.types import gives

#: The packages of SDK v1. Of azureml-automl-core only what scripts of users import.
V1_PACKAGES = (
    "azureml-core",
    "azureml-pipeline-core",
    "azureml-pipeline-steps",
    "azureml-train-core",
    "azureml-train-automl-client",
)
_V1_MODULES = ("azureml.automl.core.featurization", "azureml.automl.core.forecasting_parameters")
_V1_ROOTS = ("azureml.",)
V2_PACKAGES = ("azure-ai-ml", "azure-identity", "azure-core", "mlflow")
_V2_MODULES = (
    "azure.ai.ml",
    "azure.ai.ml.automl",
    "azure.ai.ml.constants",
    "azure.ai.ml.data_transfer",
    "azure.ai.ml.dsl",
    "azure.ai.ml.entities",
    "azure.ai.ml.exceptions",
    "azure.ai.ml.identity",
    "azure.ai.ml.operations",
    "azure.ai.ml.parallel",
    "azure.ai.ml.sweep",
    "azure.core.exceptions",
    "azure.core.paging",
    "azure.core.polling",
    "azure.identity",
    "mlflow",
    "mlflow.artifacts",
    "mlflow.client",
    "mlflow.entities",
    "mlflow.entities.model_registry",
    "mlflow.exceptions",
    "mlflow.lightgbm",
    "mlflow.models",
    "mlflow.onnx",
    "mlflow.pyfunc",
    "mlflow.sklearn",
    "mlflow.tracking",
    "mlflow.xgboost",
)
_V2_ROOTS = ("azure.", "mlflow.")

Symbols = dict[str, dict[str, Any]]


def v1() -> str:
    """The table of SDK v1, as text."""
    modules = sorted({name for package in V1_PACKAGES for name in _modules_of(package)} | set(_V1_MODULES))
    symbols = _symbols(modules, _V1_ROOTS, types=False)
    for path, found in by_hand.V1.items():
        symbols.setdefault(path, found)
    return written(_versions(V1_PACKAGES), symbols)


def v2() -> str:
    """The table of SDK v2 and of what goes with it, as text."""
    symbols = _symbols(_V2_MODULES, _V2_ROOTS, types=True)
    # Further modules of mlflow, which would take long to import or need other packages, are there all the same.
    for name in _modules_of("mlflow"):
        symbols.setdefault(name, {"is": "module", "open": True})
    for path, found in by_hand.V2.items():
        symbols[path] = found
    return written(_versions(V2_PACKAGES), symbols)


def _versions(packages: Iterable[str]) -> dict[str, str]:
    return {name: metadata.version(name) for name in packages}


def _modules_of(package: str) -> list[str]:
    """The public modules of a distribution."""
    found = []
    for file in metadata.files(package) or []:
        name = str(file).removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        if file.suffix == ".py" and not any(part.startswith("_") for part in name.split(".")):
            found.append(name)
    return [name for name in found if name != "azureml"]


def _symbols(modules: Sequence[str], roots: tuple[str, ...], *, types: bool) -> Symbols:
    things, paths = _things(modules, roots)
    symbols: Symbols = {name: {"is": "module"} for name in modules}
    canonical = {id(thing): _canonical(thing, names) for thing, names in zip(things, paths, strict=True)}
    by_name = _by_name(things, paths) if types else {}
    for thing, names in zip(things, paths, strict=True):
        path = canonical[id(thing)]
        entry = _entry(thing, "class" if inspect.isclass(thing) else "function", by_name, types=types)
        others = sorted(set(names) - {path})
        if inspect.isclass(thing):
            bases = [canonical[id(base)] for base in thing.__mro__[1:] if id(base) in canonical]
            entry.update({"bases": _nearest(thing, canonical)} if bases else {})
        entry.update({"aka": others} if others else {})
        symbols[path] = entry
        if inspect.isclass(thing):
            for name, kind, value in _members(thing, canonical):
                symbols[f"{path}.{name}"] = _entry(value, kind, by_name, types=types)
    return symbols


def _things(modules: Sequence[str], roots: tuple[str, ...]) -> tuple[list[Any], list[list[str]]]:
    """The public classes and functions, and the public paths of each."""
    found: dict[int, tuple[Any, list[str]]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in modules:
            for short, thing in public_names(importlib.import_module(name), roots):
                found.setdefault(id(thing), (thing, []))[1].append(f"{name}.{short}")
        for name in modules:
            module = importlib.import_module(name)
            # It may answer for names that it does not list, as azure.ai.ml does.
            for thing, names in found.values() if "__getattr__" in vars(module) else ():
                path = f"{name}.{thing.__name__}"
                if path not in names and getattr(module, thing.__name__, None) is thing:
                    names.append(path)
    kept = [(thing, names) for thing, names in found.values() if _public_paths(thing, names)]
    return [thing for thing, _names in kept], [names for _thing, names in kept]


def _canonical(thing: Any, names: Sequence[str]) -> str:
    return min(_public_paths(thing, names), key=_order)


def _public_paths(thing: Any, names: Sequence[str]) -> list[str]:
    """Those of the paths that are meant for users: that of its own module, of a package or of an ``__all__``. The
    others are there because their modules import it; scripts use such paths as well, so they count as aliases."""
    found = []
    for name in names:
        module = importlib.import_module(name.rpartition(".")[0])
        stated = getattr(module, "__all__", None)
        exported = hasattr(module, "__path__") if stated is None else name.rpartition(".")[2] in stated
        if exported or module.__name__ == thing.__module__:
            found.append(name)
    return found


def _order(path: str) -> tuple[int, int, str]:
    return path.count("."), len(path), path


def _by_name(things: Sequence[Any], paths: Sequence[Sequence[str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for thing, names in zip(things, paths, strict=True):
        if inspect.isclass(thing):
            path = _canonical(thing, names)
            for name in (*names, f"{thing.__module__}.{thing.__qualname__}", thing.__name__):
                found.setdefault(name, path)
    return found


def _nearest(cls: type, canonical: Mapping[int, str]) -> list[str]:
    """The bases that are in the table; those that are not are passed over for theirs."""
    found: list[str] = []
    for base in cls.__bases__:
        for path in [canonical[id(base)]] if id(base) in canonical else _nearest(base, canonical):
            if path not in found:
                found.append(path)
    return found


def _members(cls: type, canonical: Mapping[int, str]) -> Iterable[tuple[str, str, Any]]:
    """The members of a class and of those bases of it that are not in the table themselves."""
    seen: set[str] = set()
    for base in cls.__mro__:
        if base is not cls and (id(base) in canonical or base.__module__ in ("builtins", "enum", "abc", "typing")):
            continue
        for name, kind, value in own_members(base):
            if name not in seen:
                seen.add(name)
                yield name, kind, value


def _entry(thing: Any, kind: str, by_name: Mapping[str, str], *, types: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"is": kind}
    if inspect.isclass(thing) and kind == "class" and is_enum(thing):
        return entry
    if kind in ("class", "function", "method"):
        parameters = takes(thing)
        if parameters is None:
            return {**entry, "takes": ["*args", "**"], "open": True}
        entry["takes"] = parameters
        if "**" in parameters:
            known = {name.rstrip("=") for name in parameters}
            more = {name for name in more_keywords(thing) - known if not name.startswith("_")}
            entry.update({"more": sorted(more)} if more else {})
    if types and kind in ("function", "method", "property") and thing is not None:
        found = gives(thing, by_name)
        entry.update({"gives": found} if found else {})
    if kind == "class" and is_open(thing):
        entry["open"] = True
    return entry

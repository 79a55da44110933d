"""What converted files import, which their project has to install: packages of SDK v1 that files still need, as what
stays SDK v1 has to run with it, and those of SDK v2 that the client does not bring."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

_IMPORTED = re.compile(rb"\b(?:from|import)\s+azureml\.([a-z_]+)(?:\.([a-z_]+))?")
_CORE = ("azureml-core", "azureml-sdk", "azureml-defaults")
_TABLES = ("azureml-dataset-runtime", "azureml-dataprep")
#: By the module that is imported: the distributions that bring it. Of azureml.X other than these: azureml-X.
_BROUGHT_BY: dict[str, tuple[str, ...]] = {
    "core": _CORE,
    "data": (*_CORE, *_TABLES),
    "exceptions": _CORE,
    "dataprep": (*_TABLES, "azureml-sdk"),
    "pipeline": ("azureml-sdk", "azureml-pipeline", "azureml-pipeline-core", "azureml-pipeline-steps"),
    "train": (
        "azureml-sdk",
        "azureml-train",
        "azureml-train-core",
        "azureml-train-automl",
        "azureml-train-automl-client",
        "azureml-train-restclients-hyperdrive",
    ),
}
#: Modules of SDK v2's own packages.
_OF_V2 = frozenset({"ai", "fsspec", "mlflow"})
#: Files that list what jobs and deployments run with, and no more.
_ENVIRONMENTS = frozenset({".yml", ".yaml"})
_RUNS_IN_JOBS = re.compile(rb"\bget_context\b|\bdef init\(")


#: What only some of the new code imports -> the distribution that brings it.
_IN_SOME = (
    (re.compile(rb"\bimport mltable\b"), "mltable"),
    (re.compile(rb"\bimport fsspec\b|azureml\.fsspec\b"), "azureml-fsspec"),
    (re.compile(rb"\bazure\.keyvault\.secrets\b"), "azure-keyvault-secrets"),
)


def imported(text: bytes) -> tuple[str, ...]:
    """The distributions beside the client and MLflow that a module, or a notebook, imports once it is converted."""
    return tuple(name for pattern, name in _IN_SOME if pattern.search(text))


def needed(text: bytes) -> frozenset[str]:
    """The distributions of SDK v1 that a module, or a notebook, imports from once it is converted."""
    found: set[str] = set()
    for first, second in _IMPORTED.findall(text):
        module, below = first.decode(), second.decode()
        if module in _OF_V2:
            continue
        found.update(_BROUGHT_BY.get(module, (f"azureml-{module}", f"azureml-{module}-{below}".replace("_", "-"))))
    return frozenset(found | set(_TABLES)) if found and b"Dataset" in text else frozenset(found)


def runs_in_jobs(text: bytes) -> bool:
    """Whether a module asks for its run, or is the scoring script of a service."""
    return _RUNS_IN_JOBS.search(text) is not None


def is_of_jobs(path: Path, text: bytes, named: bool) -> bool:
    """Whether a list of packages is of an environment of jobs alone: a conda file, which code names, or which lists
    the package that jobs and services of SDK v1 have to have. Another one is of the machine where the code runs that
    submits them. ``named``: whether code of the run names the file."""
    return path.suffix.lower() in _ENVIRONMENTS and (named or b"azureml-defaults" in text)


def kept_for(
    path: Path, code: Iterable[Path], staying: Mapping[Path, tuple[frozenset[str], bool]], *, of_jobs: bool
) -> frozenset[str]:
    """The distributions that the list of packages at ``path`` goes on naming. ``code``: the modules and notebooks that
    name SDK v1; the list is for those in its folder, or in the nearest one above that has any. ``staying``: what those
    need that stay SDK v1, and whether they run in jobs: their environments, ``of_jobs``, are for no others."""
    found = [staying[other] for other in _nearest(path, code) if other in staying] if staying else []
    return frozenset().union(*(needs for needs, in_jobs in found if in_jobs or not of_jobs))


def imported_near(path: Path, code: Iterable[Path], imports: Mapping[Path, tuple[str, ...]]) -> tuple[str, ...]:
    """The distributions that the modules and notebooks import for which the list of packages at ``path`` is."""
    near = _nearest(path, {*code, *imports}) if imports else []
    found = {name for other in near for name in imports.get(other, ())}
    return tuple(name for _pattern, name in _IN_SOME if name in found)


def _nearest(path: Path, code: Iterable[Path]) -> list[Path]:
    """The files in the folder of a list of packages, or in the nearest one above that has any."""
    code = list(code)
    for folder in path.absolute().parents:
        below = [other for other in code if other.absolute().is_relative_to(folder)]
        if below:
            return below
    return []

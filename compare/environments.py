"""The packages that an environment asks for."""

from __future__ import annotations

import re

from amlbridge.engine.environments.spec import SDK_PYTHONS
from amlbridge.engine.plan import Environment

_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?\s*(.*)$")
#: What a migration replaces, and what is needed to install the rest.
_NOT_COMPARED = re.compile(r"(azure|azureml|mltable|mlflow|mldesigner)([-_.].*)?|pip|setuptools|wheel", re.IGNORECASE)
#: What AutoMLConfig adds.
_AUTOML = re.compile(r"azureml-(train-automl(-runtime)?|automl-runtime)(?![-\w])")


def packages(environment: Environment) -> dict[str, str] | None:
    """Package -> its version as written ("" for any); None when the environment has no conda specification."""
    conda = environment.conda
    if not isinstance(conda, dict) or not isinstance(conda.get("dependencies"), (list, tuple)):
        return None
    found: dict[str, str] = {}
    for item in conda["dependencies"]:
        wanted = item.get("pip") or [] if isinstance(item, dict) else [item]
        for text in wanted:
            parts = _REQUIREMENT.match(str(text).rpartition("::")[2])
            if parts is not None and not _NOT_COMPARED.fullmatch(parts[1]):
                name = re.sub(r"[-_.]+", "-", parts[1].lower())
                # conda writes one "=" where pip writes two, and a wildcard for what follows.
                found[name] = re.sub(r"^=+", "", re.sub(r"\s+", "", parts[3])).removesuffix(".*")
    return found


def is_of_automl(environment: Environment) -> bool:
    """Whether AutoMLConfig of SDK v1 has written its packages into it: it does so with the run configuration that it is
    given (azureml-train-automl-client), which other steps may use as well."""
    conda = environment.conda
    listed = conda.get("dependencies") if isinstance(conda, dict) else None
    wanted = [text for item in listed or () for text in (item.get("pip") or [] if isinstance(item, dict) else [item])]
    return any(_AUTOML.match(str(text)) for text in wanted)


def is_default_python(package: str, version: str) -> bool:
    """Whether a client has chosen this Python by itself: nobody has asked for it."""
    return package == "python" and f"=={version}.*" in SDK_PYTHONS

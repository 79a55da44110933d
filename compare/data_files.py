"""The files that an input is made of: those behind the address, and behind an MLTable those that it names."""

from __future__ import annotations

from pathlib import Path

from amlbridge.compare.place import Place
from amlbridge.engine.errors import EngineError
from amlbridge.engine.plan import DataReference

_MLTABLE = "MLTable"
_PATHS = ("file", "folder", "pattern")


def of(place: Place, reference: DataReference) -> dict[str, Path]:
    """Name -> file. Raises :class:`~amlbridge.engine.errors.EngineError` when they cannot be known."""
    found = dict(place.input_files(reference))
    if _MLTABLE not in found:
        return found
    named: dict[str, Path] = {}
    for address in _addresses(found[_MLTABLE]):
        if "://" in address:
            named.update(place.input_files(DataReference(_short(address))))
            continue
        below = {name: path for name, path in found.items() if Path(name).match(address) or _is_below(name, address)}
        if not below:
            raise EngineError(f"the MLTable file names {address}, which is not beside it")
        named.update(below)
    return named or found


def _addresses(mltable: Path) -> list[str]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        content = YAML(typ="safe").load(mltable.read_text(encoding="utf-8"))
        return [str(item[kind]).removeprefix("./") for item in content["paths"] for kind in _PATHS if kind in item]
    except (YAMLError, OSError, UnicodeDecodeError, TypeError, KeyError) as error:
        raise EngineError(f"an MLTable file cannot be read: {type(error).__name__}: {error}") from error


def _is_below(name: str, folder: str) -> bool:
    return name.startswith(f"{folder.rstrip('/')}/")


def _short(address: str) -> str:
    """azureml://subscriptions/S/resourcegroups/G/workspaces/W/datastores/… as azureml://datastores/…"""
    _, middle, rest = address.partition("/datastores/")
    return f"azureml://datastores/{rest}" if middle else address

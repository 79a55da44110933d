"""What the datasets are that modules register: other modules look them up by their names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from amlbridge.migrate.analysis.surroundings import Surroundings
from amlbridge.migrate.models.datasets.data import FRAME, follow, kind_of, lists_files
from amlbridge.migrate.module import ModuleText, Registered, Registrations
from amlbridge.migrate.project.submissions import reader
from amlbridge.migrate.rewriter import CannotWriteError

#: A lookup whose name is no literal: (the name, or its start).
_ANY_NAME = re.compile(
    r"(?:\bget_by_name\(\s*(?:(?:workspace\s*=\s*)?[\w.]+(?:\([^()]*\))?\s*,\s*(?:name\s*=\s*)?|name\s*=\s*)"
    r"|\.datasets(?:\[|\.get\()\s*)(?!(?:name|version)\s*=)([A-Za-z_][\w.]*)"
)
_REGISTERS = re.compile(r"\.register(_pandas_dataframe)?\(")
#: What a registration says, up to its end if it has one on the way.
_CALL = re.compile(r"\.register(?:_pandas_dataframe)?\(((?:[^()]|\([^()]{0,200}\)){0,400})")
_LOOKS_UP = re.compile(r"\bget_by_name\(|\.datasets\b|\bDataset\.get\(")
_TEXT = re.compile(r"""["']([^"'\n]{0,255})["']""")


def registered_datasets(modules: Sequence[ModuleText], around: Callable[[ModuleText], Surroundings]) -> Registrations:
    """The datasets that modules register and others look up, or register as well."""
    found: dict[str, dict[Registered, str]] = {}
    for module in _asked(modules):
        for name, given in _of_module(module, around(module)):
            found.setdefault(name, {}).setdefault(given, module.path.name)
    return Registrations(
        {name: next(iter(kinds)) for name, kinds in found.items() if len(kinds) == 1},
        {
            name: " and ".join(f"{given.type} in {file}" for given, file in sorted(kinds.items(), key=str))
            for name, kinds in found.items()
            if len({given.type for given in kinds}) > 1
        },
    )


def _asked(modules: Sequence[ModuleText]) -> Iterator[ModuleText]:
    """The modules that register what another one looks up, or registers as well, as far as their words tell."""
    readers = {module.path: set(_TEXT.findall(module.text)) for module in modules if _LOOKS_UP.search(module.text)}
    registering = [module for module in modules if _REGISTERS.search(module.text) and "Dataset" in module.text]
    named = {
        module.path: {text for call in _CALL.findall(module.text) for text in _TEXT.findall(call)}
        for module in registering
    }
    counts = Counter(text for texts in named.values() for text in texts)
    for module in registering:
        texts = set(_TEXT.findall(module.text))
        read = any(not texts.isdisjoint(other) for path, other in readers.items() if path != module.path)
        if read or any(counts[text] > 1 for text in named[module.path]):
            yield module


def _of_module(module: ModuleText, around: Surroundings) -> Iterator[tuple[str, Registered]]:
    """The names of the datasets that a module registers, and what they are."""
    to = reader(module, around)
    for use in to.uses if to is not None else ():
        of_frame = use.symbol == FRAME and use.call is not None
        if to is None or not (of_frame or (use.symbols[-1] == "Dataset.register" and use.receiver is not None)):
            continue
        name = use.argument("name", position=2 if of_frame else 1)
        text = to.evaluator.text(name) if name is not None else None
        try:
            data = follow(use.node if of_frame or use.receiver is None else use.receiver, to)
            if text is not None and data is not None:
                yield text, Registered(kind_of(data, to), lists_files(data, to))
        except (ValueError, CannotWriteError):
            continue  # the conversion of that module reports it


def reads_any_table(text: str) -> bool:
    """Whether a module reads the rows of a dataset whose name only the running code knows: any that is registered may
    be the one."""
    if "to_pandas_dataframe" not in text:
        return False
    names = _ANY_NAME.findall(text)
    return any("." in name or not re.search(rf"^\s*{name}\s*=\s*[\"']", text, re.MULTILINE) for name in names)

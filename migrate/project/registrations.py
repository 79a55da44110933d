"""What the datasets are that modules register: other modules look them up by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from amlbridge.migrate.analysis.surroundings import Surroundings
from amlbridge.migrate.models.data import FRAME, follow, kind_of, lists_files
from amlbridge.migrate.module import ModuleText, Registered
from amlbridge.migrate.project.submissions import reader
from amlbridge.migrate.rewriter import CannotWriteError

#: A lookup whose name is no literal: (the name).
_ANY_NAME = re.compile(r"\bget_by_name\(\s*[\w.]+\s*,\s*(?:name\s*=\s*)?([A-Za-z_][\w.]*)\s*[,)]")
_REGISTERS = re.compile(r"\.register(_pandas_dataframe)?\(")
_LOOKS_UP = re.compile(r"\bget_by_name\(|\.datasets\b|\bDataset\.get\(")
_TEXT = re.compile(r"""["']([^"'\n]{0,255})["']""")


def registered_datasets(
    modules: Sequence[ModuleText], around: Callable[[ModuleText], Surroundings]
) -> dict[str, Registered]:
    """The datasets that modules register and others look up, by name. A name that stands for two kinds is left out."""
    readers = [module for module in modules if _LOOKS_UP.search(module.text)]
    found: dict[str, set[Registered]] = {}
    for module in modules:
        if not _REGISTERS.search(module.text) or "Dataset" not in module.text:
            continue
        names = set(_TEXT.findall(module.text))
        if not any(not names.isdisjoint(_TEXT.findall(other.text)) for other in readers if other is not module):
            continue
        to = reader(module, around(module))
        for use in to.uses if to is not None else ():
            of_frame = use.symbol == FRAME and use.call is not None
            if to is None or not (of_frame or (use.symbols[-1] == "Dataset.register" and use.receiver is not None)):
                continue
            name = use.argument("name", position=2 if of_frame else 1)
            text = to.evaluator.text(name) if name is not None else None
            try:
                data = follow(use.node if of_frame or use.receiver is None else use.receiver, to)
                if text is not None and data is not None:
                    found.setdefault(text, set()).add(Registered(kind_of(data, to), lists_files(data, to)))
            except (ValueError, CannotWriteError):
                continue  # the conversion of that module reports it
    return {name: kinds.pop() for name, kinds in found.items() if len(kinds) == 1}


def reads_any_table(text: str) -> bool:
    """Whether a module reads the rows of a dataset whose name only the running code knows: any that is registered may
    be the one."""
    if "to_pandas_dataframe" not in text:
        return False
    names = _ANY_NAME.findall(text)
    return any("." in name or not re.search(rf"^\s*{name}\s*=\s*[\"']", text, re.MULTILINE) for name in names)

"""Data that both sides name in two ways, as a dataset and as a data asset: they are the same when their files are."""

from __future__ import annotations

from collections.abc import Iterator

from amlbridge.compare import data_files
from amlbridge.compare.files.compare import compare_files
from amlbridge.compare.place import Place
from amlbridge.compare.references import References
from amlbridge.compare.result import Check, different, not_compared
from amlbridge.compare.rules import Rules
from amlbridge.engine.errors import EngineError
from amlbridge.engine.plan import DataReference


def compare(
    check: Check,
    left: tuple[Place, DataReference],
    right: tuple[Place, DataReference],
    rules: Rules,
    references: References,
) -> Iterator[Check]:
    """File by file. ``check``: what the graph says of the input."""
    try:
        files = [data_files.of(*left), data_files.of(*right)]
    except (EngineError, OSError) as error:
        yield not_compared("inputs", check.subject, str(error))
        return
    if len(files[0]) == len(files[1]) == 1:
        files = [{"its file": next(iter(side.values()))} for side in files]
    for name in sorted({*files[0], *files[1]}):
        label = f"{check.subject}: {name}"
        if name in files[0] and name in files[1]:
            yield compare_files(files[0][name], files[1][name], label, rules, references, "inputs")
        else:
            yield different("inputs", label, f"missing on the {'left' if name in files[1] else 'right'}", name)

"""Plans as they are meant: what `amlbridge migrate` writes because SDK v2 has no other word for it is undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from amlbridge.compare import automl_outputs, copied_files, order_tokens, shell_lines, transfers, written_tables
from amlbridge.engine.plan import NodePort, Plan


@dataclass(frozen=True)
class Plain:
    """``tables``: outputs that their step describes in a file MLTable -> its text. ``moved``: output -> the output of
    the step that really writes it, which is no step of ``plan``."""

    plan: Plan
    tables: Mapping[NodePort, str] = field(default_factory=dict)
    moved: Mapping[NodePort, NodePort] = field(default_factory=dict)


def plain(plan: Plan) -> Plain:
    """A Plan without tokens for order, tables and copies at the end of commands, commands that only copy, and steps
    that write outputs of AutoML."""
    without, tables = written_tables.plain(transfers.plain(order_tokens.plain(plan)))
    joined, moved = automl_outputs.plain(copied_files.plain(without))
    nodes = tuple(replace(node, command=shell_lines.plain(node.command)) for node in joined.nodes)
    return Plain(replace(joined, nodes=nodes), tables, moved)


def received(argv: Sequence[object]) -> list[str]:
    """The words that a script was given, also where the line of a shell did more after it."""
    words = [str(word) for word in argv]
    if not words:
        return words
    # The line alone, or `bash -c LINE`.
    line = written_tables.received(order_tokens.received(words[-1]))
    is_line = line != words[-1] or words[-2:-1] == ["-c"]
    return (shell_lines.words(line) or [*words[:-1], line]) if is_line else words

"""Data of a run configuration: ``run_config.data = {"name": Data(...)}``, which arguments name
``DatasetConsumptionConfig:name``. They are inputs of the command in SDK v2.
"""

from __future__ import annotations

import ast
import re

from amlbridge.migrate.analysis.dicts import items_of
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.names import identifier
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.environments.environment import Parts
from amlbridge.migrate.models.jobs.arguments import Arguments, Port
from amlbridge.migrate.rewriter import Rewriter

#: How SDK v1 gets data to a run -> the mode of an input.
MODES = {"mount": "ro_mount", "download": "download", "direct": "direct"}
#: How SDK v1 says in the arguments of a script that the path of some data stands there.
_SAID = re.compile(r"DatasetConsumptionConfig:(.+)")
_UNKNOWN = "the data of the run configuration cannot be told: give command(...) inputs of azure.ai.ml.Input"


def inputs_of(use: Use, known: list[tuple[str, str]], to: Rewriter) -> list[tuple[str, str]]:
    """The names and the code of the data that the run configuration of a ScriptRunConfig has. ``known``: those of the
    run configuration that it is given. Raises ValueError for data that are put together when the code runs."""
    parts = Parts()
    for change in Objects.of(to).members(use.node):
        if change.symbol in ("RunConfiguration.data=", "RunConfiguration.data"):
            parts.apply(change, to)
    return [*known, *parts.data]


def items_in(node: ast.expr, to: Rewriter) -> list[tuple[str, str]]:
    """The names and the code of the data in a dict. Raises ValueError where it is put together when the code runs."""
    items = items_of(node, to.evaluator)
    if items is None:
        raise ValueError(_UNKNOWN)
    return [(name_of(key, to), to.source(item)) for key, item in items if key is not None]


def item_in(use: Use, to: Rewriter) -> tuple[str, str]:
    """Name and code of ``run_config.data["name"] = ...``. Raises ValueError for another statement."""
    statement = use.statement
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not isinstance(target, ast.Subscript) or target.value is not use.node or not isinstance(statement, ast.Assign):
        raise ValueError(_UNKNOWN)
    return name_of(target.slice, to), to.source(statement.value)


def name_of(key: ast.expr, to: Rewriter) -> str:
    """The name of an input. Raises ValueError for one that only the running code knows."""
    text = to.evaluator.text(key)
    if text is None:
        raise ValueError(_UNKNOWN)
    return text


def declare(items: list[tuple[str, str]], found: Arguments) -> None:
    """Adds the data to the inputs of a command."""
    for name, code in items:
        port = Port(identifier(name, "data"), code, code, given=name)
        found.taken.add(port.name)
        found.inputs.append(port)


def named(words: list[ast.expr], items: list[tuple[str, str]], to: Rewriter) -> list[ast.expr]:
    """The words, with the placeholders of inputs in place of those that name data."""
    return [
        ast.Constant(f"${{{{inputs.{identifier(name, 'data')}}}}}") if (name := _spoken(word, items, to)) else word
        for word in words
    ]


def _spoken(word: ast.expr, items: list[tuple[str, str]], to: Rewriter) -> str:
    """The name of the data whose path a word of the arguments means; "" where it means none. Raises ValueError where it
    means data that the configuration does not have."""
    if "DatasetConsumptionConfig:" not in ast.unparse(word):
        return ""
    said = _SAID.fullmatch(_text(word, to) or "")
    if said is None or said[1] not in [name for name, _code in items]:
        raise ValueError("the arguments name data of the run configuration: give command(...) inputs of it")
    return said[1]


def _text(word: ast.expr, to: Rewriter) -> str | None:
    """The text of a word: a literal, ``"...{}".format(name)``, or an f-string of names that are known."""
    if isinstance(word, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in word.values]
        texts = [to.evaluator.text(part) for part in parts]
        return "".join(text for text in texts if text is not None) if None not in texts else None
    call = word.func if isinstance(word, ast.Call) else None
    if isinstance(word, ast.Call) and isinstance(call, ast.Attribute) and call.attr == "format":
        start, given = to.evaluator.text(call.value), [to.evaluator.text(argument) for argument in word.args]
        plain = start is not None and start.count("{}") == len(given) and not word.keywords and None not in given
        return start.format(*given) if plain and start is not None else None
    return to.evaluator.text(word)

"""What a step's result follows from, and the key that is equal when all of that is equal.

The ingredients are named, so that a difference can be told to people: the code, each argument with its parameters
filled in, each input with its content, outputs, environment, variables. What only says where and how long a step runs
(compute, timeout, retries, its name) is not among them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from amlbridge.engine import command_line
from amlbridge.engine.content_digest import changed_names
from amlbridge.engine.plan import (
    Argument,
    Environment,
    Input,
    InputRef,
    Node,
    OptionalGroup,
    ParameterRef,
    Piece,
    Scalar,
    Value,
)

#: Label -> value; JSON.
Ingredients = dict[str, Any]

#: Longer values are kept by their beginning and a digest.
_LONGEST = 300
_ELSEWHERE = ("force",)
#: An input or output in a template. No argument can hold a NUL.
_REFERENCE = re.compile("\0(input|output) (.*?)\0")
_CODE = "the code"


def ingredients(
    node: Node, parameters: Mapping[str, Scalar], inputs: Mapping[str, Any], interpreter: str
) -> Ingredients:
    """The ingredients of a node.

    ``inputs`` says for each input that is no literal what it holds; ``interpreter`` identifies what runs the code.
    """
    found: Ingredients = {_CODE: node.code, "the interpreter": interpreter}
    if node.kind != "command":
        found["kind"] = node.kind
    if node.command.script is not None:
        found["the script"] = node.command.script
    if node.command.shell:
        found["the command's shell"] = True
    fill = _Filler(parameters)
    for index, item in enumerate(node.command.arguments, 1):
        found[f"argument {index}"] = _short(_argument(item, fill))
    for name, source in node.inputs.items():
        found[f"input {name}"] = _input(name, source, parameters, inputs)
    for name, output in node.outputs.items():
        found[f"output {name}"] = _plain(output)
    found |= _environment(node.environment)
    found |= {f"variable {name}": _short(value) for name, value in node.variables.items()}
    found |= {f"variable {name}": _short(fill((piece,))) for name, piece in node.parameter_variables.items()}
    if node.resources.nodes != 1:
        found["nodes"] = node.resources.nodes
    if node.distribution is not None:
        found["distribution"] = _plain(node.distribution)
    found |= {f"setting {name}": value for name, value in node.options.items() if name not in _ELSEWHERE}
    return found


def key(found: Ingredients) -> str:
    """SHA-256 (hex) of the ingredients: equal for equal ones, whatever their order."""
    shown = {label: _bare(value) for label, value in found.items()}
    return hashlib.sha256(json.dumps(shown, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def differences(
    now: Ingredients, then: Ingredients, code_files: Callable[[str], Mapping[str, str]] | None = None
) -> list[str]:
    """What became different, a line for each. ``code_files`` tells the files of a code snapshot by name."""
    found: list[str] = []
    for label in [*now, *(label for label in then if label not in now)]:
        new, old = now.get(label), then.get(label)
        if (label in now) == (label in then) and _bare(new) == _bare(old):
            continue
        if label.startswith("the step before, ") and label in now and label in then:
            found.append(f"{label}, ran anew")
        elif label == _CODE and code_files is not None and isinstance(new, str) and isinstance(old, str):
            # Executable bits count as well.
            changes = changed_names(code_files(new), code_files(old)) or ["permissions changed"]
            found += [f"{_CODE}: {change}" for change in changes]
        elif label not in then:
            found.append(f"{label} is new")
        elif label not in now:
            found.append(f"{label} is gone")
        else:
            found += _change(label, new, old)
    return found


def _at(values: Mapping[str, Any], name: str) -> tuple[bool, Any]:
    """A value, and whether there is one: a setting that is None is not one that is not made."""
    return name in values, values.get(name)


def _change(label: str, new: Any, old: Any) -> list[str]:
    if isinstance(new, dict) and isinstance(old, dict):
        if label == "environment":
            return _specification(new, old)
        if new.get("files") is not None and old.get("files") is not None and new["files"] != old["files"]:
            return [f"{label}: {change}" for change in changed_names(new["files"], old["files"])]
        fields = [name for name in sorted(new.keys() | old.keys()) if _at(new, name) != _at(old, name)]
        return [_became(f"{label}, {name}", new.get(name), old.get(name)) for name in fields if name != "files"]
    return [_became(label, new, old)]


def _became(label: str, new: Any, old: Any) -> str:
    if label.endswith((", content", "the interpreter")):
        return f"{label} changed"
    return f"{label}: {_shown(old)} became {_shown(new)}"


def _shown(value: Any) -> str:
    text = repr(_REFERENCE.sub(r"<\1 \2>", value)) if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= 80 else text[:79] + "…"


def _specification(new: Mapping[str, Any], old: Mapping[str, Any]) -> list[str]:
    """The packages that differ between two conda specifications, or the sections that do."""
    now, then = _packages(new.get("conda")), _packages(old.get("conda"))
    found = []
    for name in sorted(now.keys() | then.keys()):
        if now.get(name) == then.get(name):
            continue
        if name not in now:
            found.append(f"environment: {then[name]} is gone")
        elif name not in then:
            found.append(f"environment: {now[name]} is new")
        else:
            found.append(f"environment: {then[name]} became {now[name]}")
    if new.get("conda") != old.get("conda") and not found:
        found.append("environment: the conda specification changed")
    fields = [name for name in sorted(new.keys() | old.keys()) if name != "conda" and new.get(name) != old.get(name)]
    return found + [_became(f"environment, {name}", new.get(name), old.get(name)) for name in fields]


def _packages(conda: Any) -> dict[str, str]:
    """Package name -> requirement, conda's and pip's."""
    found: dict[str, str] = {}
    entries = conda.get("dependencies") if isinstance(conda, Mapping) else None
    for entry in entries if isinstance(entries, list) else []:
        nested = entry.get("pip") if isinstance(entry, Mapping) else [entry]
        for requirement in nested if isinstance(nested, list) else []:
            text = str(requirement)
            bare = text
            for mark in "=<>!~[; ":
                bare = bare.partition(mark)[0]
            found[bare.lower()] = text
    return found


class _Filler:
    """Fills templates with the values of parameters; inputs and outputs stay names: their paths say nothing."""

    def __init__(self, parameters: Mapping[str, Scalar]) -> None:
        self._parameters = parameters

    def __call__(self, pieces: tuple[Piece, ...]) -> str:
        return "".join(self._piece(piece) for piece in pieces)

    def _piece(self, piece: Piece) -> str:
        if isinstance(piece, Value):
            return command_line.text(piece.value)
        if isinstance(piece, ParameterRef):
            return command_line.text(self._parameters.get(piece.name))
        kind = "input" if isinstance(piece, InputRef) else "output"
        return f"\0{kind} {piece.name}\0"


def _argument(item: Argument | OptionalGroup, fill: _Filler) -> str:
    if isinstance(item, Argument):
        return fill(item.pieces)
    return f"\0when {item.when}\0" + "\0\0".join(fill(argument.pieces) for argument in item.arguments)


def _input(name: str, item: Input, parameters: Mapping[str, Scalar], inputs: Mapping[str, Any]) -> Any:
    if isinstance(item.source, Value):
        return {"value": item.source.value}
    if isinstance(item.source, ParameterRef):
        return {"value": parameters.get(item.source.name)}
    settings = {
        field.name: getattr(item, field.name)
        for field in dataclasses.fields(item)
        if field.name != "source" and getattr(item, field.name) != field.default
    }
    return {**settings, **inputs[name]}


def _environment(environment: Environment) -> Ingredients:
    """By its content; its name and version count only when they are all that is known of it."""
    found = {name: getattr(environment, name) for name in ("conda", "image", "interpreter")}
    found = {name: value for name, value in found.items() if value is not None}
    if not found and not environment.user_managed:
        found = {"name": environment.name, "version": environment.version} if environment.name else {}
    if environment.user_managed:
        found["user_managed"] = True
    return {"environment": found} if found else {}


def _plain(value: Any) -> Any:
    """A dataclass of the Plan as JSON, without what is at its default."""
    found = {}
    for item in dataclasses.fields(value):
        content = getattr(value, item.name)
        default = item.default_factory() if item.default_factory is not dataclasses.MISSING else item.default
        if content != default:
            found[item.name] = _plain(content) if dataclasses.is_dataclass(content) else content
    return found


def _bare(value: Any) -> Any:
    """Without what is kept only to tell a difference."""
    if isinstance(value, dict) and "files" in value:
        return {name: item for name, item in value.items() if name != "files"}
    return value


def _short(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… ({hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()})"

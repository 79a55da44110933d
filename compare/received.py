"""The command and the variables that a step was really given, with all values filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from amlbridge.compare import plain
from amlbridge.compare.ports import Ports
from amlbridge.compare.references import References
from amlbridge.compare.result import Check, different, not_compared
from amlbridge.compare.rules import Rules
from amlbridge.engine.records.runs import Run


def compare(left: Run, right: Run, ports: Ports, references: References, rules: Rules) -> Iterator[Check]:
    """One check for the command, one for each variable. Paths of inputs and outputs stand for what lies there."""
    ours, theirs = left.execution.get("argv"), right.execution.get("argv")
    if ours is None or theirs is None:
        side = "left" if ours is None else "right"
        yield not_compared("arguments", "command", f"what the step on the {side} was started with is not recorded")
        return
    one, other = _options(_words(left, ports, 0)), _options(_words(right, ports, 1))
    for option in {**one, **other}:
        subject = f"{'option' if option.startswith('-') else 'word'} {option}"
        values = one.get(option), other.get(option)
        if values[0] is None or values[1] is None:
            side = "left" if values[0] is None else "right"
            shown = ["(missing)" if value is None else " ".join((option, *value)) for value in values]
            yield different("arguments", subject, f"not received on the {side}", *shown)
        else:
            yield _texts("arguments", subject, " ".join(values[0]), " ".join(values[1]), references, rules)
    yield from _variables(left, right, ports, references, rules)


def _variables(left: Run, right: Run, ports: Ports, references: References, rules: Rules) -> Iterator[Check]:
    ours, theirs = (run.execution.get("variables") or {} for run in (left, right))
    for name in sorted({*ours, *theirs}):
        if name.startswith("AML_PARAMETER_"):
            continue  # SDK v1 repeats the arguments so; SDK v2 has no such thing
        one, other = ours.get(name), theirs.get(name)
        subject = f"variable {name}"
        if one is None or other is None:
            side = "left" if one is None else "right"
            yield different("arguments", subject, f"not set on the {side}", one or "", other or "")
        else:
            texts = (_named(one, left, ports, 0), _named(other, right, ports, 1))
            yield _texts("arguments", subject, *texts, references, rules)


def _texts(layer: str, subject: str, one: str, other: str, references: References, rules: Rules) -> Check:
    if references.same(one, other) or _same_number(one, other, subject, rules):
        return Check("arguments", subject)
    return different("arguments", subject, "not the same", one, other)


def _same_number(one: str, other: str, subject: str, rules: Rules) -> bool:
    """SDK v1 writes 1.0 where SDK v2 writes 1."""
    try:
        return rules.tolerances.of(subject).close(float(one), float(other))
    except ValueError:
        return False


def _words(run: Run, ports: Ports, side: int) -> list[str]:
    return [_named(word, run, ports, side) for word in plain.received(run.execution["argv"])]


def _named(text: str, run: Run, ports: Ports, side: int) -> str:
    """The text with the paths of inputs and outputs replaced by what the left calls them."""
    execution = run.execution
    paths: dict[str, str] = {}
    values: Mapping[str, str] = execution.get("values", {})
    for name in execution.get("inputs", {}):
        if values.get(name):
            paths[values[name]] = f"<input {_left(name, ports.inputs, side)}>"
    for name, path in (execution.get("written") or {}).items():
        paths[path] = f"<output {_left(name, ports.outputs, side)}>"
    for path in sorted(paths, key=len, reverse=True):
        text = text.replace(path, paths[path])
    return text


def _left(name: str, pairs: Mapping[str, str], side: int) -> str:
    if side == 0:
        return name
    return next((one for one, other in pairs.items() if other == name), f"{name} of the right")


def _options(words: list[str]) -> dict[str, tuple[str, ...]]:
    """Words by the option that they stand behind; those before any option by their number."""
    found: dict[str, tuple[str, ...]] = {}
    option = ""
    for index, word in enumerate(words):
        if word.startswith("-") and not _is_number(word):
            option, separator, value = word.partition("=")
            while option in found:
                option += " (again)"
            found[option] = (value,) if separator else ()
        elif option:
            found[option] = (*found[option], word)
        else:
            found[f"number {index + 1}"] = (word,)
    return found


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True

"""Which step of one Plan is which of the other: by names, code, command and place in the graph."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from amlbridge.engine.plan import InputRef, Node, NodePort, OptionalGroup, OutputRef, Plan, Value

#: Below this two steps have nothing in common.
_LEAST = 0.3
_ROUNDS = 3
_OWN = (
    *("command", "environment", "variables", "parameter_variables", "resources", "distribution"),
    *("outputs", "options", "timeout"),
)
#: What agreeing with the pairs found so far is worth: it decides between twins.
_PLACE = 0.4


@dataclass(frozen=True)
class Matching:
    """``pairs``: node id of the left -> of the right. ``left`` and ``right``: the ids of those without a partner."""

    pairs: Mapping[str, str]
    left: tuple[str, ...]
    right: tuple[str, ...]


def match(left: Plan, right: Plan) -> Matching:
    """Pairs the steps of two Plans, each with at most one; the best pairs first."""
    ours, theirs = {node.id: node for node in left.nodes}, {node.id: node for node in right.nodes}
    own = {(a, b): alike(ours[a], theirs[b]) for a in ours for b in theirs}
    scores = _spread(own, _neighbours(left), _neighbours(right))
    pairs = _choose(scores, _neighbours(left), _neighbours(right))
    taken = set(pairs.values())
    return Matching(pairs, tuple(a for a in ours if a not in pairs), tuple(b for b in theirs if b not in taken))


def alike(left: Node, right: Node) -> float:
    """How alike two steps are in themselves, from 0 to 1."""
    if left.kind != right.kind:
        return 0.0
    scripts = left.command.script, right.command.script
    parts = [(3.0, name_likeness(left.name, right.name))]
    if all(scripts):
        parts.append((3.0, name_likeness(str(scripts[0]), str(scripts[1]))))
    if left.code is not None and left.code == right.code:
        parts.append((1.0, 1.0))
    parts.append((2.0, SequenceMatcher(None, _words(left), _words(right), autojunk=False).ratio()))
    parts.append((1.0, _overlap(len(left.inputs), len(right.inputs))))
    parts.append((1.0, _overlap(len(left.outputs), len(right.outputs))))
    parts.append((2.0, _equal_fields(left, right)))
    return sum(weight * value for weight, value in parts) / sum(weight for weight, _ in parts)


def _equal_fields(left: Node, right: Node) -> float:
    """How many of the fields that belong to the step alone are equal: they tell apart what is alike in all else."""
    same = [bool(getattr(left, name) == getattr(right, name)) for name in _OWN]
    same.append(_outside(left) == _outside(right))
    return sum(same) / len(same)


def _outside(node: Node) -> dict[str, object]:
    """The inputs that come from no other step."""
    return {name: item for name, item in node.inputs.items() if not isinstance(item.source, NodePort)}


def plain(name: str) -> str:
    """A name without what clients and languages write differently: case, ``_``, ``-``, spaces, a suffix."""
    return re.sub(r"[\W_]+", "", re.sub(r"\.py$", "", name).lower())


def name_likeness(left: str, right: str) -> float:
    """From 0 to 1; 1 for names that differ only in their way of writing."""
    one, other = plain(left), plain(right)
    if one == other:
        return 1.0
    return 0.9 * SequenceMatcher(None, one, other, autojunk=False).ratio()


def _words(node: Node) -> list[str]:
    """The command as words in which references have no names."""
    found = []
    for argument in node.command.arguments:
        inner = argument.arguments if isinstance(argument, OptionalGroup) else (argument,)
        for item in inner:
            found += [_word(piece, node) for piece in item.pieces]
    return found


def _word(piece: object, node: Node) -> str:
    if isinstance(piece, Value):
        return str(piece.value)
    if isinstance(piece, InputRef):
        source = node.inputs[piece.name].source if piece.name in node.inputs else None
        return str(source.value) if isinstance(source, Value) else "<input>"
    return "<output>" if isinstance(piece, OutputRef) else "<parameter>"


def _overlap(one: int, other: int) -> float:
    return 1.0 if one == other else min(one, other) / max(one, other)


#: Node id -> (whether the neighbour comes before, its id).
_Neighbours = Mapping[str, frozenset[tuple[bool, str]]]


def _neighbours(plan: Plan) -> _Neighbours:
    found: dict[str, set[tuple[bool, str]]] = {node.id: set() for node in plan.nodes}
    for node in plan.nodes:
        for other in node.dependencies():
            if other in found:
                found[node.id].add((True, other))
                found[other].add((False, node.id))
    return {key: frozenset(value) for key, value in found.items()}


def _spread(
    scores: dict[tuple[str, str], float], left: _Neighbours, right: _Neighbours
) -> dict[tuple[str, str], float]:
    """Steps whose neighbours are alike are more alike."""
    current = scores
    for _ in range(_ROUNDS):
        current = {
            (a, b): 0.7 * own + 0.3 * _around(left[a], right[b], current) if own else 0.0
            for (a, b), own in scores.items()
        }
    return current


def _around(
    ours: frozenset[tuple[bool, str]], theirs: frozenset[tuple[bool, str]], scores: Mapping[tuple[str, str], float]
) -> float:
    """How alike the best partners of the neighbours are, from 0 to 1."""
    if not ours or not theirs:
        return 1.0 if not ours and not theirs else 0.0
    best = [max((scores[a, b] for also, b in theirs if also == before), default=0.0) for before, a in ours]
    return sum(best) / max(len(ours), len(theirs))


def _choose(scores: dict[tuple[str, str], float], left: _Neighbours, right: _Neighbours) -> dict[str, str]:
    """The best pair, then the best of the rest, in which neighbours of chosen pairs are worth more."""
    remaining, pairs = dict(scores), {}
    while remaining:
        (a, b), score = max(remaining.items(), key=lambda item: (item[1], item[0]))
        if score < _LEAST:
            break
        pairs[a] = b
        remaining = {key: value for key, value in remaining.items() if key[0] != a and key[1] != b}
        for before, one in left[a]:
            for also, other in right[b]:
                if before == also and (one, other) in remaining and remaining[one, other]:
                    remaining[one, other] += _PLACE * min(1.0, score) / max(1, len(left[one]))
    return pairs

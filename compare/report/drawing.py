"""A Plan's graph as SVG: the steps in layers, each below all that it depends on."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from amlbridge.engine import plan_json
from amlbridge.engine.plan import Plan

_WIDTH, _HEIGHT, _GAP, _DOWN = 170, 34, 24, 44
_LONGEST = 22


def svg(plan: Plan, marks: Mapping[str, str]) -> str:
    """The drawing; ``marks``: the class of a step by its name. Order-only dependencies are dashed."""
    places = _places(plan)
    width = max((x for x, _ in places.values()), default=0) + _WIDTH + 2
    height = max((y for _, y in places.values()), default=0) + _HEIGHT + 2
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img">']
    for node in plan.nodes:
        for other in node.dependencies():
            parts.append(_edge(places[other], places[node.id], dashed=other in node.after))
    for node in plan.nodes:
        x, y = places[node.id]
        shown = node.name if len(node.name) <= _LONGEST else f"{node.name[: _LONGEST - 1]}…"
        parts.append(
            f'<g class="{escape(marks.get(node.name, "same"))}"><title>{escape(node.name)}</title>'
            f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
            f'<text x="{x + _WIDTH // 2}" y="{y + 22}" text-anchor="middle">{escape(shown)}</text></g>'
        )
    return "".join([*parts, "</svg>"])


def _places(plan: Plan) -> dict[str, tuple[int, int]]:
    """The upper left corner of each step."""
    depth: dict[str, int] = {}
    layers: dict[int, list[str]] = {}
    for node in plan_json.topological_order(plan):
        depth[node.id] = 1 + max((depth[other] for other in node.dependencies()), default=-1)
        layers.setdefault(depth[node.id], []).append(node.id)
    return {
        node: (1 + column * (_WIDTH + _GAP), 1 + row * (_HEIGHT + _DOWN))
        for row, members in layers.items()
        for column, node in enumerate(members)
    }


def _edge(source: tuple[int, int], target: tuple[int, int], *, dashed: bool) -> str:
    x, y = source[0] + _WIDTH // 2, source[1] + _HEIGHT
    to_x, to_y = target[0] + _WIDTH // 2, target[1]
    middle = (y + to_y) // 2
    style = ' stroke-dasharray="4 3"' if dashed else ""
    return f'<path d="M{x},{y} C{x},{middle} {to_x},{middle} {to_x},{to_y}"{style}/>'

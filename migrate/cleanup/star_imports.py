"""``import *`` of modules of the run, ``%run`` among them, below where the new code would import: what such a module
has under a name hides what SDK v2 has under it. Those names are imported below, or get another name."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Set
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.scopes import Binding, Scopes
from amlbridge.migrate.analysis.values import OwnModule
from amlbridge.migrate.module import CELL_MARK, MAGIC_MARK
from amlbridge.migrate.notebooks.run_magics import decoded
from amlbridge.migrate.text.layout import lay_out
from amlbridge.migrate.text.trees import FUNCTIONS, parse_python, tree_of, walk

if TYPE_CHECKING:
    from amlbridge.migrate.rewriter import Rewriter
    from amlbridge.migrate.text.edits import Edits

#: What a name is imported from: module and name there, which is "" for the module itself.
Source = tuple[str, str]
_OWN: Source = "", ""


def imported_below(edits: Edits, to: Rewriter, used: Set[str], at: ast.stmt | None, text: str) -> set[str]:
    """Imports what modules would hide that is imported at a statement below those that do. Returns the names, for which
    nothing is left to do there. Where ``text``, the new code, reads a name before that, the next attempt calls it
    otherwise."""
    sources = to.imports.sources(used)
    below = _hidden(sources, at, to)
    for place in sorted(set(below.values()), key=lambda node: node.lineno):
        names = {name for name, last in below.items() if last is place}
        before = _read_before(place, tree_of(text))
        to.attempt.names.update(names & before)
        modules = {sources[name][0] for name in names}  # one statement for each
        beside = {name for name, (module, _name) in sources.items() if module in modules} - before
        names |= beside - below.keys()
        below.update(dict.fromkeys(names, place))
        if lines := to.imports.lines_of(names, place):
            code = "\n".join(lay_out(line, "", to.options.line_length) for line in lines)
            end = _place_below(place, to)
            edits.replace(end, end, f"\n{code}")
    return set(below)


def _place_below(place: ast.stmt, to: Rewriter) -> int:
    """The end of the line below which imports go that have to follow a statement: the next cell of a notebook, as a
    ``%run`` may have to stand alone in its own."""
    text = to.lines.text
    end = to.lines.line_end(to.lines.span(place)[1])
    body = to.evaluator.tree.body
    following = body[body.index(place) + 1 :]
    if MAGIC_MARK not in to.lines.line(place) or not following:
        return end
    mark = text.rfind(f"\n{CELL_MARK}", end, to.lines.span(following[0])[0])
    return to.lines.line_end(mark + 1) if mark >= 0 else end


def _hidden(wanted: Mapping[str, Source], at: ast.stmt | None, to: Rewriter) -> dict[str, ast.stmt]:
    """The names among those that the new code wants that modules bring below a statement, each with the last statement
    that does."""
    found: dict[str, ast.stmt] = {}
    for place, star in _stars(to.evaluator.tree):
        if at is None or place.lineno > at.lineno:
            brought = _brought_by(star, to)
            found.update({name: place for name, source in wanted.items() if brought.get(name, source) != source})
    return found


def _read_before(place: ast.stmt, tree: ast.Module) -> set[str]:
    """The names that the new code reads until it comes to a statement of the old code with ``import *``. What is only
    in functions is read where the code names these."""
    stars = {ast.unparse(star) for _outer, star in _stars(ast.Module([place], []))}
    places = [outer for outer, star in _stars(tree) if ast.unparse(star) in stars]
    at = tree.body.index(places[0]) if places else len(tree.body)
    found: set[str] = set()
    later: dict[str, set[str]] = {}
    for statement in tree.body[:at]:
        found |= _read_at_once(statement)
        if isinstance(statement, FUNCTIONS):
            later.setdefault(statement.name, set()).update(_read(statement))
    while called := later.keys() & found:
        for name in called:
            found |= later.pop(name)
    return found


def _read(node: ast.AST) -> set[str]:
    return {inner.id for inner in walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)}


def _read_at_once(statement: ast.stmt) -> set[str]:
    if not isinstance(statement, FUNCTIONS):
        return _read(statement)
    parts = [statement.args, *statement.decorator_list, *([statement.returns] if statement.returns else [])]
    return {name for part in parts for name in _read(part)}


def _stars(tree: ast.Module) -> Iterator[tuple[ast.stmt, ast.ImportFrom]]:
    """The statements that import all of a module when the code runs, each after the one at the top level it is in."""
    for place in tree.body:
        if isinstance(place, (ast.ImportFrom, ast.Try, ast.If, ast.With)):
            for node in walk(place):
                if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                    yield place, node


def _brought_by(star: ast.ImportFrom, to: Rewriter) -> dict[str, Source]:
    own = to.evaluator.surroundings.exported(star.module or "", "", star.level)
    start = Path(own.path) if isinstance(own, OwnModule) else None
    return _brought(star, to.path.absolute().parent, to, start, 0)


def _brought(star: ast.ImportFrom, folder: Path, to: Rewriter, known: Path | None, depth: int) -> dict[str, Source]:
    """What a module of the run gives who imports all of it, by name."""
    for stem in [known] if known is not None else _stems(star, folder):
        for path in (stem.with_suffix(".py"), stem / "__init__.py", stem.with_suffix(".ipynb")):
            if (text := to.module_text(path)) is not None:
                names, stars, listed = _names_of(text)
                found: dict[str, Source] = {}
                for inner in stars if depth < _DEEPEST else ():
                    found.update(_brought(inner, path.parent, to, None, depth + 1))
                found |= names
                return {name: found.get(name, _OWN) for name in (found if listed is None else listed)}
    return {}


#: So many modules may import all of one another; those that do so in a circle end there.
_DEEPEST = 4


def _stems(star: ast.ImportFrom, folder: Path) -> list[Path]:
    parts = (star.module or "").split(".") if star.module else []
    above = [folder, *folder.parents]
    if star.level:
        return [above[min(star.level, len(above)) - 1].joinpath(*map(decoded, parts))]
    return [start.joinpath(*parts) for start in above]


@lru_cache(maxsize=64)
def _names_of(text: str) -> tuple[dict[str, Source], tuple[ast.ImportFrom, ...], frozenset[str] | None]:
    """What a module's names are imported from, what it imports all of, and the names in its ``__all__`` if it has one.
    Names with an underscore are its own."""
    tree = parse_python(text)
    if tree is None:
        return {}, (), None
    names: dict[str, Source] = {}
    bound = Scopes(tree).module.bindings
    for name, bindings in bound.items():
        if name != "*" and not name.startswith("_"):
            names[name] = _source(bindings[-1].node, bindings[-1].statement)
    return names, tuple(star for _place, star in _stars(tree)), _listed(bound.get("__all__", []))


def _listed(bindings: list[Binding]) -> frozenset[str] | None:
    if len(bindings) != 1 or not isinstance(bindings[0].value, (ast.List, ast.Tuple)):
        return None  # code that adds to it may list all
    parts = bindings[0].value.elts
    return frozenset(str(part.value) for part in parts if isinstance(part, ast.Constant))


def _source(node: ast.AST, statement: ast.stmt | None) -> Source:
    if not isinstance(node, ast.alias):
        return _OWN
    if isinstance(statement, ast.ImportFrom):
        return ("." * statement.level + (statement.module or ""), node.name)
    return (node.name, "") if node.asname else (node.name.split(".")[0], "")

"""The ``azureml://`` addresses of the paths that a dataset is made from."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.datasets.data import given_pair
from amlbridge.migrate.models.datasets.path_lists import at_run_time, elements, paths_of
from amlbridge.migrate.models.datasets.paths import datastore_path, whole_address
from amlbridge.migrate.rewriter import Rewriter

_ON_WEB = ('"http', "'http", 'f"http', "f'http")


def list_code(path: ast.expr, use: Use, to: Rewriter) -> str:
    """Code of the files of a table as mltable wants them: patterns, and addresses in the web. Raises ValueError where
    a list is put together in a way that cannot be followed."""
    text = to.evaluator.text(path) if isinstance(path, ast.Name) else None
    if text is not None and text.startswith(("http:", "https:")) and "*" not in text:
        return f'[{{"file": {to.source(path)}}}]'
    if not at_run_time(path, to):
        return f"[{', '.join(_entry(whole_address(address(one, to), use, to)) for one in paths_of(path, to))}]"
    if isinstance(path, ast.ListComp):
        code = _whole(path.elt, to)
        return f"[{_entry(code)} {' '.join(_loop(part, to) for part in path.generators)}]"
    found = list(elements(path, to))
    codes = [_whole(element, to) for element in found]
    for element, code in zip(found, codes, strict=True):
        to.rename(element, code)
    on_web = bool(codes) and all(code.startswith(_ON_WEB) for code in codes)
    name = to.fresh("file" if on_web else "pattern")
    return f'[{{"{"file" if on_web else "pattern"}": {name}}} for {name} in {to.source(path)}]'


def address(node: ast.expr, to: Rewriter) -> str:
    """Code of the address of one path. Raises ValueError for the parameter of a pipeline."""
    inner = to.evaluator.behind(node)
    if isinstance(inner, ast.Tuple) and len(inner.elts) == 2:
        if to.evaluator.type_of(inner.elts[1]) == "DataPathComputeBinding":
            raise ValueError("a dataset is made of files: the parameter of a pipeline has them in its runs only")
        return datastore_path(inner.elts[0], inner.elts[1], to)
    kind = to.evaluator.type_of(node)
    made = to.use_of(node)
    if made is not None and made.symbol == "Datastore.path" and made.receiver is not None:
        return datastore_path(made.receiver, made.argument("path", position=0), to)
    origin = to.maker(node)
    store, inside = _placed(origin) if origin is not None else (None, None)
    if origin is not None and store is not None:  # mltable wants the whole address
        to.spare.add(origin.statement)
        return datastore_path(store, inside, to)
    if kind in ("DataReference", "DataPath"):
        return f"{to.source(node)}.path"
    code = to.source(node.value if isinstance(node, ast.Starred) else node)
    return f'f"azureml://datastores/{{{code}[0].name}}/paths/{{{code}[1]}}"' if given_pair(node, to) else code


def _placed(made: Use) -> tuple[ast.expr | None, ast.expr | None]:
    """The datastore of a path that is made apart, and the path in it; None for both where it is made otherwise."""
    if made.symbol == "Datastore.path":
        return made.receiver, made.argument("path", position=0)
    position = {"DataPath": 1, "DataReference": 2}.get(made.symbol)
    if position is None or made.call is None:
        return None, None
    return made.argument("datastore", position=0), made.argument("path_on_datastore", position=position)


def _entry(code: str) -> str:
    return f'{{"{"file" if code.startswith(_ON_WEB) and "*" not in code else "pattern"}": {code}}}'


def _whole(element: ast.expr, to: Rewriter) -> str:
    statement = to.evaluator.scopes.statement_of(element)
    assert statement is not None
    return whole_address(address(element, to), Use("", element, statement, to.evaluator), to)


def _loop(part: ast.comprehension, to: Rewriter) -> str:
    conditions = "".join(f" if {to.source(condition)}" for condition in part.ifs)
    return f"for {to.source(part.target)} in {to.source(part.iter)}{conditions}"

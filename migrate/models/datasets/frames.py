"""Code between data frames and data assets: what reads a table into one, and what registers one."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.code.parameters import handed_with, parameter_of
from amlbridge.migrate.models.datasets.asset_names import asset_name
from amlbridge.migrate.models.datasets.data import Data, follow, is_unregistered, kind_of, single_file
from amlbridge.migrate.models.datasets.handed_data import may_be_unregistered
from amlbridge.migrate.models.datasets.paths import store_argument
from amlbridge.migrate.registry import Leave, Outcome, Replace
from amlbridge.migrate.rewriter import Rewriter

#: What is to be checked where pandas reads what SDK v1 read.
TYPES = (
    "columns of 0 and 1, or of Yes and No, were truth values in SDK v1, and those of dates were times: "
    "pandas gives integers and texts"
)


def path_code(node: ast.expr, to: Rewriter) -> str:
    """Code of the path of a dataset. An entity has a ``Path`` of what lies on this machine, as a table that was just
    saved does; mltable reads texts."""
    made = to.source(node)
    if (given := _path_of_entity(made)) is not None:
        return given
    path, data = f"{made}.path", follow(node, to)
    saved = data is not None and _is_on_this_machine(data, to) and kind_of(data, to) == "mltable"
    return f"str({path})" if saved else path


def _is_on_this_machine(data: Data, to: Rewriter) -> bool:
    """Whether a dataset, or one that a function is given for it, is not registered: its files are here."""
    parameter = parameter_of(data.root, to)
    if parameter is None:
        taken = isinstance(data.root, ast.Name) and data.type == "TabularDataset"  # from a list, one after the other
        return taken or is_unregistered(data, to)
    given = (follow(node, to) for node in handed_with(data.root, to) if isinstance(node, ast.Call))
    here = any(is_unregistered(one, to) for one in given if one is not None)
    return here or may_be_unregistered(parameter, to)


def _path_of_entity(code: str) -> str | None:
    """The path in ``Data(path="...", type="uri_file")``; None for other code."""
    if not code.startswith("Data(path="):
        return None
    made = ast.parse(code, mode="eval").body
    given = {keyword.arg: keyword.value for keyword in made.keywords} if isinstance(made, ast.Call) else {}
    kind = given.get("type")
    remote = given.keys() == {"path", "type"} and isinstance(kind, ast.Constant) and kind.value == "uri_file"
    return ast.get_source_segment(code, given["path"]) if remote else None


def frame_code(data: Data | None, path: str, use: Use, to: Rewriter) -> str:
    """Code that reads a table into a data frame. ``path``: code of its path."""
    kind = kind_of(data, to) if data is not None else "mltable"
    if kind == "uri_file":
        return f"{pandas_name(use, to)}.read_csv({path})"
    return f"{to.need_module('mltable')}.load({path}).to_pandas_dataframe()"


def pandas_name(use: Use, to: Rewriter) -> str:
    """What pandas is called where a use stands; it is imported if it is not there, as by a cell further below."""
    scopes = to.evaluator.scopes
    imports = [one for one in scopes.module.bindings.get("pd", []) if one.kind == "import"]
    if not imports:
        return to.need_module("pandas")
    below = scopes.of(use.node).is_module and all(one.position > scopes.place_of(use.node) for one in imports)
    return to.imports.need_as("pandas", "pd") if below else "pd"


def registered_frame(use: Use, to: Rewriter) -> Outcome:
    """What registers a data frame: it goes up as a file."""
    frame, name = use.argument("dataframe", position=0), use.argument("name", position=2)
    if frame is None or name is None:
        return Leave("a data frame and a name are needed")
    text = to.evaluator.text(name)
    if not single_file(use, to):
        return _frame_table(use, frame, name, to)
    file = f'"{text}.csv"' if text else f'f"{{{to.source(name)}}}.csv"'
    to.before(use.statement, f"{to.source(frame)}.to_csv({file}, index=False)")
    data = to.need("azure.ai.ml.entities", "Data")
    called, review = asset_name(name, to)
    where, moved = _stored(use, to)
    code = f'{data}(name={called}, path={file}, type="uri_file"{where}{_described(use, to)})'
    review = together(["the table is a CSV file, not Parquet", moved, review])
    return Replace(f"{to.client(use.node)}.data.create_or_update({code})", review)


def _stored(use: Use, to: Rewriter) -> tuple[str, str]:
    """The argument that names the datastore which a table goes to, "" for the default one; and what is to be checked
    where it went to a path of it."""
    store, path = use.argument("target", position=1), None
    pair = to.evaluator.behind(store) if store is not None else None
    made = to.maker(store)
    if isinstance(pair, ast.Tuple) and len(pair.elts) == 2:
        store, path = pair.elts
        made = to.use_of(store)
    if made is not None and made.symbol == "DataPath":
        store, path = made.argument("datastore", position=0), made.argument("path_on_datastore", position=1)
    moved = "" if path is None or is_none(path) else f"{_MOVED}, not to {ast.unparse(path)}"
    return store_argument(store, to), moved


#: Where SDK v2 puts the files of a data asset.
_MOVED = "SDK v2 uploads it to a folder of its own below LocalUpload/ of the datastore"


def _described(use: Use, to: Rewriter) -> str:
    """The arguments that describe a table which is made of a data frame."""
    given = {key: use.argument(key, position=at) for key, at in (("description", 3), ("tags", 4))}
    return "".join(f", {key}={to.source(node)}" for key, node in given.items() if node is not None)


def _frame_table(use: Use, frame: ast.expr, name: ast.expr, to: Rewriter) -> Outcome:
    """A data frame that is read by rows: a folder with its file and an MLTable."""
    text, os, mltable = to.evaluator.text(name), to.need_module("os"), to.need_module("mltable")
    folder = f'"{text}"' if text else to.source(name)
    file = f'"{text}/table.csv"' if text else f'{os}.path.join({folder}, "table.csv")'
    to.before(use.statement, f"{os}.makedirs({folder}, exist_ok=True)")
    to.before(use.statement, f"{to.source(frame)}.to_csv({file}, index=False)")
    to.before(use.statement, f'{mltable}.from_delimited_files([{{"file": {file}}}]).save({folder})')
    data = to.need("azure.ai.ml.entities", "Data")
    called, named = asset_name(name, to)
    where, moved = _stored(use, to)
    code = f'{data}(name={called}, path={folder}, type="mltable"{where}{_described(use, to)})'
    review = "the table is a CSV file with an MLTable file beside it, in a folder of this machine that is uploaded"
    review = together([review, moved, named])
    return Replace(f"{to.client(use.node)}.data.create_or_update({code})", review)

"""Files at addresses of the web that a FileDataset names: Python downloads them itself, to the places where SDK v1 put
them.

One file goes into the folder itself, each of several into folders that are named after its address, with what no path
may have quoted: ``https%3A/%2Fexample.org/images/a.gz`` (azureml-dataprep-rslex).
"""

from __future__ import annotations

import ast
import json
import posixpath
import re

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.datasets.data import follow
from amlbridge.migrate.models.datasets.only_read import is_only_read
from amlbridge.migrate.models.datasets.path_lists import is_listed_elsewhere, paths_of
from amlbridge.migrate.rewriter import Rewriter

#: Addresses whose place is known for sure.
_PLAIN = re.compile(r"https?://[\w.-]+(/[\w.~-]+)+")
_PLACE = '{url}.replace("://", "%3A/%2F")'
#: What happens to files that are only fetched.
_FETCHING = frozenset({"Dataset.download", "Dataset.to_path"})


def web_files(node: ast.expr, to: Rewriter) -> Use | None:
    """The call that makes a FileDataset of addresses of the web which all are known; None for another dataset."""
    data = follow(node, to)
    made = to.use_of(data.root) if data is not None and not data.methods else None
    return made if made is not None and addresses(made, to) else None


def is_only_fetched(made: Use, to: Rewriter) -> bool:
    """Whether the code only downloads or lists the files of a dataset of the web, which it has in a variable: nothing
    needs the dataset itself then."""
    variable = Objects.of(to).variable(made.node)
    read = variable is not None and bool(Objects.of(to).names(made.node))
    return read and bool(addresses(made, to)) and is_only_read(made, to, reading=_FETCHING)


def addresses(made: Use, to: Rewriter) -> list[str]:
    """The addresses of a FileDataset, none where one is unknown, or is no plain address of the web."""
    path = made.argument("path", position=0) if made.symbol == "Dataset.File.from_files" else None
    if path is None or is_listed_elsewhere(path, to) or made.argument("partition_format") is not None:
        return []
    texts = [to.evaluator.text(element) or "" for element in paths_of(path, to)]
    return texts if all(map(_PLAIN.fullmatch, texts)) else []


def fetch(made: Use, folder: str, files: str, to: Rewriter) -> tuple[str, str]:
    """Statements that download the files into a folder (its code), and the code of the list of their paths. ``files``:
    the variable for that list, "" where nobody wants it."""
    found, retrieve = addresses(made, to), to.need("urllib.request", "urlretrieve")
    if len(found) == 1:
        os, name = to.need_module("os"), json.dumps(posixpath.basename(found[0]))
        file = f"{os}.path.join({folder}, {name})"
        code = f"{os}.makedirs({folder}, exist_ok=True)\n{retrieve}({json.dumps(found[0])}, {file})"
        return code, f"[{os}.path.abspath({file})]"
    path, url, file = to.need("pathlib", "Path"), to.fresh("url"), to.fresh("file")
    lines = [f"{files} = []"] if files else []
    lines += [
        f"for {url} in {_listed(made, found, to)}:",
        f"    {file} = {path}({folder}, {_PLACE.format(url=url)})",
        f"    {file}.parent.mkdir(parents=True, exist_ok=True)",
        f"    {retrieve}({url}, {file})",
        *([f"    {files}.append(str({file}.absolute()))"] if files else []),
    ]
    return "\n".join(lines), files


def places(made: Use, to: Rewriter) -> str:
    """The code of the list of the paths below the folder that the files are downloaded to."""
    found = addresses(made, to)
    if len(found) == 1:
        return f"[{json.dumps('/' + posixpath.basename(found[0]))}]"
    return f'["/" + {_PLACE.format(url="url")} for url in {_listed(made, found, to)}]'


def _listed(made: Use, found: list[str], to: Rewriter) -> str:
    path = made.argument("path", position=0)
    steady = isinstance(path, ast.Name) and len(to.evaluator.scopes.lookup(path.id, path)) == 1
    is_list = steady and to.evaluator.scopes.of(path).is_module  # type: ignore[arg-type]
    return to.source(path) if is_list and path is not None else json.dumps(found)

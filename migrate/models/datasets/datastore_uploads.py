"""Files that go up to a path of a datastore: where that becomes a data asset, and where they go to the same path.

SDK v2 uploads files only with the data asset or job that names them, to a folder that it chooses. That is what the
code wants when it reads them itself, in the same function and after the upload; modules beside it find the asset by
its name. Where others may read the path they have to lie there: fsspec uploads to datastores with the package
azureml-fsspec.
"""

from __future__ import annotations

import ast
import json
import posixpath
from collections.abc import Iterator

from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.symbols import lineage
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.datasets.data import UPLOADED_BESIDE
from amlbridge.migrate.models.datasets.path_lists import paths_of
from amlbridge.migrate.models.datasets.paths import (
    UPLOADS,
    below,
    datastore_path,
    literal_start,
    only_file,
    upload_target,
)
from amlbridge.migrate.models.jobs.arguments import list_elements
from amlbridge.migrate.registry import Outcome, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.above import shared

#: What reads a path of a datastore -> the argument and its position.
_READERS = {
    "Datastore.path": ("path", 0),
    "DataReference": ("path_on_datastore", 2),
    "DataPath": ("path_on_datastore", 1),
    "DataReferenceConfiguration": ("path_on_datastore", 2),
}
#: What reads a datastore as a whole.
_WHOLE = ("Datastore.as_mount", "Datastore.as_download", "Datastore.download")
_PACKAGE = "fsspec uploads to datastores with the package azureml-fsspec, which has to be installed"
_FLAT = "each file goes right into the folder; SDK v1 kept the folders below the one that all files have in common"


def is_asset(use: Use, to: Rewriter) -> bool:
    """Whether only code after an upload, in the same function, reads what goes up, and all of it names the path."""
    target = upload_target(use, to)
    folder = (to.evaluator.text(target) or "").strip("/") if target is not None else ""
    if not folder:
        return False
    file, shared_with = only_file(use, to), _shares(folder, use, to)
    found = False
    for node, start in _read_paths(to):
        inside = below(start, folder)
        if inside is None:
            if start is None or folder.startswith(start.partition("*")[0].strip("/")):
                return False  # put together at run time, or a folder around the one of the upload
            continue
        several = not inside or "*" in inside
        if several and (shared_with or (file is not None and inside)):
            return False  # files of several uploads, or a pattern where there is one file
        if file and not several and inside != file:
            continue  # a file of another upload, or one that was there before
        if not _follows(node, use, to) or _stays(node, to):
            return False
        found = True
    return found


def _stays(node: ast.AST, to: Rewriter) -> bool:
    """Whether what reads a path stays SDK v1: it finds the files at that path only."""
    return any(around in to.attempt.reasons for around in (node, *to.evaluator.scopes.ancestors(node)))


def _shares(folder: str, use: Use, to: Rewriter) -> bool:
    """Whether the module uploads more to a folder, or around it."""
    for other in to.uses:
        if other is use or other.symbols[-1] not in UPLOADS or other.call is None:
            continue
        target = upload_target(other, to)
        text = to.evaluator.text(target) if target is not None else ""
        if text is None or below(text, folder) is not None or below(folder, text) is not None:
            return True
    return False


def _read_paths(to: Rewriter) -> Iterator[tuple[ast.AST, str | None]]:
    """Where the module reads a path of a datastore, and how the path starts; None where nobody can tell."""
    for use in to.uses:
        symbol = use.symbols[-1]
        if symbol in _WHOLE:
            yield use.node, ""
        elif use.call is not None and symbol in _READERS and not _is_target(use, to):
            name, position = _READERS[symbol]
            given = use.argument(name, position=position)
            yield use.node, literal_start(given, to) if given is not None else ""
        elif use.call is not None and ".from_" in symbol:
            for path in paths_of(use.argument("path", position=0), to):
                if isinstance(path, ast.Tuple) and len(path.elts) == 2:
                    yield path, literal_start(path.elts[1], to)


def _is_target(use: Use, to: Rewriter) -> bool:
    """Whether a path is the target of an upload."""
    parent = to.evaluator.scopes.parents.get(use.node)
    return isinstance(parent, ast.keyword) and parent.arg == "target"


def _follows(node: ast.AST, use: Use, to: Rewriter) -> bool:
    """Whether a node is reached only after an upload, in the same function."""
    scopes = to.evaluator.scopes
    block = scopes.parents[use.statement]
    while isinstance(block, ast.With):
        block = scopes.parents[block]
    if scopes.of(node) is not scopes.of(use.node) or block not in scopes.ancestors(node):
        return False
    return bool(use.node.lineno <= node.lineno)  # type: ignore[attr-defined]


def upload_to_path(use: Use, source: ast.expr, to: Rewriter) -> Outcome:
    """The upload to the same path of the datastore, in a statement of its own."""
    files = use.symbol.endswith("upload_files")
    target = _target(use, to)
    directory = use.symbols[-1] == "Dataset.File.upload_directory"
    mode = _mode(use.argument("overwrite", position=3 if files or directory else 2), to)
    upload = f"{_file_system(use, to)}.upload"
    pattern = pattern_of(use)
    if pattern is not None:
        return _matching(
            to.source(source), to.source(pattern), f"{upload}(lpath=str({{}}), rpath={target}, overwrite={mode})", to
        )
    if not files:
        code = f"{upload}(lpath={to.source(source)}, rpath={target}, recursive=True, overwrite={mode})"
        return Statements(code, _PACKAGE)
    elements = list_elements(source, to)
    if len(elements) == 1 and not isinstance(elements[0], ast.Starred) and _root(use) is None:
        return Statements(f"{upload}(lpath={to.source(elements[0])}, rpath={target}, overwrite={mode})", _PACKAGE)
    file = str(to.memory.setdefault("uploaded file", to.fresh("file")))
    inside, review = _inside(use, source, file, target, to)
    call = f"{upload}(lpath={file}, rpath={inside}, overwrite={mode})"
    return Statements(f"for {file} in {to.source(source)}:\n    {call}", together((_PACKAGE, review)))


def pattern_of(use: Use) -> ast.expr | None:
    """The pattern that the files of a folder have to match to go up."""
    return use.passed("pattern", position=2) if use.symbols[-1] == "Dataset.File.upload_directory" else None


def is_read_at_path(use: Use, to: Rewriter) -> bool:
    """Whether the module reads what an upload that gives a dataset puts up by its path on the datastore as well."""
    target, inner = upload_target(use, to), set(ast.walk(use.node))
    folder = (literal_start(target, to) or "").strip("/") if target is not None else ""
    pairs = [node.elts for node in to.evaluator.scopes.every(ast.Tuple) if node not in inner]
    starts = [
        literal_start(pair[1], to)
        for pair in pairs
        if len(pair) == 2 and "Datastore" in lineage(to.evaluator.type_of(pair[0]) or "")
    ]
    given = use.argument("target", position=1)
    own = to.use_of(given) if given is not None else None  # ``target=place``
    for other in to.uses:
        if other.call is not None and other.symbols[-1] in _READERS and other.node not in inner and other is not own:
            name, position = _READERS[other.symbols[-1]]
            path = other.argument(name, position=position)
            starts += [literal_start(path, to)] if path is not None and not _is_target(other, to) else []
    return bool(folder) and any(below(start, folder) is not None for start in starts)


def upload_beside(use: Use, source: ast.expr, name: str, to: Rewriter) -> Outcome:
    """The upload to the same path, and its dataset: data that is read at that path."""
    upload, store, target = upload_to_path(use, source, to), store_of(use, to), upload_target(use, to)
    if not isinstance(upload, Statements) or store is None:
        return upload
    data, address = to.need("azure.ai.ml.entities", "Data"), datastore_path(store, target, to, written=True)
    to.memory[UPLOADED_BESIDE, use.node] = True
    return Statements(f'{upload.text}\n{name} = {data}(path={address}, type="uri_folder")', upload.review)


def _matching(folder: str, pattern: str, call: str, to: Rewriter) -> Statements:
    """The upload of the files that match a pattern, which SDK v1 compares with the whole path."""
    file, made = str(to.memory.setdefault("uploaded file", to.fresh("file"))), to.need("pathlib", "Path")
    matches = f"{to.need_module('fnmatch')}.fnmatch({file}.absolute().as_posix(), {pattern})"
    loop = f'for {file} in {made}({folder}).rglob("*"):\n    if {file}.is_file() and {matches}:\n        '
    return Statements(loop + call.replace("str({})", f"str({file})"), f"{_PACKAGE}; {_FLAT}")


def _file_system(use: Use, to: Rewriter) -> str:
    """Code of the file system of a datastore, which a variable keeps where the datastore has one."""
    store = store_of(use, to)
    code = to.source(store) if store is not None else f"{to.client(use.node)}.datastores.get_default()"
    address = f'"azureml:/" + {code}.id' if '"' in code or "\n" in code else f'f"azureml:/{{{code}.id}}"'
    system = f'{to.need_module("fsspec")}.filesystem("azureml", uri={address})'
    bindings = to.evaluator.scopes.bindings_of(store)
    if not isinstance(store, ast.Name) or len(bindings) != 1:
        return system
    line, column = bindings[0].position  # a variable may be another datastore further down
    return shared(use.node, to, f"{store.id}_fs", lambda: system, f"{store.id} of {line}:{column}")


def store_of(use: Use, to: Rewriter) -> ast.expr | None:
    """The datastore of an upload."""
    if use.symbols[-1] != "Dataset.File.upload_directory":
        return use.receiver
    target = use.argument("target", position=1)
    if isinstance(target, ast.Tuple) and target.elts:
        return target.elts[0]
    made = to.use_of(target) if target is not None else None
    return made.argument("datastore", position=0) if made is not None and made.symbol == "DataPath" else None


def _target(use: Use, to: Rewriter) -> str:
    target = upload_target(use, to)
    if target is None or is_none(target):
        return '""'
    text = to.evaluator.text(target)
    if text is None or (isinstance(target, ast.Name) and text not in _ROOT):
        return to.source(target)
    return json.dumps("" if text in _ROOT else text.removeprefix("./").lstrip("/"))


#: How SDK v1 wrote the root of a datastore.
_ROOT = (".", "./", "/", "")


def _mode(overwrite: ast.expr | None, to: Rewriter) -> str:
    """What happens to a file that is there already: SDK v1 left it, unless it was told to overwrite."""
    if overwrite is None or isinstance(overwrite, ast.Constant):
        return '"MERGE_WITH_OVERWRITE"' if overwrite is not None and overwrite.value else '"APPEND"'
    return f'"MERGE_WITH_OVERWRITE" if {to.source(overwrite)} else "APPEND"'


def _root(use: Use) -> ast.expr | None:
    return use.passed("relative_root", position=1)


def _inside(use: Use, source: ast.expr, file: str, target: str, to: Rewriter) -> tuple[str, str]:
    """Code of the folder on the datastore that one of several files goes to, and what is assumed."""
    root = _root(use)
    texts = [to.evaluator.text(element) for element in list_elements(source, to)]
    folders = {posixpath.dirname(str(text).replace("\\", "/")) for text in texts}
    known = bool(texts) and all(texts)
    if root is None and not known:
        return target, _FLAT
    above = to.source(root) if root is not None else json.dumps(posixpath.commonpath(folders) or ".")
    if known and len(folders) == 1 and (root is None or to.evaluator.text(root) in folders):
        return target, ""
    path = f"{to.need_module('os')}.path"
    return f"{path}.join({target}, {path}.relpath({path}.dirname({file}), {above}))", ""

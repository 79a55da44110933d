"""Files on this machine: ``dataset.download``, ``dataset.mount`` and ``datastore.download`` download what is stored.

``download_artifact_from_aml_uri`` of azure.ai.ml is what Microsoft's own samples download a data asset with. SDK v2
mounts nothing outside of the inputs of a job: a mount context becomes a temporary folder that the files are downloaded
into, from ``start()`` to ``stop()``. A job that declares the asset as an input need not download it at all.
"""

from __future__ import annotations

import ast
import json
import posixpath
import re

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.mixtures.new_clients import client as client_inside
from amlbridge.migrate.mixtures.new_clients import is_run_script
from amlbridge.migrate.models.datasets import open_files
from amlbridge.migrate.models.datasets.data import follow
from amlbridge.migrate.models.datasets.listed_files import FLAT, copies
from amlbridge.migrate.models.datasets.path_lists import paths_of
from amlbridge.migrate.models.datasets.paths import datastore_path
from amlbridge.migrate.models.datasets.web_files import fetch, web_files
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.open_datasets import downloaded, open_root

_HEAD = (
    'from azureml.core import Dataset, Workspace\n\nws = Workspace.from_config()\ndata = Dataset.get_by_name(ws, "x")\n'
)
_AFTER = (
    "from azure.ai.ml import MLClient\n"
    "from azure.ai.ml._artifacts._artifact_utilities import download_artifact_from_aml_uri\n"
    "from azure.identity import DefaultAzureCredential\n\n"
    "ml_client = MLClient.from_config(credential=DefaultAzureCredential())\n"
    'data = ml_client.data.get("x", label="latest")\n'
)
_DOWNLOAD = (
    "download_artifact_from_aml_uri(\n    uri=data.path, destination={}, datastore_operation=ml_client.datastores\n)\n"
)
_STORE_HEAD = (
    'from azureml.core import Datastore, Workspace\n\nws = Workspace.from_config()\nstore = Datastore.get(ws, "raw")\n'
)
_STORE_AFTER = (
    "import os\n"
    + _AFTER.rpartition("data = ")[0]
    + "download_artifact_from_aml_uri(\n"
    + '    uri="azureml://datastores/raw/paths/2020/june",\n'
    + '    destination=os.path.join("input", "2020/june"),\n'
    + "    datastore_operation=ml_client.datastores,\n)\n"
)

rule = Rule(
    "dataset-files",
    __doc__,
    cases=[
        Case(
            _HEAD + 'data.download(target_path="input", overwrite=True)\n',
            _AFTER + _DOWNLOAD.format('"input"'),
            "A download",
        ),
        Case(
            _HEAD + "mount = data.mount()\nmount.start()\nread(mount.mount_point)\nmount.stop()\n",
            "import tempfile\n"
            + _AFTER
            + "mount = tempfile.TemporaryDirectory()\n"
            + _DOWNLOAD.format("mount.name")
            + "read(mount.name)\nmount.cleanup()\n",
            "A mount context",
        ),
        Case(
            _STORE_HEAD + 'store.download("input", prefix="2020/june", overwrite=True)\n',
            _STORE_AFTER,
            "A path of a datastore",
        ),
    ],
)

_REVIEW = "the files are downloaded with the identity that runs this; a job reads those of its inputs at their path"
_PUBLIC = "fsspec reads the public files with the package adlfs"
_MOUNTED = f"mounts are for inputs of jobs: {_REVIEW}"
_INPUT = "the job has mounted or downloaded its input: its path is what is left"


def download_code(path: str, target: str, use: Use, to: Rewriter) -> str:
    """Code that downloads what is at an ``azureml://`` path into a folder. ``path``, ``target``: code."""
    function = to.need("azure.ai.ml._artifacts._artifact_utilities", "download_artifact_from_aml_uri")
    client = client_inside(use, to) if is_run_script(to) else to.client(use.node)
    return f"{function}(uri={path}, destination={target}, datastore_operation={client}.datastores)"


def _is_on_web(node: ast.expr, to: Rewriter) -> bool:
    """Whether a dataset is made of addresses of the web."""
    data = follow(node, to)
    made = to.use_of(data.root) if data is not None else None
    if made is None or ".from_" not in made.symbol:
        return False
    texts = [to.evaluator.text(path) or "" for path in paths_of(made.argument("path", position=0), to)]
    return not texts or any(text.startswith("http") for text in texts)


@rule.converts("Dataset.download")
def download(use: Use, to: Rewriter) -> Outcome:
    """Into a folder; the list of the files where it is asked for."""
    assert use.receiver is not None
    target = use.argument("target_path", position=0)
    if (made := web_files(use.receiver, to)) is not None:
        return _from_web(made, target, use, to)
    if (found := open_files.downloaded(use, to)) is not None:
        return found
    if _is_on_web(use.receiver, to):
        return Leave("SDK v2 downloads from datastores: read addresses of the web with pandas or fsspec")
    public = open_root(use.receiver, to)
    if public is not None:
        if not use.is_statement or target is None:
            return Leave("download the files in a statement of its own, into a folder")
        return Replace(downloaded(public, to.source(target), to), _PUBLIC)
    path = f"{to.source(use.receiver)}.path"
    if use.is_statement and target is not None:
        return Statements(*_fetched(use.receiver, to.source(target), use, to))
    statement = use.statement
    if not _comes_first(use, to):
        return Leave("download the files in a statement of its own")
    is_here = target is not None and to.evaluator.text(target) in (".", "./")
    apart = target is None or is_here
    folder = to.fresh("folder") if target is None or is_here else to.source(target)
    if apart:
        to.before(statement, f"{folder} = {to.need_module('tempfile')}.mkdtemp()")
    copying = copies(use.receiver, folder, to, is_new=not apart)
    to.before(statement, copying or download_code(path, folder, use, to))
    files = f"{to.need('pathlib', 'Path')}({folder}).rglob('*')"
    review = _REVIEW if copying is None else FLAT
    if is_here:  # where other files lie as well
        to.before(statement, f'{to.need_module("shutil")}.copytree({folder}, ".", dirs_exist_ok=True)')
        return Replace(f"sorted(str(file.relative_to({folder})) for file in {files} if file.is_file())", review)
    return Replace(f"sorted(str(file) for file in {files} if file.is_file())", review)


def _from_web(made: Use, target: ast.expr | None, use: Use, to: Rewriter) -> Outcome:
    """Files of the web, into a folder; the list of the files where it is asked for."""
    if use.is_statement and target is not None:
        return Statements(fetch(made, to.source(target), "", to)[0])
    if not _comes_first(use, to):
        return Leave("download the files in a statement of its own")
    folder = to.source(target) if target is not None else f"{to.need_module('tempfile')}.mkdtemp()"
    if target is None:
        variable = to.fresh("folder")
        to.before(use.statement, f"{variable} = {folder}")
        folder = variable
    named = use.statement.targets if isinstance(use.statement, ast.Assign) and use.statement.value is use.node else []
    if len(named) == 1 and isinstance(named[0], ast.Name):
        code, files = fetch(made, folder, named[0].id, to)
        return Statements(code if files == named[0].id else f"{code}\n{named[0].id} = {files}")
    code, files = fetch(made, folder, to.fresh("files"), to)
    to.before(use.statement, code)
    return Replace(files)


def _fetched(owner: ast.expr, folder: str, use: Use, to: Rewriter, *, is_new: bool = True) -> tuple[str, str]:
    """Statements that bring the files of a dataset into a folder, and what to check of them."""
    if (public := open_root(owner, to)) is not None:
        return downloaded(public, folder, to), _PUBLIC
    if (copying := copies(owner, folder, to, is_new=is_new)) is not None:
        return copying, FLAT
    return download_code(f"{to.source(owner)}.path", folder, use, to), _REVIEW


#: Around these an expression is evaluated once in its statement.
_ONCE = (ast.Subscript, ast.Call, ast.keyword, ast.Attribute, ast.Starred, ast.List, ast.Tuple, ast.Slice)


def _comes_first(use: Use, to: Rewriter) -> bool:
    """Whether statements above that of a use may do what it does: it is evaluated once, and before all else that has an
    effect there."""
    for at in to.evaluator.scopes.ancestors(use.node):
        if isinstance(at, (ast.Assign, ast.AnnAssign, ast.Return, ast.Expr)):
            return True
        if isinstance(at, (ast.For, ast.AsyncFor)):
            return any(node is use.node for node in ast.walk(at.iter))
        children = list(ast.iter_child_nodes(at))
        calling = [node for node in children if any(isinstance(part, ast.Call) for part in ast.walk(node))]
        if not isinstance(at, _ONCE) or use.node not in ast.walk(calling[0]):
            return False
    return False


@rule.converts("Datastore.download")
def download_path(use: Use, to: Rewriter) -> Outcome:
    """A path of a datastore, into the same path below the folder."""
    target, given = use.argument("target_path", position=0), use.passed("prefix", position=1)
    if not use.is_statement or target is None or use.receiver is None:
        return Leave("download the files in a statement of its own, into a folder")
    address = datastore_path(use.receiver, given, to)
    if given is None:
        return Replace(download_code(address, to.source(target), use, to), _REVIEW)
    text = to.evaluator.text(given)
    inside, of_file = to.source(given), re.search(r"\.\w+$", _last_text(given, text))
    if of_file and text is not None:
        inside = json.dumps(posixpath.dirname(text)) if posixpath.dirname(text) else ""
    elif of_file:
        inside = f"{to.need_module('os')}.path.dirname({inside})"
    folder = f"{to.need_module('os')}.path.join({to.source(target)}, {inside})" if inside else to.source(target)
    what = f"{inside} is taken for a folder; " if text is None and not of_file else ""
    return Replace(download_code(address, folder, use, to), what + _REVIEW)


def _last_text(node: ast.expr, text: str | None) -> str:
    """The text that a path ends with, as far as it is known."""
    last = node.values[-1] if isinstance(node, ast.JoinedStr) and node.values else node
    return text if text is not None else str(last.value) if isinstance(last, ast.Constant) else ""


@rule.converts("Dataset.mount")
def mount(use: Use, to: Rewriter) -> Outcome:
    """A temporary folder, which ``start()`` fills."""
    assert use.receiver is not None
    if _is_on_web(use.receiver, to):
        return Leave("SDK v2 downloads from datastores: read addresses of the web with pandas or fsspec")
    point, parent = use.argument("mount_point", position=0), use.evaluator.scopes.parents.get(use.node)
    if point is not None:  # the variable is the path of the folder then
        if not isinstance(parent, ast.Assign):
            return Leave(
                "SDK v2 mounts nothing at a path of its own: download the files there, or make it a job's input"
            )
        return Replace(to.source(point), _MOUNTED)
    if isinstance(parent, ast.withitem) and isinstance(parent.optional_vars, ast.Name):
        around = use.evaluator.scopes.parents[parent]
        assert isinstance(around, ast.With)
        code, review = _fetched(use.receiver, parent.optional_vars.id, use, to, is_new=False)
        to.before(around.body[0], code)
        return Replace(f"{to.need_module('tempfile')}.TemporaryDirectory()", _of_mount(review))
    if not isinstance(parent, ast.Assign):
        return Leave("give the mount context a name: mount_context = dataset.mount()")
    return Replace(f"{to.need_module('tempfile')}.TemporaryDirectory()", _MOUNTED)


def _mounted(use: Use, to: Rewriter) -> tuple[ast.expr, bool, bool] | None:
    """The dataset of a mount context, whether a ``with`` has it, and whether it has a path of its own; None when that
    cannot be told."""
    made = to.maker(use.receiver)
    if made is None or made.receiver is None:
        return None
    in_block = isinstance(to.evaluator.scopes.parents.get(made.node), ast.withitem)
    return made.receiver, in_block, made.argument("mount_point", position=0) is not None


@rule.converts("MountContext.start", "MountContext.stop")
def change(use: Use, to: Rewriter) -> Outcome:
    """The files come and go."""
    found = _mounted(use, to)
    if found is None or use.receiver is None or not use.is_statement:
        return Leave("the dataset that is mounted cannot be told")
    owner, in_block, at_path = found
    if in_block or to.evaluator.type_of(owner) == "InputDataset":
        return Statements("")
    context = to.source(use.receiver)
    if use.symbol.endswith(".stop"):
        return Replace(f"{to.need_module('shutil')}.rmtree({context})" if at_path else f"{context}.cleanup()")
    folder = context if at_path else f"{context}.name"
    code, review = _fetched(owner, folder, use, to, is_new=at_path)
    return Statements(code, _of_mount(review))


def _of_mount(review: str) -> str:
    return f"mounts are for inputs of jobs: {review}"


@rule.converts("MountContext.mount_point")
def mount_point(use: Use, to: Rewriter) -> Outcome:
    """The folder; with an input of the job, its path."""
    found = _mounted(use, to)
    if found is None or use.receiver is None:
        return Leave("the dataset that is mounted cannot be told")
    owner, in_block, at_path = found
    if in_block or at_path or to.evaluator.type_of(owner) == "InputDataset":
        return Replace(to.source(use.receiver))
    return Replace(f"{to.source(use.receiver)}.name")

"""Whether the script of a step writes a file to the path of an output, or files into a folder there; and which of the
two it reads where nobody else knows.

SDK v1 gives a step a path and does not ask; SDK v2 has the types ``uri_file`` and ``uri_folder``. The script's own code
tells: ``df.to_csv(args.out)`` writes a file, ``os.makedirs(args.out)`` and ``os.path.join(args.out, "x.csv")`` mean a
folder.
"""

from __future__ import annotations

import ast
import posixpath
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from amlbridge.migrate.analysis.kinds import destination
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.code.parameters import parameter_of
from amlbridge.migrate.models.datasets.data import follow
from amlbridge.migrate.models.jobs.arguments import Arguments
from amlbridge.migrate.rewriter import Rewriter

_FOLDER, _FILE = 'type="uri_folder"', 'type="uri_file"'
_WRITING_METHODS = frozenset(
    {"to_csv", "to_parquet", "to_json", "to_pickle", "to_excel", "to_feather", "savefig", "to_html"}
)
#: Functions that write a file -> the position of its path.
_WRITING = {"np.save": 0, "numpy.save": 0, "joblib.dump": 1, "torch.save": 1, "copyfile": 1, "shutil.copyfile": 1}
_READING = frozenset({"open", "np.load", "numpy.load", "joblib.load", "torch.load"})
_PANDAS_READS = re.compile(r"(pd|pandas)\.read_(csv|table|json|pickle|excel|feather)")
_FOLDERS = frozenset(
    {"os.makedirs", "os.mkdir", "os.path.join", "os.listdir", "os.path.isdir", "shutil.copytree", "os.walk", "makedirs"}
)
#: Methods of a Path that is a folder.
_OF_FOLDERS = frozenset({"mkdir", "iterdir", "joinpath"})
_UNKNOWN = "the script was not seen to write to the output {}: uri_folder is assumed, a single file is a uri_file"


def type_outputs(use: Use, arguments: Arguments, to: Rewriter) -> None:
    """Declares the outputs of a step as the script writes them, where the project has the script."""
    text = _script(use, to)
    for port in arguments.outputs:
        made = to.use_of(port.source) if port.source is not None else None
        if made is None or made.symbol != "PipelineData" or _FOLDER not in port.declared:
            continue
        directory = made.argument("is_directory")
        if isinstance(directory, ast.Constant) and directory.value is False:
            port.declared = port.declared.replace(_FOLDER, _FILE)
        if text is None or not port.option or (isinstance(directory, ast.Constant) and directory.value is not None):
            continue
        if _is_read_by_rows(port.source, to):  # an MLTable beside the files needs a folder
            continue
        found = written(text, port.option)
        if found == "uri_file":
            port.declared = port.declared.replace(_FOLDER, _FILE)
        elif not found:
            arguments.reviews.append(_UNKNOWN.format(port.name))


def type_inputs(use: Use, arguments: Arguments, to: Rewriter) -> None:
    """Declares inputs that a function of steps gets from elsewhere as the script reads them."""
    text = _script(use, to)
    for port in arguments.inputs if text is not None else ():
        value = to.evaluator.value(port.source) if port.source is not None else None
        origin = value.origin if isinstance(value, Instance) else port.source
        is_parameter = isinstance(origin, ast.arg) or parameter_of(origin, to) is not None
        is_open = is_parameter and bool(port.option) and _FOLDER in port.declared
        if is_open and text is not None and taken(text, port.option, _reads) == "uri_file":
            port.declared = port.declared.replace(_FOLDER, _FILE)


def _is_read_by_rows(root: ast.expr | None, to: Rewriter) -> bool:
    """Whether something parses the data as a table."""
    calls = (
        call for name in ("parse_delimited_files", "parse_parquet_files") for call in to.evaluator.calls().get(name, ())
    )
    return any((data := follow(call, to)) is not None and data.root is root for call in calls)


def _script(use: Use, to: Rewriter) -> str | None:
    """The text of a step's script, if it is a module of the project."""
    script, folder = use.argument("script_name", position=0), use.argument("source_directory")
    text = to.evaluator.text(script) if script is not None else None
    where = to.evaluator.text(folder) if folder is not None else ""
    if where is None and folder is not None:
        from amlbridge.migrate.models.code.static import NotKnownError, Static

        try:
            where = str(Static(to, use.node).value(folder))  # os.path.dirname(__file__)
        except NotKnownError:
            return None
    if text is None or where is None:
        return None
    return to.module_text(Path(posixpath.normpath(posixpath.join(to.path.parent.as_posix(), where, text))))


def written(script: str, option: str) -> str:
    """What a script writes to the path that an option of its command line gives: "uri_file", "uri_folder", or "" when
    that cannot be told."""
    return taken(script, option, _kinds)


def taken(script: str, option: str, kinds: Callable[[ast.AST, frozenset[str]], Iterator[str]]) -> str:
    """The same for what ``kinds`` tells of each node."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(script)
    except (SyntaxError, ValueError, RecursionError):
        return ""  # the conversion of the script reports it
    name = _destination(tree, option)
    if not name:
        return ""
    paths = _paths(tree, name)
    found = {kind for node in ast.walk(tree) for kind in kinds(node, paths)}
    if _FOLDER in found:
        return "uri_folder"
    return "uri_file" if _FILE in found else ""


def _destination(tree: ast.Module, option: str) -> str:
    """The attribute of the parsed arguments that an option becomes."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    for call in calls:
        texts = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
        if ast.unparse(call.func).endswith(".add_argument") and option in texts:
            return destination(call)
    return ""


def _paths(tree: ast.Module, name: str) -> frozenset[str]:
    """The expressions, as text, that are the path: the argument, and the variables that hold it."""
    found = {ast.unparse(n) for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr == name}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.value) in found:
            found.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return frozenset(found)


def _kinds(node: ast.AST, paths: frozenset[str]) -> Iterator[str]:
    """What a node tells of the path."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Div)) and _is_path(node.left, paths):
        yield _FOLDER
    if isinstance(node, ast.JoinedStr) and len(node.values) > 1 and isinstance(node.values[0], ast.FormattedValue):
        text = node.values[1].value if isinstance(node.values[1], ast.Constant) else ""
        if _is_path(node.values[0].value, paths) and str(text).startswith("/"):
            yield _FOLDER
    if not isinstance(node, ast.Call):
        return
    function, first = ast.unparse(node.func), node.args[0] if node.args else None
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    position = _WRITING.get(function, len(node.args))
    last = node.args[position] if position < len(node.args) else None
    if function == "open" and not _is_for_writing(node):
        return
    if (function in _FOLDERS and _is_path(first, paths)) or (method in _OF_FOLDERS and _is_path(owner, paths)):
        yield _FOLDER
    if (function == "open" or method in _WRITING_METHODS) and _is_path(first, paths):
        yield _FILE
    if _is_path(last, paths) or (method in ("write_text", "write_bytes") and _is_path(owner, paths)):
        yield _FILE


def _reads(node: ast.AST, paths: frozenset[str]) -> Iterator[str]:
    """What a node tells of a path that is read: what is opened is a file."""
    yield from (kind for kind in _kinds(node, paths) if kind == _FOLDER)
    if isinstance(node, ast.Call) and node.args and _is_path(node.args[0], paths):
        function = ast.unparse(node.func)
        if function in _READING or _PANDAS_READS.fullmatch(function):
            yield _FILE


def _is_path(node: ast.expr | None, paths: frozenset[str]) -> bool:
    """Whether an expression is the path, or a ``Path`` or text of it."""
    if isinstance(node, ast.Call) and len(node.args) == 1 and ast.unparse(node.func) in ("Path", "pathlib.Path", "str"):
        node = node.args[0]
    return node is not None and ast.unparse(node) in paths


def _is_for_writing(call: ast.Call) -> bool:
    mode = call.args[1] if len(call.args) > 1 else next((k.value for k in call.keywords if k.arg == "mode"), None)
    return isinstance(mode, ast.Constant) and any(letter in str(mode.value) for letter in "wax")

"""Files and images of a run: ``upload_file``, ``upload_folder`` and ``log_image`` become artifacts of MLflow.

``mlflow.log_artifact(path, folder)`` keeps the file's own name. Where SDK v1 stored a file under another name, the
file is copied to that name first, in a temporary folder when its own name is not known; so what reads or registers it
by the stored name finds it. A plot becomes ``log_figure``; ``plt`` itself stands for the current figure.
"""

from __future__ import annotations

import ast
import posixpath

from amlbridge.migrate.analysis.kinds import called, is_pyplot, kind_of
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import together
from amlbridge.migrate.inside import client_call, log_call, run_id
from amlbridge.migrate.models.code.new_functions import listing_function
from amlbridge.migrate.models.runs.artifacts import known_text, stored_path, stored_text
from amlbridge.migrate.models.runs.uploaded import telling
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.run_metrics import joined, loop_names, quoted

_HEAD = "import matplotlib.pyplot as plt\nfrom azureml.core import Run\n\nrun = Run.get_context()\n"
_AFTER = "import matplotlib.pyplot as plt\nimport mlflow\n\n"

rule = Rule(
    "run-files",
    __doc__,
    cases=[
        Case(
            _HEAD + 'run.log_image("ROC", plot=plt)\nrun.log_image("saved", path="saved.png")\n',
            _AFTER + 'mlflow.log_figure(plt.gcf(), "ROC.png")\nmlflow.log_artifact("saved.png")\n',
            "Images",
        ),
        Case(
            _HEAD
            + 'run.upload_file("model/model.pkl", "out/model.pkl")\nrun.upload_folder("report", path="out/report")\n',
            _AFTER + 'mlflow.log_artifact("out/model.pkl", "model")\nmlflow.log_artifacts("out/report", "report")\n',
            "Files and folders",
        ),
        Case(
            _HEAD + 'run.upload_file(name="model.pkl", path_or_stream="outputs/best.pkl")\n',
            "import matplotlib.pyplot as plt\nimport shutil\nimport mlflow\n\n"
            'shutil.copy("outputs/best.pkl", "model.pkl")\nmlflow.log_artifact("model.pkl")\n',
            "A file that is stored under another name",
        ),
    ],
)

_SAME_NAME = "assumed that the stored name ends with the file's own name: MLflow keeps the file's name"
_NO_STREAM = "assumed that the file is given by its path, not as a stream"
_DATASTORE = "MLflow has no datastore_name: the file is stored with the run"


@rule.converts("Run.log_image")
def log_image(use: Use, to: Rewriter) -> Outcome:
    """An image file, or a plot."""
    name = use.argument("name", position=0)
    path, plot = use.passed("path", position=1), use.passed("plot", position=2)
    if plot is not None:
        code, review = to.source(plot), ""
        if is_pyplot(use.evaluator, plot):
            code = f"{code}.gcf()"
        elif kind_of(use.evaluator, plot) != "figure":
            review = "assumed that the plot is a figure of matplotlib (a module would need .gcf())"
        literal = use.evaluator.text(name) if isinstance(name, ast.Constant) else None
        file = joined(to.source(name) if name is not None else '"plot"', literal or "", ".png")
        return Replace(client_call(use, to, "log_figure", code, file), review)
    if path is None:
        return Leave("neither a path nor a plot is given")
    return Replace(log_call(use, to, "log_artifact", to.source(path)))


@rule.converts("Run.upload_file")
def upload_file(use: Use, to: Rewriter) -> Outcome:
    """A file. The name is a path in the run's artifacts."""
    return telling(use, _logged_file(use, to), to)


def _logged_file(use: Use, to: Rewriter) -> Outcome:
    name, path = use.argument("name", position=0), use.argument("path_or_stream", position=1)
    if name is None or path is None:
        return Leave("the name and the path cannot be told")
    if isinstance(path, ast.Call) and called(path) in ("open", "BytesIO", "StringIO"):
        return Leave("write the stream to a file, and log that with mlflow.log_artifact(path, folder)")
    review = _DATASTORE if use.argument("datastore_name") is not None else ""
    stored, local = to.source(name), to.source(path)
    text = use.evaluator.text(name)
    if stored == local and text is None:  # stored under its own path: in the folder that it is in
        return Replace(log_call(use, to, "log_artifact", local, _folder(use, to, name)), review)
    if _same_ending(use, name, path):
        folder = _folder(use, to, name)
        return Replace(log_call(use, to, "log_artifact", local, *([folder] if folder else [])), review)
    if text is not None and use.evaluator.text(path) is not None and use.is_statement:
        copy = quoted(posixpath.basename(text))
        lines = [f"{to.need_module('shutil')}.copy({local}, {copy})"]
        folder = _folder(use, to, name)
        lines.append(log_call(use, to, "log_artifact", copy, *([folder] if folder else [])))
        return Statements("\n".join(lines), review)
    folder = _folder(use, to, name)
    code = log_call(use, to, "log_artifact", _renamed(name, text, local, to), *([folder] if folder else []))
    return Replace(code, together([review, _NO_STREAM]))


def _renamed(name: ast.expr, text: str | None, local: str, to: Rewriter) -> str:
    """Code for the path of a copy that has the stored name: its own folder, for ``local`` may be that very file."""
    path, folder = f"{to.need_module('os')}.path", f"{to.need_module('tempfile')}.mkdtemp()"
    stored = f"{path}.basename({to.source(name)})" if text is None else quoted(posixpath.basename(text))
    return f"{to.need_module('shutil')}.copy({local}, {path}.join({folder}, {stored}))"


def _folder(use: Use, to: Rewriter, name: ast.expr) -> str:
    """Code for the folder of a stored name, "" for none."""
    text = known_text(name, to)
    if text is not None:
        folder = posixpath.dirname(stored_text(text))
        return quoted(folder) if folder else ""
    parts = _joined_parts(name)
    if parts is not None and len(parts) == 2:
        return stored_path(parts[0], to)
    return f"{to.need_module('os')}.path.dirname({stored_path(name, to)})"


def _joined_parts(node: ast.expr) -> list[ast.expr] | None:
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "os.path.join" and not node.keywords:
        return list(node.args)
    return None


def _same_ending(use: Use, name: ast.expr, path: ast.expr) -> bool:
    """Whether two paths end with the same file name."""
    one, other = (_ending(use, node) for node in (name, path))
    return one is not None and one == other


def _ending(use: Use, node: ast.expr, depth: int = 0) -> str | None:
    """The last part of a path: its text, or the code that gives it; None when it cannot be told. ``depth``: variables
    that were followed so far (one that is made of itself has no end)."""
    text = use.evaluator.text(node)
    if text is not None:
        return posixpath.basename(text.rstrip("/"))
    joined_parts = _joined_parts(node)
    if joined_parts:
        return _ending(use, joined_parts[-1], depth)
    if isinstance(node, ast.Name):
        made = [binding.value for binding in use.evaluator.scopes.lookup(node.id, node)]
        if len(made) == 1 and isinstance(made[0], (ast.BinOp, ast.JoinedStr, ast.Call)) and depth < _DEEPEST:
            return _ending(use, made[0], depth + 1) or node.id
        return node.id
    if isinstance(node, ast.Attribute):
        return ast.unparse(node)
    tail = _last_parts(use, node)
    if len(tail) == 1 and isinstance(tail[0], ast.expr):
        return _ending(use, tail[0], depth) if tail[0] is not node else None
    if all(isinstance(part, str) for part in tail):
        return "".join(map(str, tail))
    if any(isinstance(part, ast.expr) and not _is_steady(part) for part in tail):
        return None
    return " ".join(repr(part) if isinstance(part, str) else ast.unparse(part) for part in tail)


#: How many variables are followed to the expression that makes a path.
_DEEPEST = 4


def _is_steady(node: ast.expr) -> bool:
    """Whether an expression gives the same text each time: a call other than str(...) may not."""
    calls = [inner for inner in ast.walk(node) if isinstance(inner, ast.Call)]
    return all(ast.unparse(call.func) == "str" for call in calls)


def _last_parts(use: Use, node: ast.expr) -> list[str | ast.expr]:
    """The texts and expressions behind the last slash of ``a + "/" + b`` or of an f-string."""
    tail: list[str | ast.expr] = []
    for part in _text_parts(use, node):
        if isinstance(part, str) and "/" in part:
            tail = []
            part = part.rpartition("/")[2]
        if part != "":
            tail.append(part)
    return tail


def _text_parts(use: Use, node: ast.expr) -> list[str | ast.expr]:
    text = use.evaluator.text(node)
    if text is not None:
        return [text]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_text_parts(use, node.left), *_text_parts(use, node.right)]
    if isinstance(node, ast.JoinedStr):
        return [part for value in node.values for part in _text_parts(use, value)]
    if isinstance(node, ast.FormattedValue) and node.conversion == -1 and node.format_spec is None:
        return _text_parts(use, node.value)
    return [node]


@rule.converts("Run.upload_files")
def upload_files(use: Use, to: Rewriter) -> Outcome:
    """Several files, with a name each."""
    names, paths = use.argument("names", position=0), use.argument("paths", position=1)
    if names is None or paths is None or not use.is_statement:
        return Leave("log each file with mlflow.log_artifact(path, folder)")
    name, path = loop_names(use, to, "name", "path")
    folder = f"{to.need_module('os')}.path.dirname({name})"
    code = log_call(use, to, "log_artifact", path, folder)
    loop = f"for {name}, {path} in zip({to.source(names)}, {to.source(paths)}):\n    {code}"
    return Statements(loop, _SAME_NAME)


@rule.converts("Run.upload_folder")
def upload_folder(use: Use, to: Rewriter) -> Outcome:
    """A folder with all that is in it."""
    name, path = use.argument("name", position=0), use.argument("path", position=1)
    if name is None or path is None:
        return Leave("the name and the path cannot be told")
    review = _DATASTORE if use.argument("datastore_name") is not None else ""
    logged = Replace(log_call(use, to, "log_artifacts", to.source(path), stored_path(name, to)), review)
    return telling(use, logged, to)


@rule.converts("Run.take_snapshot")
def take_snapshot(use: Use, to: Rewriter) -> Outcome:
    """The folder, or the file, among the files of the run."""
    path = use.argument("file_or_folder_path", position=0)
    if path is None or not use.is_statement:
        return Leave("the folder cannot be told, or the snapshot has a name: log it with mlflow.log_artifacts")
    name = to.evaluator.text(path)
    of_file = name is not None and "." in name.rstrip("/").rpartition("/")[2].strip(".")
    call = "log_artifact" if of_file else "log_artifacts"
    return Replace(log_call(use, to, call, to.source(path), '"snapshot"'), _SNAPSHOT)


_SNAPSHOT = "MLflow knows no snapshots: its files are in the folder snapshot among those of the run"


@rule.converts("RunContext.download_file")
def download_file(use: Use, to: Rewriter) -> Outcome:
    """A file of the run itself."""
    name, path = use.argument("name", position=0), use.argument("output_file_path", position=1)
    if name is None or use.receiver is None:
        return Leave("the name of the file cannot be told")
    mlflow = to.need_module("mlflow")
    arguments = [f"run_id={run_id(use.receiver, to)}", f"artifact_path={stored_path(name, to)}"]
    review = ""
    if path is not None:
        arguments.append(f"dst_path={to.source(path)}")
        review = "dst_path is a folder, in which the file gets its own name"
    return Replace(f"{mlflow}.artifacts.download_artifacts({', '.join(arguments)})", review)


@rule.converts("RunContext.download_files")
def download_files(use: Use, to: Rewriter) -> Outcome:
    """Files of the run itself."""
    prefix, folder = use.argument("prefix", position=0), use.argument("output_directory", position=1)
    assert use.receiver is not None
    mlflow = to.need_module("mlflow")
    arguments = [f"run_id={run_id(use.receiver, to)}"]
    arguments.append(f"artifact_path={stored_path(prefix, to) if prefix is not None else quoted('')}")
    if folder is not None:
        arguments.append(f"dst_path={to.source(folder)}")
    return Replace(
        f"{mlflow}.artifacts.download_artifacts({', '.join(arguments)})", "the prefix has to be a folder or a file"
    )


@rule.converts("RunContext.get_file_names")
def get_file_names(use: Use, to: Rewriter) -> Outcome:
    """The files of the run."""
    assert use.receiver is not None
    return Replace(f"{listing_function(use, to.need_module('mlflow'), to)}({run_id(use.receiver, to)})")

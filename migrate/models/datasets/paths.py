"""Paths in datastores become azureml:// addresses."""

from __future__ import annotations

import ast
import json
import posixpath
import re

from amlbridge.migrate.analysis.symbols import lineage
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.names import identifier
from amlbridge.migrate.registry import Leave
from amlbridge.migrate.rewriter import CLIENT, Rewriter

#: The name of every workspace's default datastore, unless somebody chose another.
DEFAULT_DATASTORE = "workspaceblobstore"


def datastore_name(node: ast.expr, to: Rewriter) -> tuple[str, bool]:
    """The name of a datastore: (text, True) when it is known, (code, False) when it is not."""
    value = to.evaluator.value(node)
    origin = getattr(value, "origin", None)
    use = to.use_of(origin) if origin is not None else None
    if use is not None and not _is_chosen(node, to):
        if use.symbol in _DEFAULT:
            chosen = chosen_default(use, to)
            if chosen is None:
                return DEFAULT_DATASTORE, True
            text = to.evaluator.text(chosen[0]) if chosen[1] else None
            return (text, True) if text is not None else (f"{to.source(node)}.name", False)
        name = use.argument("datastore_name", "name", position=1) if use.call is not None else None
        if isinstance(use.node, ast.Subscript):
            name = use.node.slice
        text = to.evaluator.text(name) if name is not None else None
        if text is not None:
            return text, True
    named = to.evaluator.text(node)
    if named is not None:
        return named, True
    code = to.source(node)
    # SDK v1 takes only its own objects for datastores; those of SDK v2 have a name, too.
    return f"{code}.name" if isinstance(node, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)) else code, False


def store_argument(node: ast.expr | None, to: Rewriter) -> str:
    """The argument with which a data asset names the datastore that its files go up to; "" for the default one."""
    name, known = datastore_name(node, to) if node is not None else (DEFAULT_DATASTORE, True)
    if known:
        return "" if name == DEFAULT_DATASTORE else f", datastore={json.dumps(name)}"
    return f", datastore={name}"


#: What gives the default datastore, and what changes it.
_DEFAULT = ("Workspace.get_default_datastore", "Datastore.get_default")
_SET_DEFAULT = ("Workspace.set_default_datastore", "Datastore.set_as_default")


def chosen_default(use: Use, to: Rewriter) -> tuple[ast.expr, bool] | None:
    """The datastore that the code before a use has made the default, and whether that is its name or the object; None
    where it has made none, or nobody can tell."""
    scopes = to.evaluator.scopes
    blocks = [use.statement, *scopes.ancestors(use.statement)]
    found = None
    for other in to.uses:
        before = other.node.lineno < use.node.lineno and scopes.of(other.node) is scopes.of(use.node)
        if other.symbols[-1] not in _SET_DEFAULT or not before or isinstance(to.outcome(other), Leave):
            continue
        if scopes.parents.get(other.statement) not in blocks:  # under a condition that the use is not under
            return None
        named = other.symbols[-1].startswith("Workspace.")
        chosen = other.argument("name", position=0) if named else other.receiver
        found = (chosen, named) if chosen is not None and _is_steady(chosen, to) else None
    return found


def _is_steady(node: ast.expr, to: Rewriter) -> bool:
    """Whether an expression is the same wherever it is written: a text, a variable that is set once, its attribute."""
    if isinstance(node, ast.Attribute):
        return _is_steady(node.value, to)
    if isinstance(node, ast.Name):
        return len(to.evaluator.scopes.lookup(node.id, node)) == 1
    return isinstance(node, ast.Constant)


def _is_chosen(node: ast.expr, to: Rewriter) -> bool:
    """Whether a condition, or a loop over several, chooses the datastore of a variable."""
    if not isinstance(node, ast.Name):
        return isinstance(node, ast.Subscript) and to.use_of(node) is None
    given = to.evaluator.scopes.lookup(node.id, node)
    chosen = any(isinstance(binding.value, (ast.IfExp, ast.BoolOp)) for binding in given)
    return len(given) > 1 or chosen or any(binding.kind in ("element", "pair") for binding in given)


def datastore_path(datastore: ast.expr, path: ast.expr | None, to: Rewriter, *, written: bool = False) -> str:
    """The code of the azureml:// address of a path in a datastore. ``written``: of one that a step writes to."""
    uploaded = upload_of(path, to) if path is not None and not written else None
    if uploaded is not None:
        return uploaded
    if not {"Dataset", "Workspace"}.isdisjoint(lineage(to.evaluator.type_of(datastore) or "")):
        raise ValueError("a path is one in a datastore, which SDK v1 wants here, too: say which datastore is meant")
    name, known = datastore_name(datastore, to)
    text = to.evaluator.text(path) if path is not None else ""
    if known and text is not None:
        return json.dumps(f"azureml://datastores/{name}/paths/{_INSIDE.sub('', text)}")
    start = f"azureml://datastores/{name if known else '{' + name + '}'}/paths/"
    if text is not None:
        return "f" + json.dumps(start + _INSIDE.sub("", text).replace("{", "{{").replace("}", "}}")).replace('\\"', '"')
    assert path is not None
    code = to.source(path)
    if isinstance(path, ast.JoinedStr):
        if code[:2] in ('f"', "f'") and code[1:4] not in ('"""', "'''"):
            return f"{code[:2]}{start}{_INSIDE.sub('', code[2:])}"
        return f"{_quoted(start, known)} + {code}"
    if '"' in code or "\n" in code or "\\" in code:
        return (
            f"{_quoted(start, known)} + {code}"
            if isinstance(path, (ast.Name, ast.Call, ast.Attribute))
            else (f"{_quoted(start, known)} + ({code})")
        )
    return f'f"{start}{{{code}}}"'


#: How paths in a datastore start that mean one from its root: "/raw/a.csv", "./raw/a.csv".
_INSIDE = re.compile(r"^(\./|/|\.$)+")
#: How addresses of SDK v2 start that leave the workspace open: jobs and assets know which one is meant.
_SHORT = "azureml://datastores/"


def whole_address(code: str, at: Use, to: Rewriter) -> str:
    """Code of an address that names its workspace, which mltable and fsspec want: they take the short form for a path
    on this machine."""
    prefix = "f" if code.startswith("f") else ""
    quote = code[len(prefix) : len(prefix) + 1]
    if not code.startswith(f"{prefix}{quote}{_SHORT}") or quote not in ("'", '"'):
        return code
    client = to.client(at.node)
    if not client.isidentifier():
        name = to.fresh(CLIENT)
        to.before(at.statement, f"{name} = {client}")
        client = name
    where = f"subscriptions/{{{client}.subscription_id}}/resourcegroups/{{{client}.resource_group_name}}"
    start = f"azureml://{where}/workspaces/{{{client}.workspace_name}}/datastores/"
    literal = re.match(r"(f?)(['\"])(.*?)(?<!\\)\2", code, re.DOTALL)
    text = literal[3] if literal is not None else ""
    rest = code[literal.end() :] if literal is not None else ""
    if literal is not None and not literal[1]:
        text = text.replace("{", "{{").replace("}", "}}")
    return f"f{quote}{start}{text[len(_SHORT) :]}{quote}{rest}"


def _quoted(start: str, known: bool) -> str:
    return f'"{start}"' if known else f'f"{start}"'


def upload_of(path: ast.expr, to: Rewriter) -> str | None:
    """The address of a file that the same module uploads to this place, through the data asset of the upload."""
    text = literal_start(path, to)
    formatted = isinstance(path, ast.JoinedStr) and len(path.values) > 1
    if text is None:
        return None
    for use in to.uses:
        variable = to.memory.get(("upload", use.node)) if use.symbols[-1] in UPLOADS else None
        target = upload_target(use, to) if isinstance(variable, str) else None
        folder = to.evaluator.text(target) if target is not None else ""
        if not isinstance(variable, str) or folder is None or not _same_function(use, path, to):
            continue
        inside = below(text, folder)
        if inside is not None and use.node.lineno <= path.lineno:
            file = only_file(use, to)
            if file is not None and not inside and not formatted:
                return f"{variable}.path.rpartition('/')[0]"  # the folder that the one file is in
            if file is not None:
                if not formatted and file and file != inside:
                    continue
                return f"{variable}.path"
            if formatted:
                return _formatted(path, text, inside, variable, to)
            # The path of a folder ends with a slash, or not.
            return f"""f"{{{variable}.path.rstrip('/')}}/{inside}\"""" if inside else f"{variable}.path"
    return _uploaded_beside(path, text, formatted, to)


def literal_start(path: ast.expr, to: Rewriter) -> str | None:
    """The text of a path, of an f-string the folders that it starts with; None where nobody can tell."""
    if isinstance(path, ast.JoinedStr) and len(path.values) > 1:
        first = path.values[0]
        folders, slash, _ = str(first.value).rpartition("/") if isinstance(first, ast.Constant) else ("", "", "")
        return folders + slash
    return to.evaluator.text(path)


def below(path: str | None, folder: str) -> str | None:
    """What of a path is below a folder, "" for the folder itself; None for a path elsewhere."""
    path, folder = (path or "").strip("/"), folder.strip("/")
    if not folder or path == folder:
        return path.removeprefix(folder)
    return path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else None


def only_file(use: Use, to: Rewriter) -> str | None:
    """The name of the file when an upload is one of a single file, "" when nobody knows its name; else None."""
    from amlbridge.migrate.models.jobs.arguments import list_elements

    source = use.argument("files", position=0) if use.symbols[-1] == "Datastore.upload_files" else None
    elements = list_elements(source, to) if source is not None else []
    if len(elements) != 1 or isinstance(elements[0], ast.Starred):
        return None
    return (to.evaluator.text(elements[0]) or "").replace("\\", "/").rpartition("/")[2]


def upload_name(target: str) -> str:
    """The name of the data asset that an upload to a path of a datastore becomes."""
    return identifier(f"{target or 'uploaded'} files", "files")


def _uploaded_beside(path: ast.expr, text: str, formatted: bool, to: Rewriter) -> str | None:
    """The address of a file that another module of the same folder uploads."""
    if not formatted:
        return uploaded_file(text, path, to)
    wanted = text.strip("/")
    for folder, asset in to.uploads.items():
        if wanted == folder or wanted.startswith(f"{folder}/"):
            quote = "'" if to.source(path)[1:2] == '"' else '"'
            variable = f"{to.client(path)}.data.get({quote}{asset}{quote}, label={quote}latest{quote})"
            return _formatted(path, text, wanted.removeprefix(folder).lstrip("/"), variable, to)
    return None


def uploaded_file(text: str, at: ast.AST, to: Rewriter) -> str | None:
    """The address of a path on a datastore that another module of the same folder uploads to, for code at ``at``."""
    wanted = text.strip("/")
    for folder, asset in to.uploads.items():
        if wanted == folder or wanted.startswith(f"{folder}/"):
            variable = f"{to.client(at)}.data.get('{asset}', label='latest')"
            inside = wanted.removeprefix(folder).lstrip("/")
            if not inside and any(name == asset and key.startswith(f"{folder}/") for key, name in to.uploads.items()):
                return f"{variable}.path.rpartition('/')[0]"  # the folder that the one file is in
            if inside and '"' in variable:  # a client in a job reads its variables by name
                return f"""{variable}.path.rstrip("/") + "/{inside}\""""
            return f"""f"{{{variable}.path.rstrip('/')}}/{inside}\"""" if inside else f"{variable}.path"
    return None


#: Calls that upload files -> the position of their target.
UPLOADS = {"Datastore.upload": 1, "Datastore.upload_files": 2, "Dataset.File.upload_directory": 1}


def upload_target(use: Use, to: Rewriter) -> ast.expr | None:
    """The path in the datastore that files are uploaded to; None for its root."""
    target = use.argument("target_path", "target", position=UPLOADS[use.symbols[-1]])
    inner = to.evaluator.behind(target) if target is not None else None
    if isinstance(inner, ast.Tuple) and len(inner.elts) == 2:
        return inner.elts[1]
    made = to.maker(target)
    if made is not None and made.symbol == "DataPath":
        return made.argument("path_on_datastore", position=1)
    return target if use.symbols[-1] != "Dataset.File.upload_directory" else None


def _formatted(path: ast.expr, start: str, inside: str, variable: str, to: Rewriter) -> str | None:
    """An f-string whose literal start is replaced by the path of an upload."""
    code = to.source(path)
    if not code.startswith(('f"', "f'")) or not code[2:].startswith(start):
        return None
    rest = inside + ("/" if start.endswith("/") and inside and not inside.endswith("/") else "")
    quote = "'" if code[1] == '"' else '"'
    return f"{code[:2]}{{{variable}.path.rstrip({quote}/{quote})}}/{rest}{code[2 + len(start) :]}"


def _same_function(use: Use, node: ast.expr, to: Rewriter) -> bool:
    scopes = to.evaluator.scopes
    return scopes.of(use.node) is scopes.of(node)


def path_inside(path: ast.expr, folder: ast.expr | None, to: Rewriter) -> str:
    """Code of a path that SDK v1 takes relative to a folder of this machine, the source directory."""
    inner, outer = to.evaluator.text(path), to.evaluator.text(folder) if folder is not None else "."
    if folder is None or outer in ("", ".", "./") or (inner or "").startswith("/") or _starts_with(path, folder, to):
        return to.source(path)
    if inner is not None and outer is not None:
        return json.dumps(posixpath.join(outer, inner.removeprefix("./")))
    return f"{to.need_module('os')}.path.join({to.source(folder)}, {to.source(path)})"


def _starts_with(path: ast.expr, folder: ast.expr, to: Rewriter) -> bool:
    """Whether a path is put together of the folder: it is absolute then, or SDK v1 would not find it."""
    parts = joined_parts(path)
    return bool(parts) and to.source(parts[0]) == to.source(folder)


def joined_parts(path: ast.expr) -> list[ast.expr]:
    """The parts of ``os.path.join(folder, "conda.yml")``."""
    if not isinstance(path, ast.Call) or path.keywords or not ast.unparse(path.func).endswith("path.join"):
        return []
    return [] if any(isinstance(part, ast.Starred) for part in path.args) else path.args

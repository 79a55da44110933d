"""Data that flows into and between steps: what an expression of a dataset, an output or a parameter stands for."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from typing import cast

from amlbridge.migrate.analysis.functions import returns
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Code, Function, Instance
from amlbridge.migrate.models.code.parameters import handed_with, is_given_input, parameter_of
from amlbridge.migrate.models.datasets import table_options
from amlbridge.migrate.models.datasets.any_names import reads_any_table_here
from amlbridge.migrate.models.datasets.given_inputs import call_of, returned
from amlbridge.migrate.models.datasets.handed_data import handed_elsewhere, is_of_files, may_be_unregistered
from amlbridge.migrate.models.datasets.mixed_data import mixed_input
from amlbridge.migrate.models.datasets.path_lists import paths_of
from amlbridge.migrate.module import Registered
from amlbridge.migrate.rewriter import Rewriter

#: Types of data that one step writes and others read.
INTERMEDIATE = frozenset(
    {"PipelineData", "PipelineOutputDataset", "PipelineOutputFileDataset", "PipelineOutputTabularDataset"}
    | {"OutputFileDatasetConfig", "OutputTabularDatasetConfig", "OutputDatasetConfig", "HDFSOutputDatasetConfig"}
)
DATASETS = frozenset({"Dataset", "AbstractDataset", "TabularDataset", "FileDataset", "DatasetConsumptionConfig"})
REFERENCES = frozenset({"DataReference", "DataReferenceConfiguration", "DataPath", "PortDataReference"})
#: Methods that turn an output of a step into an input of the next. What read_delimited_files gives is an output still.
_READING = frozenset({"as_input", "as_dataset", "as_named_input"})
#: Selections that an MLTable has, some under another name.
SELECTIONS = (
    *("take", "skip", "take_sample", "keep_columns", "drop_columns", "filter", "random_split"),
    *("time_before", "time_after", "time_between", "time_recent"),
)
#: A data frame that is registered as a table.
FRAME = "Dataset.Tabular.register_pandas_dataframe"
_MODES = {"as_mount": "ro_mount", "as_download": "download", "as_direct": "direct", "mount": "ro_mount"}
_MODES |= {"as_hdfs": "direct", "download": "download", "direct": "direct", "hdfs": "direct"}
#: The modes in which a job gets the files that an MLTable lists.
_EVALUATED = {"ro_mount": "eval_mount", "download": "eval_download"}
#: The end of a path that means all files of a folder.
ALL_FILES = re.compile(r"/\*\*?(/\*(\.\*)?)?$")
#: File endings that the last part of a path has only when it is a file.
_FILE = re.compile(
    r"\.(csv|tsv|txt|parquet|jsonl?|gz|zip|tar|xlsx?|data|dat|pkl|pickle|joblib|npy|npz|h5|hdf5|onnx|pt|pth|ya?ml"
    r"|png|jpe?g|gif|bmp|tiff?|wav|mp3|mp4|mov|avi|mkv|pdf|docx?|html?|xml|log|md|bz2|xz|7z|tgz|rar|avro|feather|mat|py)$",
    re.IGNORECASE,
)
#: File endings of tables that one pandas call reads.
_TABLE_FILE = re.compile(r"\.(csv|tsv|txt|parquet|json|jsonl|gz|data)$", re.IGNORECASE)


@dataclass(frozen=True)
class Data:
    """A data expression, followed to where the data comes from.

    ``root``: the expression that made the first object; ``type``: its v1 type; ``methods``: the fluent calls on the
    way, the first one first. ``held``: the expression that holds the first object where it is taken from several, as
    ``train`` of ``train, test = data.random_split(0.8)``, or made in a function. ``said``: the v1 mode that a
    ``DatasetConsumptionConfig`` of it names. ``given``: the expression, where a function of the project gives the data
    with how it is read: that is an ``Input``; ``root`` is the call then.
    """

    root: ast.expr
    type: str
    methods: tuple[ast.Call, ...] = ()
    held: ast.expr | None = None
    said: str = ""
    given: ast.expr | None = None

    @property
    def called(self) -> tuple[str, ...]:
        """The names of the fluent methods."""
        return tuple(call.func.attr for call in self.methods if isinstance(call.func, ast.Attribute))

    @property
    def reads(self) -> bool:
        """Whether it is the reading side of what a step writes."""
        return bool(_READING & set(self.called))

    @property
    def rows(self) -> str:
        """How an output of a step is read as a table: "delimited", "parquet", or "" when it is read as files."""
        forms = {"read_delimited_files": "delimited", "parse_delimited_files": "delimited"}
        forms |= {"read_parquet_files": "parquet", "parse_parquet_files": "parquet"}
        return next((forms[name] for name in self.called if name in forms), "")

    @property
    def mode(self) -> str:
        """The v2 mode that the script asks for, or "" for the default."""
        found = [_MODES[name] for name in (self.said, *self.called) if name in _MODES]
        return found[-1] if found else ""


def follow(node: ast.expr, to: Rewriter) -> Data | None:
    """The data that an expression stands for, or None when it is none."""
    value = to.evaluator.value(node)
    if isinstance(value, Instance) and value.type == "DatasetConsumptionConfig":
        call = call_of(node, to)
        if call is not None:
            return Data(call, value.type, given=node, said=_said_where_made(call, to))
    methods: list[ast.Call] = []
    value, at = to.evaluator.value(node), node
    while isinstance(value, Instance) and value.type in INTERMEDIATE | DATASETS | REFERENCES:
        origin = value.origin
        if isinstance(origin, ast.expr) and origin not in to.evaluator.scopes.parents:  # another module made it
            as_input = value.type == "DatasetConsumptionConfig"  # which may be of any type
            return None if as_input else Data(origin, value.type, tuple(reversed(methods)), at)
        held = at if value.path or _is_out_of_sight(origin, at, to) else None
        if not isinstance(origin, ast.expr):
            inner = to.evaluator.scopes.bindings_of(at)
            given = isinstance(origin, ast.arg) and [binding.node for binding in inner] == [origin]
            root = cast("ast.expr", origin) if given else node
            return Data(root, value.type, (*_said_by_callers(origin, to), *reversed(methods)))
        function = origin.func if isinstance(origin, ast.Call) else None
        base = to.evaluator.value(function.value) if isinstance(function, ast.Attribute) else None
        kind = base.type if isinstance(base, Instance) else ""
        fluent = kind in INTERMEDIATE | DATASETS | REFERENCES
        if not fluent or not isinstance(origin, ast.Call) or (kind not in INTERMEDIATE and _makes(origin)):
            return Data(origin, value.type, (*_said_by_callers(origin, to), *reversed(methods)), held)
        assert isinstance(function, ast.Attribute)
        methods.append(origin)
        value, at = base, function.value
    return None


def _said_where_made(call: ast.Call, to: Rewriter) -> str:
    """The method with which the function that is called says how the data it gives is read, "" where it does not."""
    function = to.evaluator.value(call.func)
    given = returns(function.node) if isinstance(function, Function) else []
    at = given[0] if len(given) == 1 else None
    while isinstance(at, ast.Call) and isinstance(at.func, ast.Attribute) and at.func.attr not in _MODES:
        at = at.func.value
    return at.func.attr if isinstance(at, ast.Call) and isinstance(at.func, ast.Attribute) else ""


def _is_out_of_sight(origin: ast.AST | None, at: ast.expr, to: Rewriter) -> bool:
    """Whether a function made what an expression outside of it stands for: its variable is not seen there."""
    scopes = to.evaluator.scopes
    if not isinstance(origin, ast.Call) or to.evaluator.type_of(at) in INTERMEDIATE:
        return False
    made, scope = scopes.of(origin), scopes.of(at)
    while scope is not made:
        if scope.parent is None:
            return True
        scope = scope.parent
    return False


def _said_by_callers(origin: ast.AST | None, to: Rewriter) -> tuple[ast.Call, ...]:
    """How the calls of a function say that the data which it gets as a parameter is read: as an input of the step."""
    parameter = parameter_of(origin, to)
    function = to.evaluator.scopes.parents.get(to.evaluator.scopes.parents[parameter]) if parameter else None
    if parameter is None or function is None or ("callers", parameter) in to.memory:
        return ()
    to.memory["callers", parameter] = True  # a function that calls itself
    given = [node for home, node in to.evaluator.given(function, parameter.arg) if home is to.evaluator]
    found = [data for node in given if (data := follow(node, to)) is not None]
    del to.memory["callers", parameter]
    reading = found and len(found) == len(given) and all(data.reads for data in found)
    return found[0].methods if reading else ()


def _makes(call: ast.Call) -> bool:
    """Whether a method makes new data instead of saying how to use what there is."""
    return isinstance(call.func, ast.Attribute) and call.func.attr in ("register", "path", *SELECTIONS)


def given_name(data: Data, to: Rewriter) -> ast.expr | None:
    """The expression of the name that a script gives an input."""
    for call in reversed(data.methods):
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("as_named_input", "as_input"):
            if call.args:
                return call.args[0]
            return next((k.value for k in call.keywords if k.arg == "name"), None)
    use = to.use_of(data.root)
    if use is not None and use.symbol == "DatasetConsumptionConfig":
        return use.argument("name", position=0)
    return None


def reference_kind(use: Use, to: Rewriter) -> str:
    """The v2 type of a path of a datastore: "uri_file" when it names a file, else "uri_folder"."""
    position = {"DataReference": 2, "DataReferenceConfiguration": 2, "DataPath": 1}.get(use.symbol, 0)
    path = use.argument("path_on_datastore", "path", position=position) if use.call is not None else None
    return "uri_file" if path is not None and _names_file(path, to) else "uri_folder"


def _names_file(path: ast.expr, to: Rewriter) -> bool:
    """Whether a path, or what is known of it, ends like the name of a file."""
    text = to.evaluator.text(path)
    if text is None and isinstance(path, ast.JoinedStr):
        text = "".join(str(part.value) for part in path.values if isinstance(part, ast.Constant))
    return text is not None and "*" not in text and _FILE.search(text.split("?")[0]) is not None


def files_kind(use: Use, to: Rewriter) -> str:
    """The v2 type of a file dataset. Of a single file, SDK v1 gives a run the path of that file, as ``uri_file`` does
    (``FileDataset.as_mount``)."""
    if use.symbol != "Dataset.File.from_files":
        return "uri_folder"
    if several_files(use, to):
        return "mltable"
    path = paths_of(use.argument("path", position=0), to)[0]
    value = to.evaluator.value(path)
    if isinstance(value, Instance) and value.type in REFERENCES and value.origin is not None:
        made = to.use_of(value.origin)
        return reference_kind(made, to) if made is not None else "uri_folder"
    inner = path.elts[1] if isinstance(path, ast.Tuple) and len(path.elts) == 2 else path
    return "uri_file" if _names_file(inner, to) else "uri_folder"


def kind_of(data: Data, to: Rewriter, seen: tuple[ast.expr, ...] = ()) -> str:
    """The v2 type of a dataset: "uri_file", "uri_folder" or "mltable"."""
    if data.type in REFERENCES:
        reference = to.use_of(data.root)
        return reference_kind(reference, to) if reference is not None else "uri_folder"
    if data.given is not None and isinstance(data.root, ast.Call):
        inner = returned(data.root, to)
        known = follow(inner, to) if inner is not None else None
        return kind_of(known, to, (*seen, data.root)) if known is not None and data.root not in seen else _by_mode(data)
    if data.root in seen:  # registered under the name that it is looked up by, in a circle
        return _by_mode(data)
    seen = (*seen, data.root)
    if parameter_of(data.root, to) is not None:
        calls = [call for call in handed_with(data.root, to) if isinstance(call, ast.Call)]
        passed = [given for call in calls if (given := follow(call, to)) is not None]
        kinds = {kind_of(replace(given, methods=(*given.methods, *data.methods)), to, seen) for given in passed}
        return kinds.pop() if len(kinds) == 1 else _by_mode(data)
    use = to.use_of(data.root)
    if use is not None and use.symbol == "DatasetConsumptionConfig":
        inner = use.argument("dataset", position=1)
        followed = follow(default_of(inner, to), to) if inner is not None else None
        if followed is None:
            return _by_mode(data)
        return kind_of(consumed(followed, data, to), to, seen)
    if use is not None:
        symbol = use.symbol.rsplit(".", 1)
        if symbol[-1] == "register" and use.receiver is not None:
            registered = follow(use.receiver, to)
            return kind_of(registered, to, seen) if registered is not None else _by_mode(data)
        if "Dataset.File." in use.symbol:
            return files_kind(use, to)
        if "Dataset.Tabular." in use.symbol:
            return "uri_file" if single_file(use, to) else "mltable"
    name = _looked_up(data, to)
    if name is not None:
        made, elsewhere = _registered(name, to), _registered_elsewhere(name, to)
        if made is not None:
            return kind_of(made, to, seen)
        if elsewhere is not None:
            return elsewhere.type
    return _by_mode(data)


def consumed(dataset: Data, data: Data, to: Rewriter) -> Data:
    """The dataset of a ``DatasetConsumptionConfig``, or the default of its parameter, as that says how it is read."""
    use = to.use_of(data.root)
    wanted = use.argument("mode", position=2) if use is not None and use.symbol == "DatasetConsumptionConfig" else None
    said = (to.evaluator.text(wanted) if wanted is not None else None) or dataset.said
    return replace(dataset, methods=(*dataset.methods, *data.methods), said=said)


def default_of(node: ast.expr, to: Rewriter) -> ast.expr:
    """The default of a pipeline parameter; any other expression is its own."""
    use = to.maker(node)
    default = (
        use.argument("default_value", position=1) if use is not None and use.symbol == "PipelineParameter" else None
    )
    return default if default is not None else node


def _by_mode(data: Data) -> str:
    if data.type == "FileDataset" or data.mode in ("ro_mount", "download"):
        return "uri_folder"
    return "mltable"


def _looked_up(data: Data, to: Rewriter) -> ast.expr | None:
    """The name of a dataset that is looked up by it, in any way."""
    use = to.use_of(data.root)
    if use is not None and use.symbol.endswith(("get_by_name", "datasets[]")):
        return _name_of(use)
    held = data.held
    bound = to.evaluator.scopes.bindings_of(held)
    made = bound[0].value if len(bound) == 1 else held
    if isinstance(made, ast.Subscript) and made.value is data.root:
        return made.slice
    called = made.func if isinstance(made, ast.Call) and made.args else None
    if isinstance(made, ast.Call) and isinstance(called, ast.Attribute) and called.value is data.root:
        return made.args[0] if called.attr == "get" else None
    return None


def is_any_asset(data: Data, to: Rewriter) -> bool:
    """Whether only the running code knows the name that data is looked up by, and nothing here registers it."""
    name = _looked_up(data, to)
    return name is not None and to.evaluator.text(name) is None and _registered(name, to) is None


def _name_of(use: Use) -> ast.expr | None:
    name = use.argument("name", position=1)
    return use.node.slice if name is None and isinstance(use.node, ast.Subscript) else name


def _registered_elsewhere(name: ast.expr, to: Rewriter) -> Registered | None:
    """The dataset that another module registers under a name that this one looks up."""
    text = to.evaluator.text(name)
    return to.evaluator.surroundings.registered(text) if text is not None else None


def registered_here(use: Use, to: Rewriter) -> Data | None:
    """The dataset that the same module registers under a name that it looks up."""
    return _registered(_name_of(use), to)


def _registered(name: ast.expr | None, to: Rewriter) -> Data | None:
    wanted = _text_or_code(name, to)
    for other in to.uses:
        if other.symbols[-1] == "Dataset.register" and other.receiver is not None:
            given = other.argument("name", position=1)
            if given is not None and (_text_or_code(given, to) == wanted or _may_be(given, wanted)):
                return follow(other.receiver, to)
        if other.symbol == FRAME:
            given = other.argument("name", position=2)
            if given is not None and _text_or_code(given, to) == wanted:
                return follow(other.node, to)
    return None


def _may_be(name: ast.expr, text: str) -> bool:
    """Whether an f-string such as f"orders-{week}" may give a text."""
    if not isinstance(name, ast.JoinedStr):
        return False
    parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in name.values]
    return len(parts) > 1 and re.fullmatch("".join(parts), text) is not None


def _text_or_code(node: ast.expr | None, to: Rewriter) -> str:
    if node is None:
        return ""
    return to.evaluator.text(node) or ast.unparse(node)


#: What reads rows, so that its data has to be an MLTable -> the arguments with data, by name and position.
_READ_ROWS = {
    "ParallelRunStep": (("inputs", 2),),
    "AutoMLConfig": (("training_data", None), ("validation_data", None), ("test_data", None)),
}


def is_read_by_rows(use: Use, to: Rewriter) -> bool:
    """Whether a tabular dataset is read by AutoML, by a parallel step or in a function of another module: they take no
    plain file."""
    if "read by rows" not in to.memory:
        found: set[ast.AST] = set()
        to.memory["read by rows"] = found
        for reader in to.uses:
            for name, position in _READ_ROWS.get(reader.symbol, ()):
                given = reader.argument(name, position=position) if reader.call is not None else None
                found.update(_made_of(given, to) if given is not None else ())
        for handed in handed_elsewhere(to):  # a function takes it for a table
            found.update(_made_of(handed, to))
    return use.node in cast("set[ast.AST]", to.memory["read by rows"])


def _made_of(node: ast.expr, to: Rewriter) -> list[ast.AST]:
    """The calls that made the datasets of an expression, also before they were registered."""
    inner = to.evaluator.behind(node)
    if isinstance(inner, (ast.List, ast.Tuple)):
        return [made for element in inner.elts for made in _made_of(element, to)]
    data = follow(inner, to)
    if data is not None and parameter_of(data.root, to) is not None:
        calls = [call for call in handed_with(data.root, to) if isinstance(call, ast.Call)]
        return [made for call in calls for made in _made_of(call, to)]
    use = to.use_of(data.root) if data is not None else None
    if data is None or use is None:
        return []
    if use.symbol == "DatasetConsumptionConfig":
        dataset = use.argument("dataset", position=1)
        return _made_of(dataset, to) if dataset is not None else []
    if use.symbol.endswith(".register") and use.receiver is not None:
        return _made_of(use.receiver, to)
    name = _looked_up(data, to)
    registered = _registered(name, to) if name is not None else None
    return [registered.root] if registered is not None else [data.root]


def single_file(use: Use, to: Rewriter) -> bool:
    """Whether a tabular dataset is one plain CSV file, whose path is known, and nothing needs it as a table."""
    if is_read_by_rows(use, to):
        return False
    any_read = to.evaluator.surroundings.reads_any_table() or reads_any_table_here(to)
    if any_read and (use.symbol == FRAME or _is_registered(use, to)):
        return False
    if use.symbol == FRAME:
        return True
    if not table_options.is_plain(use):
        return False
    path = use.argument("path", position=0)
    paths = paths_of(path, to)
    if len(paths) != 1:
        return False
    element = paths[0]
    if isinstance(element, ast.Tuple) and len(element.elts) == 2:
        element = element.elts[1]
    text = to.evaluator.text(element)
    if isinstance(element, ast.JoinedStr):
        text = "".join(str(part.value) for part in element.values if isinstance(part, ast.Constant))
    return text is not None and "*" not in text and _TABLE_FILE.search(text.split("?")[0]) is not None


def _is_registered(use: Use, to: Rewriter) -> bool:
    if "registered tables" not in to.memory:
        uses = [other for other in to.uses if other.symbols[-1] == "Dataset.register" and other.receiver is not None]
        found = {made for other in uses if other.receiver is not None for made in _made_of(other.receiver, to)}
        to.memory["registered tables"] = found
    return use.node in cast("set[ast.AST]", to.memory["registered tables"])


def several_files(use: Use, to: Rewriter) -> bool:
    """Whether a file dataset is made of several addresses: an MLTable lists them."""
    if use.symbol != "Dataset.File.from_files":
        return False
    paths = paths_of(use.argument("path", position=0), to)
    partitioned = use.argument("partition_format") is not None  # its columns come from the paths
    chosen = any(isinstance(path, ast.Starred) or _has_pattern(path, to) for path in paths)
    return partitioned or chosen or len(paths) != 1


def _has_pattern(path: ast.expr, to: Rewriter) -> bool:
    """Whether a path names some of the files of a folder: "images/*.png", and not "images/**"."""
    inner = path.elts[1] if isinstance(path, ast.Tuple) and len(path.elts) == 2 else path
    value = to.evaluator.value(inner)
    if isinstance(value, Instance) and value.type == "DataPath" and isinstance(value.origin, ast.Call):
        made = to.use_of(value.origin)
        inner = (made.argument("path_on_datastore", position=1) if made is not None else None) or inner
    text = to.evaluator.text(inner)
    if isinstance(inner, ast.JoinedStr):
        text = "".join(str(part.value) for part in inner.values if isinstance(part, ast.Constant))
    return text is not None and "*" in ALL_FILES.sub("", text)


def given_pair(path: ast.expr, to: Rewriter) -> bool:
    """Whether a parameter gets a datastore and a path in it."""
    bound = to.evaluator.scopes.bindings_of(path)
    if not bound or bound[0].kind != "parameter":
        return False
    given = to.evaluator.given(bound[0].scope.node, bound[0].name)
    passed = [evaluator.value(value) for evaluator, value in given]
    pairs = [isinstance(value, Code) and isinstance(value.node, ast.Tuple) for value in passed]
    return bool(pairs) and all(pairs)


def declared_mode(data: Data, to: Rewriter) -> str:
    """The keyword with which a component says how it gets the data of a parameter, or "" for SDK v2's default."""
    mode, use = consumed(data, data, to).mode, to.use_of(data.root)
    inner = use.argument("dataset", position=1) if use is not None and use.call is not None else None
    default = follow(default_of(inner, to), to) if inner is not None else None
    if mode in _EVALUATED and default is not None and lists_files(default, to):
        return f', mode="{_EVALUATED[mode]}"'
    return ', mode="download"' if mode == "download" else ""


def input_code(data: Data, to: Rewriter, kind: str = "") -> str:
    """The v2 Input that stands for a dataset or a reference, where a job or a node is called. ``kind``: the type that
    what takes it has declared, if any."""
    if data.given is not None:
        return to.source(data.given)
    mode = f', mode="{data.mode}"' if data.mode and data.mode != "direct" else ""
    if mode and lists_files(data, to):  # the files that the MLTable lists, not the folder that it is in
        mode = f', mode="{_EVALUATED[data.mode]}"'
    use = to.use_of(data.root)
    if data.type in REFERENCES and use is not None and use.symbols[-1] in _UPLOADS and use.call is not None:
        return _of_upload(data, use, mode, to)
    if data.type in REFERENCES:
        code = to.source(data.held if data.held is not None else data.root)
        made = code.startswith(f"{to.need('azure.ai.ml', 'Input')}(")
        plain = data.mode == "download" and made and "mode=" not in code
        return f"{code[:-1]}{mode})" if plain else code  # to mount is what SDK v2 does
    parameter = parameter_of(data.root, to)
    if parameter is not None and is_given_input(data.root, to):
        return parameter.arg
    if use is not None and use.call is not None and use.symbol == "DatasetConsumptionConfig":
        inner = use.argument("dataset", position=1)
        followed = follow(inner, to) if inner is not None else None
        if followed is None:
            raise ValueError("the dataset of this input cannot be told")
        wanted = use.argument("mode", position=2)
        text = to.evaluator.text(wanted) if wanted is not None else ""
        mode = f', mode="{_MODES.get(text or "", "download")}"' if text in ("mount", "download") else mode
        if wanted is not None and text is None:
            code = to.source(wanted)
            mode = f', mode={{"mount": "ro_mount"}}.get({code}, {code})'
        return _of_asset(followed, kind or kind_of(data, to), mode, to)
    return _of_asset(data, kind or kind_of(data, to), mode, to)


#: What gives a reference to the files that it uploads.
_UPLOADS = ("Datastore.upload", "Datastore.upload_files")


def _of_upload(data: Data, use: Use, mode: str, to: Rewriter) -> str:
    """The files that went up as a data asset: of several, its folder; of a single file, the one that it is in."""
    from amlbridge.migrate.models.datasets.paths import only_file

    held = to.source(data.held) if data.held is not None else _variable_of(data.root, to) or to.source(data.root)
    path = f'{held}.path.rpartition("/")[0]' if only_file(use, to) is not None else f"{held}.path"
    return f'{to.need("azure.ai.ml", "Input")}(type="uri_folder", path={path}{mode})'


def lists_files(data: Data, to: Rewriter, seen: frozenset[ast.AST] = frozenset()) -> bool:
    """Whether a dataset is an MLTable that lists the files of a FileDataset. ``seen``: the datasets that led to it,
    as one may be registered under the name that it is looked up by."""
    use, led = to.use_of(data.root), seen | {data.root}
    if use is not None and use.symbol.endswith(".register") and use.receiver is not None:
        registered = follow(use.receiver, to)
        return registered is not None and registered.root not in led and lists_files(registered, to, led)
    name = _looked_up(data, to)
    if name is not None:
        made, elsewhere = _registered(name, to), _registered_elsewhere(name, to)
        if made is None:
            return elsewhere is not None and elsewhere.lists_files
        return made.root not in led and lists_files(made, to, led)
    return use is not None and several_files(use, to)


def _of_asset(data: Data, kind: str, mode: str, to: Rewriter) -> str:
    code, make = asset_code(data, to), to.need("azure.ai.ml", "Input")
    parameter = parameter_of(data.root, to)
    if parameter is not None and may_be_unregistered(parameter, to):
        return f'{make}(type="{kind}", path={code}.id or {code}.path{mode})'
    path = f"{code}.id" if not is_unregistered(data, to) else _path_in(code) or f"{code}.path"
    return mixed_input(data.held, code, path, mode, to) or f'{make}(type="{kind}", path={path}{mode})'


def _path_in(code: str) -> str | None:
    """The path that an asset is made with: ``Data(path="a", type="uri_file")`` is not needed for it."""
    made = ast.parse(code, mode="eval").body
    named = made.func if isinstance(made, ast.Call) else None
    if not isinstance(made, ast.Call) or not isinstance(named, ast.Name) or named.id != "Data":
        return None
    given = next((keyword.value for keyword in made.keywords if keyword.arg == "path"), None)
    return ast.get_source_segment(code, given) if given is not None else None


def asset_code(data: Data, to: Rewriter) -> str:
    """The variable that holds the dataset, when there is one; else the dataset itself."""
    if data.held is not None:
        return to.source(data.held)
    if not data.methods and (parameter := parameter_of(data.root, to)) is not None:
        return parameter.arg
    made: list[ast.expr] = [data.root]
    # With its time columns named, a dataset is the same asset.
    made += [call for call, name in zip(data.methods, data.called, strict=True) if name == "with_timestamp_columns"]
    found = next((name for node in reversed(made) if (name := _variable_of(node, to)) is not None), None)
    if found is not None:
        return found
    return to.source(data.root if not data.methods else data.methods[0].func.value)  # type: ignore[attr-defined]


#: Where it is noted that an upload became one to the same path, so that its dataset is no asset.
UPLOADED_BESIDE = "uploaded beside"


def is_unregistered(data: Data, to: Rewriter) -> bool:
    """Whether a dataset is made of files and not registered: it has a path, but no id."""
    use = to.use_of(data.root)
    if data.root not in to.evaluator.scopes.parents:
        return is_of_files(data.root)
    return use is not None and (
        (UPLOADED_BESIDE, use.node) in to.memory
        or ".from_" in use.symbol
        or ".get_file_dataset" in use.symbol
        or use.symbol.rsplit(".", 1)[-1] in SELECTIONS
    )


def _variable_of(made: ast.expr, to: Rewriter) -> str | None:
    """The variable that a dataset is assigned to where it is made."""
    parent = to.evaluator.scopes.parents.get(made)
    if (
        isinstance(parent, ast.Assign)
        and len(parent.targets) == 1
        and isinstance(parent.targets[0], (ast.Name, ast.Attribute))
    ):
        return to.source(parent.targets[0])
    return None


def trained(data: Data, to: Rewriter) -> Use | None:
    """The TrainingOutput that data of a pipeline stands for: the best model or the metrics of a step."""
    use = to.use_of(data.root)
    given = use.argument("training_output") if use is not None and use.call is not None else None
    return to.maker(given)

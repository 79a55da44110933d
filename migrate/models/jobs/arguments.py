"""The arguments of a script become the text of a command, with inputs and outputs declared beside it."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Sequence, Set
from dataclasses import dataclass, field

from amlbridge.migrate.analysis.functions import returns
from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.symbols import lineage
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Code, Instance
from amlbridge.migrate.models.code.additions import Addition, additions, base, grows, is_changed, later, straight
from amlbridge.migrate.models.code.gathered import types_behind
from amlbridge.migrate.models.code.names import identifier, is_name, unique
from amlbridge.migrate.models.code.parameters import parameter_of
from amlbridge.migrate.models.datasets.chosen_paths import chosen_path
from amlbridge.migrate.models.datasets.data import (
    DATASETS,
    INTERMEDIATE,
    REFERENCES,
    Data,
    declared_mode,
    follow,
    given_name,
    input_code,
    kind_of,
    trained,
)
from amlbridge.migrate.models.datasets.destinations import destination_path
from amlbridge.migrate.models.datasets.paths import datastore_path
from amlbridge.migrate.models.pipelines.intermediate_paths import own_store
from amlbridge.migrate.models.pipelines.unlisted_outputs import REVIEW, is_unlisted
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import FUNCTIONS

#: Words that a shell takes as they are.
PLAIN = re.compile(r"^[A-Za-z0-9_./:=,@%+-]+$")
#: A variable of the node, whose value SDK v1 puts into the argument.
_VARIABLE = re.compile(r"^\$(\w+|\{\w+\})$")
#: An input that a word stands for already.
_PLACEHOLDER = re.compile(r"^\$\{\{inputs\.\w+\}\}$")


@dataclass
class Port:
    """An input or output of a command. ``declared``: what the component says of it; ``value``: what a node gets for it
    ("" when it is bound to ``source``: the expression that made the data, or a pipeline parameter)."""

    name: str
    declared: str
    value: str = ""
    source: ast.expr | None = None
    parameter: ast.expr | None = None
    #: The name that a script asks for the input by, and the option of its command line that has the path.
    given: str = ""
    option: str = ""
    #: A plain value: it may stand in the component as its default.
    literal: bool = False
    #: The v2 type of a plain value.
    type: str = ""
    #: A text that may have blanks in it, or be empty.
    quoted: bool = False
    #: The variable of the node that has the output, where it is another than its step's own.
    node: str = ""
    #: The parameter of the pipeline's function that has the data ``source``, where a node takes no data as a value.
    outer: str = ""
    #: The expression of the data between steps, where the step names it first.
    read: ast.expr | None = None
    #: The expression of the data, as text, where ``source`` makes several: ``data["train"]`` and ``data["test"]``.
    held: str = ""


@dataclass
class Arguments:
    """The ports of a command, and the parts of its text: pairs of ("text" or "code", text)."""

    inputs: list[Port] = field(default_factory=list)
    outputs: list[Port] = field(default_factory=list)
    parts: list[tuple[str, str]] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    reviews: list[str] = field(default_factory=list)
    #: What of it is about the data, not about how a component takes its words.
    of_data: list[str] = field(default_factory=list)
    #: The data that the step lists as inputs: it reads that, also where the arguments name it without ``as_input``.
    read: list[ast.expr] = field(default_factory=list)
    #: Whether a shell takes the words apart, so that they may need quotes.
    shell: bool = True
    #: Whether what is added now is text of the line as it is, and not one word.
    verbatim: bool = False
    #: The variable of the inputs that are listed when the code runs, what lists them, and the function for their words.
    run_time: str = ""
    lists: list[str] = field(default_factory=list)
    words: str = ""

    def text(self, text: str) -> None:
        """Adds literal text of the command line."""
        self.parts.append(("text", text))

    def expression(self, code: str) -> None:
        """Adds code whose value is text of the command line."""
        self.parts.append(("code", code))

    def reference(self, port: Port, *, output: bool = False) -> None:
        """Adds the placeholder of a port. Its value comes into the line as it is: a text that a shell may take apart is
        in quotes."""
        placeholder = "${{" + ("outputs" if output else "inputs") + "." + port.name + "}}"
        self.text(f"'{placeholder}'" if port.quoted and self.shell and not self.verbatim else placeholder)

    def code(self, start: str, more: Sequence[tuple[str, str]] = ()) -> str:
        """The code of the whole command line. ``start``: what comes first, as literal text; ``more``: further parts."""
        pieces: list[tuple[str, str]] = []
        parts = [*self.parts, *more]
        spaced = [piece for part in parts for piece in (("text", " "), part)]
        for kind, value in [("text", start), *spaced] if start else spaced[1:]:
            if kind == "text" and pieces and pieces[-1][0] == "text":
                pieces[-1] = ("text", pieces[-1][1] + value)
            else:
                pieces.append((kind, value))
        return " + ".join(literal(value) if kind == "text" else value for kind, value in pieces if value)

    def plain(self, start: str, more: Sequence[tuple[str, str]] = ()) -> str | None:
        """The text of the whole command line, or None when a part of it is code."""
        parts = [("text", start), *self.parts, *more]
        if any(kind == "code" for kind, _text in parts):
            return None
        return " ".join(text for _kind, text in parts if text)


def literal(text: str) -> str:
    """A string literal, broken at blanks into lines that fit."""
    if len(text) <= 76 or "\n" in text:  # two pieces of less than this would stand in one line
        return json.dumps(text, ensure_ascii=False)
    lines: list[str] = []
    for word in re.findall(r"\s*\S+\s*", text):
        if lines and len(lines[-1]) + len(word) <= 68:
            lines[-1] += word
        else:
            lines.append(word)
    quoted = [json.dumps(line, ensure_ascii=False) for line in lines]
    return quoted[0] if len(quoted) == 1 else "(" + "\n".join(quoted) + ")"


def list_elements(node: ast.expr, to: Rewriter) -> list[ast.expr]:
    """The elements of a list that is written out somewhere in the module, also as a sum of lists. What cannot be opened
    is one starred element."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*list_elements(node.left, to), *list_elements(node.right, to)]
    if isinstance(node, ast.Name) and (later := additions(node, to)):
        return _added_to(node, later, to)
    if is_changed(node, to):
        return [ast.Starred(value=node, ctx=ast.Load())]
    inner = to.evaluator.behind(node)
    if inner is not node and grows(inner, to):
        return [ast.Starred(value=node, ctx=ast.Load())]
    if isinstance(inner, (ast.List, ast.Tuple)) and _is_there(inner, node, to):
        found: list[ast.expr] = []
        for element in inner.elts:
            found += list_elements(element.value, to) if isinstance(element, ast.Starred) else [element]
        return found
    if is_none(inner):
        return []
    if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "list" and not inner.args:
        return []
    return [ast.Starred(value=node, ctx=ast.Load())]


def _is_there(listed: ast.expr, at: ast.expr, to: Rewriter) -> bool:
    """Whether a list means the same at a place: not if a function gives it that has others, or names of its own in
    it."""
    scopes = to.evaluator.scopes
    home = scopes.of(listed).node
    if not isinstance(home, FUNCTIONS) or home in scopes.ancestors(at):
        return True
    names = [part for part in ast.walk(listed) if isinstance(part, ast.Name)]
    mine = any(binding.scope.node is home for name in names for binding in scopes.lookup(name.id, name))
    return len(returns(home)) < 2 and not mine


def _added_to(node: ast.Name, found: list[Addition], to: Rewriter) -> list[ast.expr]:
    """The elements of a list that code adds to; the whole as one starred element where it does so in a loop or under a
    condition."""
    made = base(node, to)
    unknown = any(addition.added is None and addition.more is None for addition in found)
    if made is None or made.value is None or unknown or not straight(node, found, to):
        return [ast.Starred(value=node, ctx=ast.Load())]
    elements = list_elements(made.value, to)
    for addition in found:
        if addition.added is not None:
            elements.append(addition.added)
        elif addition.more is not None:
            elements += list_elements(addition.more, to)
    return elements


def check_no_data(node: ast.expr, to: Rewriter, but: Set[str] = frozenset()) -> None:
    """Raises ValueError for a list that is put together at run time and has data in it, of other types than ``but``."""
    if data_in(node, to) - but:
        raise ValueError("arguments with data or parameters of the pipeline among them are put together at run time")


def data_in(node: ast.expr, to: Rewriter) -> set[str]:
    """The types of data, and of parameters of a pipeline, in a list that is put together at run time."""
    inner = to.evaluator.behind(node)
    elements = list(inner.elts) if isinstance(inner, (ast.List, ast.Tuple)) else []
    elsewhere = later(inner, to) if inner is not node else []
    for addition in [*(additions(node, to) if isinstance(node, ast.Name) else ()), *elsewhere]:
        elements += [addition.added] if addition.added is not None else []
        elements += addition.more.elts if isinstance(addition.more, (ast.List, ast.Tuple)) else []
    kinds = {kind for element in elements if (kind := to.evaluator.type_of(element)) is not None}
    kinds |= types_behind(node, to)
    return kinds & (INTERMEDIATE | DATASETS | REFERENCES | {"PipelineParameter"})


def read_arguments(
    nodes: list[ast.expr],
    outputs: list[ast.expr],
    to: Rewriter,
    line: Sequence[ast.expr] = (),
    found: Arguments | None = None,
) -> Arguments:
    """Reads ``arguments=[...]``. ``outputs``: the roots of the data that the step writes; ``line``: what is text of a
    shell's command line as it is, and not one word of it; ``found``: what the arguments are added to."""
    from amlbridge.migrate.models.jobs.formatted import add_formatted, has_data

    found = found if found is not None else Arguments()
    flag = ""
    for node in nodes:
        if has_data(node, to):
            add_formatted(node, outputs, found, to, line=node in line)
            flag = ""
            continue
        found.verbatim = node in line
        text = to.evaluator.text(node) if found.verbatim else None
        if text is None:
            flag = _element(node, flag, outputs, found, to)
        else:
            found.text(text)
            last = text.rsplit(maxsplit=1)[-1:]
            flag = last[0] if last and last[0].startswith("-") else ""
    return found


#: What a shell does not take for a word.
OPERATORS = frozenset({"&&", "||", "|", ";", "&", "<", ">", ">>", "2>", "2>>", "2>&1", "&>", "(", ")", "{", "}", "!"})


def shell_line(command: ast.expr, to: Rewriter) -> tuple[list[ast.expr], list[ast.expr]]:
    """The words of the command of a CommandStep, and those that are text of the command line as they are: SDK v1 takes
    the first one apart, and hands on the others as words. Raises ValueError where it is put together at run time."""
    from amlbridge.migrate.models.jobs.formatted import has_data

    if has_data(command, to):
        return [command], [command]
    words = list_elements(command, to)
    if len(words) == 1 and isinstance(words[0], ast.Starred):
        if to.evaluator.text(command) is None:
            raise ValueError("the command is put together at run time")
        return [command], [command]
    return words, [word for word in words if word is words[0] or to.evaluator.text(word) in OPERATORS]


def _element(node: ast.expr, flag: str, outputs: list[ast.expr], found: Arguments, to: Rewriter) -> str:
    """Takes in one element; returns the flag that the next one belongs to."""
    if isinstance(node, ast.Starred) and found.run_time:
        check_no_data(node.value, to, DATASETS)
        found.lists.append(to.source(node.value))
        found.expression(f"{found.words}({to.source(node.value)}, {found.run_time})")
        return ""
    if isinstance(node, ast.Starred):
        check_no_data(node.value, to)
        words = f"map(str, {to.source(node.value)})"
        join = f"{to.need_module('shlex')}.join" if found.shell and not found.verbatim else '" ".join'
        found.expression(f"{join}({words})")
        return ""
    value = to.evaluator.value(node)
    pair = value.node if isinstance(value, Code) else node
    if isinstance(pair, ast.Tuple) and pair.elts:  # (datapath_parameter, DataPathComputeBinding(...))
        flag = _element(pair.elts[0], flag, outputs, found, to)
        bind(pair, found, to)
        return flag
    if isinstance(value, Instance) and value.type == "PipelineParameter":
        found.reference(parameter_port(node, value, flag, found, to))
        return ""
    data = follow(node, to)
    if data is not None and data.type in INTERMEDIATE | DATASETS | REFERENCES:
        unlisted = is_unlisted(data, flag, to)
        if unlisted:
            found.reviews.append(REVIEW.format(data_name(data, to), flag))
        if unlisted or is_written(data, outputs, found.read) or _is_output(data, flag, found, to):
            found.reference(named_by(node, output_port(data, flag, found, to), to), output=True)
        else:
            found.reference(named_by(node, input_port(data, flag, found, to), to))
        return ""
    if isinstance(value, Instance) and "Datastore" in lineage(value.type):
        found.reference(_whole_datastore(node, flag, found, to))
        return ""
    constant = _constant(node, value)
    if constant is not None:
        text = str(constant.value)
        plain = PLAIN.match(text) or _PLACEHOLDER.match(text) or (found.shell and _VARIABLE.match(text))
        found.text(text if plain else shlex.quote(text))
        if not PLAIN.match(text) and not found.shell:
            found.reviews.append(f"SDK v2 may take the argument {text!r} apart at its blanks, or keep its quotes")
        return text if text.startswith("-") and not text.lstrip("-").isdigit() else ""
    found.reference(literal_port(node, flag, found, to))
    return ""


def _whole_datastore(node: ast.expr, flag: str, found: Arguments, to: Rewriter) -> Port:
    """The port of a datastore itself, which SDK v1 mounted."""
    make, name = to.need("azure.ai.ml", "Input"), unique(identifier(flag or _name_of(node), "data"), found.taken)
    value = f'{make}(type="uri_folder", path={datastore_path(node, None, to)}, mode="ro_mount")'
    port = Port(name, f'{make}(type="uri_folder", mode="ro_mount")', value)
    found.inputs.append(port)
    return port


def bind(pair: ast.Tuple, found: Arguments, to: Rewriter) -> None:
    """Declares how a step gets the path of a parameter, as its DataPathComputeBinding says."""
    use = to.maker(pair.elts[-1])
    mode = use.argument("mode", position=0) if use is not None and use.symbol == "DataPathComputeBinding" else None
    parameter = to.evaluator.value(pair.elts[0])
    origin = parameter.origin if isinstance(parameter, Instance) else None
    for port in found.inputs:
        known = port.parameter is origin and origin is not None
        if known and mode is not None and to.evaluator.text(mode) == "download" and "mode=" not in port.declared:
            port.declared = f'{port.declared[:-1]}, mode="download")'


def named_by(node: ast.expr, port: Port, to: Rewriter) -> Port:
    """The port, which knows what an expression names its data by, without how that is read."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if to.evaluator.type_of(node.func.value) not in INTERMEDIATE:
            break
        node = node.func.value
    if port.read is None:
        port.read = node
    return port


def literal_port(node: ast.expr, flag: str, found: Arguments, to: Rewriter, code: str = "") -> Port:
    """The port of a plain value that only the running code knows. ``code``: it, where it does not stand in the text."""
    name = unique(identifier(flag or _name_of(node), "value"), found.taken)
    code = code or to.source(node)
    kind = type_of_value(node, to)
    port = Port(name, code, code, literal=True, type=kind, quoted=kind == "string" and _may_need_quotes(node, to))
    found.inputs.append(port)
    return port


def _may_need_quotes(node: ast.expr | None, to: Rewriter) -> bool:
    """Whether a text is none that a shell takes for one word: it has blanks, or is not known here."""
    text = to.evaluator.text(node) if node is not None else None
    return text is None or not PLAIN.match(text)


def _constant(node: ast.expr, value: object) -> ast.Constant | None:
    if isinstance(node, ast.Constant):
        return node if node.value is not None else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        number = node.operand.value
        return ast.Constant(-number) if isinstance(node.op, ast.USub) and isinstance(number, (int, float)) else None
    return None


def _name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else "value"


#: What the argument of a folder to write to is called.
_OUTPUT = re.compile(r"(^|[-_])out(put)?s?([-_]|$)|_(out|output)s?$")
_WRITES = "{} is taken for an output, for it is called one: it is an input where the script only reads it"


def _is_output(data: Data, flag: str, found: Arguments, to: Rewriter) -> bool:
    """Whether a step writes to a path of a datastore, as far as the names tell: SDK v1 mounts such a path for both."""
    if data.type != "DataReference" or "as_download" in data.called or parameter_of(data.root, to) is not None:
        return False
    name = flag.lstrip("-") or data_name(data, to)
    if "as_upload" in data.called:
        return True
    if not _OUTPUT.search(name.lower()):
        return False
    found.reviews.append(_WRITES.format(flag or name))
    return True


def is_written(data: Data, outputs: Sequence[ast.expr], inputs: Sequence[ast.expr] = ()) -> bool:
    """Whether a step writes the data, rather than reads it. ``outputs``, ``inputs``: what it lists as such."""
    if data.root in outputs or data.root in inputs:
        return data.root in outputs
    return data.type.startswith(("Output", "HDFSOutput")) and not data.reads


def parameter_port(node: ast.expr, value: Instance, flag: str, found: Arguments, to: Rewriter) -> Port:
    """The port of a pipeline parameter."""
    for port in found.inputs:
        if port.parameter is value.origin and value.origin is not None:
            return port
    name = unique(identifier(flag or _name_of(node), "value"), found.taken)
    origin = value.origin if isinstance(value.origin, ast.expr) else None
    declared = declared_parameter(origin, to)
    quoted = 'type="string"' in declared and _may_need_quotes(_default_of(origin, to), to)
    port = Port(name, declared, parameter=origin, quoted=quoted)
    if origin is None:  # a function gets it as a parameter of its own
        port.value, port.source = to.source(node), node
    found.inputs.append(port)
    return port


def declared_parameter(origin: ast.expr | None, to: Rewriter) -> str:
    """What a component says of a parameter of the pipeline."""
    make = to.need("azure.ai.ml", "Input")
    return f'{make}(type="{type_of_value(_default_of(origin, to), to)}")'


def _default_of(origin: ast.expr | None, to: Rewriter) -> ast.expr | None:
    use = to.use_of(origin) if origin is not None else None
    return use.argument("default_value", position=1) if use is not None else None


def type_of_value(node: ast.expr | None, to: Rewriter) -> str:
    """The v2 type of a literal parameter; "string" where it cannot be told."""
    value = to.evaluator.value(node) if node is not None else None
    if isinstance(value, Instance):
        data = follow(node, to) if node is not None else None
        return kind_of(data, to) if data is not None else "uri_folder"
    inner = value.node if isinstance(value, Code) else node
    if isinstance(inner, ast.UnaryOp):
        inner = inner.operand
    if isinstance(inner, ast.Constant):
        for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number")):
            if isinstance(inner.value, kind):
                return name
    if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name):
        return {"int": "integer", "float": "number", "bool": "boolean"}.get(inner.func.id, "string")
    return _argparse_type(inner, to) or "string"


def _argparse_type(node: ast.expr | None, to: Rewriter) -> str | None:
    """The type that argparse gives ``args.epochs``."""
    if not isinstance(node, ast.Attribute):
        return None
    for call in to.evaluator.calls().get("add_argument", ()):
        names = [to.evaluator.text(argument) or "" for argument in call.args]
        if not any(identifier(name) == node.attr.lower() for name in names):
            continue
        for key in call.keywords:
            if key.arg == "type" and isinstance(key.value, ast.Name):
                return {"int": "integer", "float": "number", "bool": "boolean"}.get(key.value.id, "string")
    return None


def input_port(data: Data, flag: str, found: Arguments, to: Rewriter) -> Port:
    """The port of data that a step reads; the same data twice is one port."""
    if data.type == "DataReference" and (writes := [port for port in found.outputs if port.source is data.root]):
        return writes[0]  # SDK v1 lists as an input what is mounted, also to be written to
    held = ast.dump(data.held) if data.held is not None else ""  # one of several that the same code makes
    for port in found.inputs:
        if port.source is data.root and port.held == held:
            return port
    if data.type in INTERMEDIATE and {"keep_columns", "drop_columns"} & set(data.called):
        raise ValueError("the script of the step reads all columns: keep those that it wants in it")
    named = given_name(data, to)
    given = (to.evaluator.text(named) if named is not None else None) or ""
    # A script that asks for the input by name finds its path in a variable that has the name of the input.
    text = given if is_name(given) else identifier(given or flag or data_name(data, to), "data")
    name = unique(text, found.taken)
    make = to.need("azure.ai.ml", "Input")
    mode = f', mode="{data.mode}"' if data.mode and data.mode != "direct" and data.type in INTERMEDIATE else ""
    if data.type in INTERMEDIATE:
        port = Port(name, f'{make}(type="{model_type(data, to)}"{mode})', source=data.root)
    else:
        parameter = _data_parameter(data, to)
        kind = kind_of(data, to)
        found.of_data += chosen_path(data.methods)
        value = "" if parameter is not None else input_code(data, to)
        mode = declared_mode(data, to) if parameter is not None else ""
        port = Port(name, f'{make}(type="{kind}"{mode})', value, source=data.root, parameter=parameter)
    port.given, port.option, port.held = given, flag, held
    found.inputs.append(port)
    return port


def model_type(data: Data, to: Rewriter) -> str:
    """The v2 type of what a step writes: a model, where it is the one that AutoML or HyperDrive found best."""
    what = trained(data, to)
    if what is None:
        return "uri_folder"
    if what.argument("model_file", position=3) is not None:
        return "uri_file"
    from amlbridge.migrate.models.steps.automl_outputs import OutputsOfAutoML

    return "uri_file" if OutputsOfAutoML.can_follow(to) else "mlflow_model"


def _data_parameter(data: Data, to: Rewriter) -> ast.expr | None:
    """The pipeline parameter that a dataset comes from: ``DatasetConsumptionConfig("x", parameter)``."""
    use = to.use_of(data.root)
    if use is None or use.symbol != "DatasetConsumptionConfig":
        return None
    dataset = use.argument("dataset", position=1)
    value = to.evaluator.value(dataset) if dataset is not None else None
    if isinstance(value, Instance) and value.type == "PipelineParameter" and isinstance(value.origin, ast.expr):
        return value.origin
    return None


def output_port(data: Data, flag: str, found: Arguments, to: Rewriter) -> Port:
    """The port of data that a step writes."""
    for port in found.outputs:
        if port.source is data.root:
            return port
    name = unique(identifier(flag or data_name(data, to), "output"), found.taken)
    port = Port(name, declared_output(data, to), source=data.root, option=flag)
    found.outputs.append(port)
    return port


def declared_output(data: Data, to: Rewriter) -> str:
    """What a component says of what its step writes."""
    parameter = parameter_of(data.root, to)
    if parameter is not None:
        if data.methods:
            raise ValueError("how a step writes what its function gets as a parameter is said where it is made")
        return parameter.arg
    make = to.need("azure.ai.ml", "Output")
    arguments = ['type="uri_folder"']
    use = to.use_of(data.root)
    destination = use.argument("destination") if use is not None else None
    if destination is not None:
        path = destination_path(destination, to)
        arguments += [f"path={path}"] if path is not None else []
    if data.type in REFERENCES and use is not None:
        arguments += _referenced(use, to)
    if data.type == "PipelineData" and use is not None:
        arguments += own_store(use, to)
    for call in data.methods:
        if isinstance(call.func, ast.Attribute) and call.func.attr == "register_on_complete":
            name = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "name"), None)
            if name is not None:
                arguments.append(f"name={to.source(name)}")
    if _is_uploaded(data, use):
        arguments.append('mode="upload"')
    return f"{make}({', '.join(arguments)})"


def _is_uploaded(data: Data, use: Use | None) -> bool:
    """Whether what a step writes is uploaded when it ends, and not written where it lies: ``as_upload``, and
    ``PipelineData(output_mode="upload")``."""
    mode = use.argument("output_mode", position=3) if use is not None and data.type == "PipelineData" else None
    return "as_upload" in data.called or (isinstance(mode, ast.Constant) and mode.value == "upload")


def _referenced(use: Use, to: Rewriter) -> list[str]:
    """The address of a path of a datastore that is written to."""
    from amlbridge.migrate.models.datasets.paths import datastore_path

    made = use.symbol in ("DataReference", "DataPath")
    store = use.argument("datastore", position=0) if made else use.receiver
    inside = use.argument(
        "path_on_datastore", "path", position=(2 if use.symbol == "DataReference" else 1) if made else 0
    )
    return [f"path={datastore_path(store, inside, to, written=True)}"] if store is not None else []


def data_name(data: Data, to: Rewriter) -> str:
    """What the script calls the data: its name, or its variable."""
    parameter = parameter_of(data.root, to)
    if parameter is not None:
        return parameter.arg
    use = to.use_of(data.root)
    if use is not None and data.type != "DataReferenceConfiguration":  # which has no name
        name = use.argument("name", "data_reference_name", position=0 if "DataReference" not in data.type else 1)
        text = to.evaluator.text(name) if name is not None else None
        if text and data.type not in DATASETS:
            return text
    parent = to.evaluator.scopes.parents.get(data.root)
    if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
        return parent.targets[0].id
    return data.root.id if isinstance(data.root, ast.Name) else "data"

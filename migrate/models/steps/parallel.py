"""ParallelRunStep with its ParallelRunConfig as a parallel component."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import cast

from amlbridge.migrate.analysis.literals import unless_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Function, Instance
from amlbridge.migrate.models.code.parameters import makers, parameter_of
from amlbridge.migrate.models.datasets import written_tables
from amlbridge.migrate.models.datasets.data import Data, consumed, default_of, follow, lists_files
from amlbridge.migrate.models.environments.environment import Parts
from amlbridge.migrate.models.jobs.arguments import (
    Arguments,
    Port,
    input_port,
    list_elements,
    output_port,
    read_arguments,
)
from amlbridge.migrate.models.jobs.settings import Settings
from amlbridge.migrate.models.steps.parallel_yaml import settings_of
from amlbridge.migrate.models.steps.steps import Step, reads, take_reuse
from amlbridge.migrate.rewriter import Rewriter

_NAMES = (
    "environment",
    "entry_script",
    "error_threshold",
    "output_action",
    "compute_target",
    "node_count",
    "process_count_per_node",
    "mini_batch_size",
    "source_directory",
    "description",
    "logging_level",
    "run_invocation_timeout",
    "run_max_try",
    "append_row_file_name",
    "allowed_failed_count",
    "allowed_failed_percent",
    "partition_keys",
    "environment_variables",
)
#: Keyword of ParallelRunConfig -> keyword of parallel_run_function with the same meaning.
_SAME = {
    "node_count": "instance_count",
    "process_count_per_node": "max_concurrency_per_instance",
    "mini_batch_size": "mini_batch_size",
    "partition_keys": "partition_keys",
    "error_threshold": "error_threshold",
    "allowed_failed_count": "mini_batch_error_threshold",
    "logging_level": "logging_level",
    "environment_variables": "environment_variables",
}
_ELSEWHERE = "the configuration of the parallel step is made elsewhere"
#: What v1 takes for a mini batch of files if nothing is said; SDK v2 takes one file.
_FILES = '"10"'


@dataclass
class Configuration:
    """A ParallelRunConfig. In a function that only makes one, parameters stand for what the call passes."""

    use: Use
    arguments: dict[str, ast.expr]
    #: The parameter that holds the settings of a configuration which another function makes, as a dict.
    given: str = ""

    def get(self, name: str) -> ast.expr | None:
        """What a keyword is given; None for None as well."""
        return unless_none(self.arguments.get(name))


@dataclass
class ParallelStep(Step):
    """A step that runs a script on mini batches. ``keywords``: those of its component, as code."""

    keywords: list[str] = field(default_factory=list)
    task: list[str] = field(default_factory=list)
    #: The variable of a dict with the rest of the keywords, the task among them.
    rest: str = ""

    def component_code(self, to: Rewriter) -> str:
        """The component, as a call of ``parallel_run_function``."""
        if self.before and not self.arguments.outputs:
            raise ValueError("a parallel step without an output cannot be waited for without data: give it an output")
        make = to.need("azure.ai.ml.parallel", "parallel_run_function")
        inputs = [f'"{port.name}": {port.declared}' for port in self.arguments.inputs]
        for step in self.after:
            inputs.append(f'"after_{step.node}": {to.need("azure.ai.ml", "Input")}(type="uri_folder")')
        outputs = [f'"{port.name}": {port.declared}' for port in self.arguments.outputs]
        keywords = [*self.named(to), f"inputs={{{', '.join(inputs)}}}"]
        if outputs:
            keywords.append(f"outputs={{{', '.join(outputs)}}}")
        keywords += self.keywords
        keywords += self.deterministic()
        if self.rest:
            keywords.append(f"**{self.rest}")
            return f"{make}({', '.join(keywords)})"
        function = to.need("azure.ai.ml.parallel", "RunFunction")
        keywords.append(f"task={function}({', '.join([*self.task[:2], *self._line(), *self.task[2:]])})")
        return f"{make}({', '.join(keywords)})"

    def _line(self) -> list[str]:
        """The keyword of the command line's arguments."""
        words = self.arguments.code("").strip()
        return [f"program_arguments={_stripped(words)}"] if self.arguments.parts else []

    def component_lines(self, to: Rewriter) -> list[str]:
        """What is said of the task that another function makes, before the component is made of it."""
        if not self.rest:
            return []
        added = [*self._line(), *(word for word in self.task if word.startswith("append_row_to"))]
        return [f'{self.rest}["task"].{name} = {code}' for name, _, code in (word.partition("=") for word in added)]

    def make_table(self, port: Port, table: str) -> None:
        """Its rows have no header."""
        raise ValueError("the rows of a parallel step have no header: read its file in a step")

    @property
    def token(self) -> str:
        """Its output is there when it has ended: later steps wait for that."""
        return self.arguments.outputs[0].name


def _stripped(code: str) -> str:
    """The code of a command line without the blank that it begins with."""
    code = code.removeprefix('" " + ')
    return f'"{code[2:]}' if code.startswith('" ') else code


@reads("ParallelRunStep")
def read(use: Use, component: str, node: str, to: Rewriter) -> Step:
    """Reads a call of ParallelRunStep. Raises ValueError where it cannot be read."""
    given = use.argument("parallel_run_config", position=1)
    if given is None:
        raise ValueError("a parallel step needs its configuration")
    config = configuration(given, to)
    output = use.argument("output", position=3)
    written = follow(output, to) if output is not None else None
    passed = use.argument("arguments", position=5)
    nodes = list_elements(passed, to) if passed is not None else []
    roots = [written.root] if written is not None else []
    arguments = read_arguments(nodes, roots, to, found=Arguments(shell=False))
    name = use.argument("name", position=0)
    step = ParallelStep(use, component, node, arguments, Settings(), "", name)
    step.parts.append(config.use.node)
    step.rest = config.given
    split = _inputs(use, step, config, to)
    step.keywords.append(f'input_data="${{{{inputs.{split}}}}}"')
    if written is not None:
        output_port(written, "", arguments, to)
    _settings(step, config, split, to)
    _task(step, config, written is not None, to)
    take_reuse(step, use.argument("allow_reuse", position=6), to)
    return step


def configuration(node: ast.expr, to: Rewriter) -> Configuration:
    """The ParallelRunConfig that an expression stands for. Raises ValueError where it cannot be told."""
    value = to.evaluator.value(node)
    use = to.maker(node)
    is_config = isinstance(value, Instance) and value.type == "ParallelRunConfig"
    if is_config and isinstance(node, ast.Name) and parameter_of(value.origin, to) is not None:  # type: ignore[union-attr]
        return _given(node, cast("Instance", value), to)
    if use is None or use.call is None or value.type != "ParallelRunConfig":  # type: ignore[union-attr]
        raise ValueError(_ELSEWHERE)
    if use.symbol != "ParallelRunConfig":
        return Configuration(use, settings_of(use, to))
    call = _making_call(node, to)
    function = to.evaluator.value(call.func) if call is not None and call is not use.node else None
    if call is None or not isinstance(function, Function):
        return Configuration(use, named(use))
    if function.evaluator is not to.evaluator or not only_makes(function.node, use):
        raise ValueError("the configuration of the parallel step is made in a function that cannot be followed")
    return Configuration(use, _inlined(use, function.node, call))


def _given(node: ast.Name, value: Instance, to: Rewriter) -> Configuration:
    """A configuration that the function gets as a parameter, from a function of this module that makes it."""
    assert value.origin is not None
    made = makers(value.origin, "ParallelRunConfig", to)
    steps = [use for use in to.uses if use.symbol == "ParallelRunStep" and use.call is not None]
    same = [step for step in steps if _origin_of(step, to) is value.origin]
    if len(made) != 1 or len(same) != 1:
        raise ValueError(_ELSEWHERE)
    return Configuration(made[0], named(made[0]), given=node.id)


def _origin_of(step: Use, to: Rewriter) -> ast.AST | None:
    given = step.argument("parallel_run_config", position=1)
    value = to.evaluator.value(given) if given is not None else None
    return value.origin if isinstance(value, Instance) else None


def named(use: Use) -> dict[str, ast.expr]:
    """What a call gives a configuration, by keyword."""
    return {_NAMES[key] if isinstance(key, int) else key: value for key, value in use.arguments().items()}


def _making_call(node: ast.expr, to: Rewriter) -> ast.Call | None:
    """The call that an expression is, or that its variable is assigned."""
    if isinstance(node, ast.Call):
        return node
    if isinstance(node, ast.Name):
        for binding in to.evaluator.scopes.lookup(node.id, node)[:1]:
            if binding.kind == "assign" and isinstance(binding.value, ast.Call):
                return binding.value
    return None


def only_makes(function: ast.FunctionDef | ast.AsyncFunctionDef, use: Use) -> bool:
    """Whether a function does nothing but return what a use makes."""
    body = [s for s in function.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    return len(body) == 1 and isinstance(body[0], ast.Return) and body[0].value is use.node


def _inlined(use: Use, function: ast.FunctionDef | ast.AsyncFunctionDef, call: ast.Call) -> dict[str, ast.expr]:
    """The arguments of a configuration in a function, with what a call of the function passes."""
    names = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
    if any(isinstance(argument, ast.Starred) for argument in call.args) or len(call.args) > len(names):
        raise ValueError("the configuration of the parallel step is made in a function that cannot be followed")
    passed = dict(zip(names, call.args, strict=False))
    positional = [*function.args.posonlyargs, *function.args.args]
    defaults = function.args.defaults
    for arg, default in zip(positional[len(positional) - len(defaults) :], defaults, strict=True):
        passed.setdefault(arg.arg, default)
    for arg, option in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True):
        if option is not None:
            passed.setdefault(arg.arg, option)
    rest: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise ValueError("the configuration of the parallel step is made in a function that cannot be followed")
        (passed if keyword.arg in names else rest)[keyword.arg] = keyword.value
    found: dict[str, ast.expr] = {}
    assert use.call is not None
    given = [*zip(_NAMES, use.call.args, strict=False), *((key.arg, key.value) for key in use.call.keywords)]
    for name, value in given:
        if name is None:
            if not (isinstance(value, ast.Name) and function.args.kwarg and value.id == function.args.kwarg.arg):
                raise ValueError("keywords of the parallel step come from a dict that is not literal")
            found.update(rest)
        else:
            found[name] = _substituted(value, passed, names)
    return found


def _substituted(value: ast.expr, passed: dict[str, ast.expr], names: list[str]) -> ast.expr:
    if isinstance(value, ast.Name) and value.id in passed:
        return passed[value.id]
    if any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(value)):
        raise ValueError("the configuration of the parallel step is made in a function that cannot be followed")
    return value


def _inputs(use: Use, step: ParallelStep, config: Configuration, to: Rewriter) -> str:
    """Declares the inputs. Returns the name of the one that is split into mini batches."""
    listed, side = use.argument("inputs", position=2), use.argument("side_inputs", position=4)
    elements = list_elements(listed, to) if listed is not None else []
    if len(elements) != 1:
        raise ValueError("SDK v2 splits one input of a parallel step: make a step for each of them")
    found = ""
    for element in [*elements, *(list_elements(side, to) if side is not None else [])]:
        data = follow(element, to) if not isinstance(element, ast.Starred) else None
        if data is None:
            raise ValueError("an input of the step cannot be told")
        port = input_port(data, "", step.arguments, to)
        if not found:
            found = port.name
            if data.rows:
                step.rows[data.root] = written_tables.definition(data, to)
                port.declared = port.declared.replace('"uri_folder"', '"mltable"')
            if 'type="mltable"' in port.declared:
                mode = "direct" if config.get("partition_keys") is not None else _mode(data, to)
                port.declared = f'{to.need("azure.ai.ml", "Input")}(type="mltable", mode="{mode}")'
    return found


def _mode(data: Data, to: Rewriter) -> str:
    """How a step gets what it splits: the rows of a table, or the files that an MLTable lists, mounted as in SDK v1."""
    used = to.use_of(data.root)
    inner = None
    if used is not None and used.symbol == "DatasetConsumptionConfig":
        inner = used.argument("dataset", position=1)
    dataset = follow(default_of(inner, to), to) if inner is not None else data
    if dataset is None or not lists_files(dataset, to):
        return "direct"
    return "eval_download" if consumed(dataset, data, to).mode == "download" else "eval_mount"


def _settings(step: ParallelStep, config: Configuration, split: str, to: Rewriter) -> None:
    environment = config.get("environment")
    step.settings.environment = Parts().code(to) if environment is None else to.source(environment)
    table = any(port.name == split and 'mode="direct"' in port.declared for port in step.arguments.inputs)
    default = "" if table or config.get("partition_keys") is not None else f"mini_batch_size={_FILES}"
    if not config.given:
        step.keywords += keywords(config, step.reviews, to, default)
    elif default and config.get("mini_batch_size") is None:
        step.keywords.append(default)


def keywords(config: Configuration, reviews: list[str], to: Rewriter, default: str = "") -> list[str]:
    """The keywords of ``parallel_run_function`` that a configuration has, but for the task. ``default``: that of the
    mini batches when the configuration says nothing of them."""
    from amlbridge.migrate.rules.computes import compute_of

    found = []
    target = config.get("compute_target")
    if target is not None:
        found.append(f"compute={compute_of(target, to)}")
    for old, new in _SAME.items():
        value = config.get(old)
        if value is not None:
            code = _plain(value, old, reviews, to)
            found.append(f"{new}={_as_text(code) if old == 'mini_batch_size' else code}")
        elif old == "mini_batch_size" and default:
            found.append(default)
    retry = []
    tries, timeout = config.get("run_max_try"), config.get("run_invocation_timeout")
    if tries is not None:
        known = isinstance(tries, ast.Constant) and isinstance(tries.value, int)
        code = str(tries.value - 1) if known else f"{_plain(tries, 'run_max_try', reviews, to)} - 1"  # type: ignore[attr-defined]
        retry.append(f'"max_retries": {code}')
    if timeout is not None:
        retry.append(f'"timeout": {_plain(timeout, "run_invocation_timeout", reviews, to)}')
    if retry:
        found.append(f"retry_settings={{{', '.join(retry)}}}")
    return found


def _as_text(code: str) -> str:
    """The code of the size of a mini batch, which SDK v2 takes as a text only, and SDK v1 as a number, too."""
    node = ast.parse(code, mode="eval").body
    if isinstance(node, ast.Constant):
        return code if node.value is None or isinstance(node.value, str) else f'"{code}"'
    return code if isinstance(node, ast.JoinedStr) else f"str({code})"


def as_dict(config: Configuration, reviews: list[str], to: Rewriter) -> str:
    """The settings of a configuration as a dict that another function gives ``parallel_run_function``."""
    function = to.need("azure.ai.ml.parallel", "RunFunction")
    environment = config.get("environment")
    code = Parts().code(to) if environment is None else to.source(environment)
    task = f"{function}({', '.join([*_code(config, to), f'environment={code}'])})"
    pairs = (keyword.partition("=") for keyword in [*keywords(config, reviews, to), f"task={task}"])
    return f"{{{', '.join(f'{name!r}: {value}' for name, _, value in pairs)}}}"


def _code(config: Configuration, to: Rewriter) -> list[str]:
    """The keywords of a task for its folder and its script."""
    folder, script = config.get("source_directory"), config.get("entry_script")
    if script is None:
        raise ValueError("the entry script of the parallel step cannot be told")
    code = to.source(folder) if folder is not None else '"."'
    return [f"code={code}", f"entry_script={to.source(script)}"]


def _plain(node: ast.expr, name: str, reviews: list[str], to: Rewriter) -> str:
    """A setting; where it is a parameter of the pipeline, its default."""
    if to.evaluator.type_of(node) != "PipelineParameter":
        return to.source(node)
    use = to.maker(node)
    default = use.argument("default_value", position=1) if use is not None else None
    if default is None:
        raise ValueError(f"{name} is a parameter of the pipeline, which SDK v2 cannot bind")
    reviews.append(f"{name} was a parameter of the pipeline: SDK v2 takes a value here, its default")
    return to.source(default)


def _task(step: ParallelStep, config: Configuration, has_output: bool, to: Rewriter) -> None:
    step.task = [*_code(config, to), f"environment={step.settings.environment}"]
    action = config.get("output_action")
    text = to.evaluator.text(action) if action is not None else "append_row"
    if text is None:
        step.reviews.append("output_action is decided at run time: append_row is assumed")
    if text != "summary_only" and has_output:
        step.task.append(f'append_row_to="${{{{outputs.{_output(step, to)}}}}}"')
    for name in ("append_row_file_name", "allowed_failed_percent"):
        value = config.get(name)
        if value is not None and text != "summary_only":
            if config.given and not isinstance(value, ast.Constant):
                raise ValueError(f"{name} of a configuration that is made elsewhere has to be a literal")
            step.arguments.text(f"--{name}")
            words = read_arguments([value], [], to, found=Arguments(shell=False))
            step.arguments.parts += words.parts
            step.arguments.inputs += words.inputs


def _output(step: ParallelStep, to: Rewriter) -> str:
    """The port that the rows go to: that of ``output=``, which may be among the arguments as well."""
    written = step.use.argument("output", position=3)
    data = follow(written, to) if written is not None else None
    port = step.writes(data.root) if data is not None else None
    if port is None:
        raise ValueError("the output of the parallel step cannot be told")
    return port.name

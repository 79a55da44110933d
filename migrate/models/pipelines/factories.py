"""Steps that a function of the module makes: each of its calls is a node of its own.

The function gives the component; the data and the parameters of the pipeline that it got for the step go to the node,
in the function of the pipeline::

    def make_train(data, rate):                            def make_train(rate):
        return PythonScriptStep(arguments=[data, rate])        return command(inputs={"data": ...})

    train = make_train(clean, 0.1)                         train = make_train(0.1)
                                                           ... train_node = train(data=prepare.outputs.clean)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.functions import argument_of, returns
from amlbridge.migrate.analysis.handed import Handed
from amlbridge.migrate.analysis.values import Function, Instance
from amlbridge.migrate.models.code.names import node_name
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.code.parameters import parameter_of
from amlbridge.migrate.models.datasets.data import DATASETS, INTERMEDIATE, REFERENCES, follow, input_code, kind_of
from amlbridge.migrate.models.jobs.arguments import Port, declared_output, declared_parameter
from amlbridge.migrate.text.trees import FUNCTIONS, LOOPS, only_target

if TYPE_CHECKING:
    from amlbridge.migrate.models.pipelines.flow import Flow
    from amlbridge.migrate.models.steps.steps import Step

_DATA = INTERMEDIATE | DATASETS | REFERENCES


@dataclass
class Factory:
    """A function that makes one step and gives it. ``ports``: its parameters for data and for parameters of the
    pipeline, and the ports of the step that they are; ``pairs``: what it returns where that is the step and its
    data."""

    function: ast.FunctionDef | ast.AsyncFunctionDef
    template: Step
    calls: list[ast.Call]
    ports: dict[str, list[Port]] = field(default_factory=dict)
    pairs: list[ast.Tuple] = field(default_factory=list)


def expand(flow: Flow) -> dict[ast.Call, Step]:
    """The steps that calls of functions make, where all calls of the function can be followed; the functions and calls
    lose the parameters that go to the nodes."""
    found: dict[ast.Call, Step] = {}
    if not any(use.symbol == "Pipeline" for use in flow.to.uses) and not Handed.of(flow.to.evaluator).steps:
        return found  # no function of a pipeline is written here that could take the data
    for template in list(flow.steps.values()):
        try:
            factory = _factory(template, flow)
            made = {call: _instance(call, factory, flow) for call in factory.calls} if factory is not None else {}
            _check_written([*found.values(), *made.values()])
        except ValueError:
            continue  # the steps stay where they are made, which the pipeline says when it is asked
        if factory is None:
            continue
        template.before, template.after = [], []
        found |= made
        flow.factories.append(factory)
    return found


def _factory(template: Step, flow: Flow) -> Factory | None:
    to, scopes = flow.to, flow.to.evaluator.scopes
    around = scopes.ancestors(template.use.node)
    function = next((node for node in around if isinstance(node, (*FUNCTIONS, *LOOPS))), None)
    if not isinstance(function, FUNCTIONS) or isinstance(scopes.parents.get(function), ast.ClassDef):
        return None
    pairs, given = [], returns(function)
    for returned in given:
        first = returned.elts[0] if isinstance(returned, ast.Tuple) and returned.elts else returned
        value = to.evaluator.value(first)
        if not isinstance(value, Instance) or value.origin is not template.use.node:
            return None
        pairs += [returned] if isinstance(returned, ast.Tuple) else []
    calls = list(_calls(function, flow)) if given else []
    if function in flow.apart or not calls:
        return None
    if not template.is_command or function.decorator_list or function.name in to.read_elsewhere():
        return None
    found = Factory(function, template, calls, pairs=pairs)
    for port in [*template.arguments.inputs, *template.arguments.outputs]:
        parameter = _parameter(port, function, flow)
        if parameter is not None:
            found.ports.setdefault(parameter, []).append(port)
        elif not port.literal and not _is_seen_outside(port, function, flow):
            raise ValueError("data of the step is known only in the function that makes it")
    passed = [port for ports in found.ports.values() for port in ports]
    if len(calls) > 1 and any(port not in passed for port in template.arguments.outputs):
        raise ValueError("several steps write the same data")
    if template.rows:
        raise ValueError("its data is described as a table by the step that writes it")
    _check_parameters(found, flow)
    return found


def _calls(function: ast.FunctionDef | ast.AsyncFunctionDef, flow: Flow) -> Iterator[ast.Call]:
    """The calls of a function. Raises ValueError where it is used in another way."""
    evaluator = flow.to.evaluator
    for name in Objects.of(flow.to).reads(function.name):
        value = evaluator.value(name)
        if not isinstance(value, Function) or value.node is not function:
            continue
        call = evaluator.scopes.parents.get(name)
        if not isinstance(call, ast.Call) or call.func is not name:
            raise ValueError("the function that makes the step is handed on")
        yield call


def _parameter(port: Port, function: ast.AST, flow: Flow) -> str | None:
    """The parameter of the function that a port is bound to."""
    source = port.source if port.source is not None else port.parameter
    if port.literal or source is None:
        return None
    value = flow.to.evaluator.value(source) if isinstance(source, ast.expr) else None
    origin = value.origin if isinstance(value, Instance) else None
    argument = parameter_of(source, flow.to) or (
        origin if isinstance(origin, ast.arg) else parameter_of(origin, flow.to)
    )
    bindings = flow.to.evaluator.scopes.of(function.body[0]).bindings  # type: ignore[attr-defined]
    given = argument.arg if argument is not None else ""
    return given if any(binding.node is argument for binding in bindings.get(given, ())) else None


def _is_seen_outside(port: Port, function: ast.AST, flow: Flow) -> bool:
    """Whether what a port is bound to has a name outside of the function, or stands for data that the step writes."""
    made = port.source if port.source is not None else port.parameter
    if made is None:
        return False
    inside = function in flow.to.evaluator.scopes.ancestors(made)
    return not inside or port in _written(port, flow)


def _written(port: Port, flow: Flow) -> list[Port]:
    return [output for step in flow.steps.values() for output in step.arguments.outputs if output is port]


def _check_parameters(factory: Factory, flow: Flow) -> None:
    """Raises ValueError where a function does more with its data than to give it to the step."""
    arguments = factory.function.args
    plain = not (arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg or arguments.kwarg)
    if factory.ports and not plain:
        raise ValueError("parameters that are told apart by their place")
    scopes = flow.to.evaluator.scopes
    for name in factory.ports:
        for node in Objects.of(flow.to).reads(name):
            around = list(scopes.ancestors(node))
            pair = any(node in ast.walk(returned) for returned in factory.pairs)
            if factory.function in around and factory.template.use.node not in around and not pair:
                raise ValueError("the function does more with its data")


def _instance(call: ast.Call, factory: Factory, flow: Flow) -> Step:
    """The step that a call makes. Raises ValueError where what the call passes cannot be told."""
    if factory.ports and any(isinstance(argument, ast.Starred) for argument in call.args):
        raise ValueError("positional arguments come from a list")
    if factory.ports and any(keyword.arg is None for keyword in call.keywords):
        raise ValueError("keywords come from a dict")
    template, to = factory.template, flow.to
    variable = _variable(call, factory, flow)
    node = to.fresh(node_name(f"{variable}_node") if variable else template.node)
    arguments = replace(template.arguments)
    arguments.inputs = [_bound(port, call, factory, flow) for port in template.arguments.inputs]
    arguments.outputs = [_bound(port, call, factory, flow) for port in template.arguments.outputs]
    said = []
    for port in arguments.outputs:
        if port.declared not in ('Output(type="uri_folder")', "") and _parameter_named(port, factory):
            said.append(f"{node}.outputs.{port.name} = {port.declared}")
    return replace(
        template,
        arguments=arguments,
        component=variable,
        node=node,
        given=True,
        call=call,
        said=said,
        after=[],
        before=[],
    )


def _check_written(steps: list[Step]) -> None:
    """Raises ValueError when steps write the same data: which one a reader means cannot be told."""
    written = [port.source for step in steps for port in step.arguments.outputs]
    if any(written.count(source) > 1 for source in written):
        raise ValueError("several steps write the same data")


def _variable(call: ast.Call, factory: Factory, flow: Flow) -> str:
    """The variable that holds the step of a call; "" where it has none."""
    scopes = flow.to.evaluator.scopes
    parent = scopes.parents.get(call)
    target = only_target(parent)
    if factory.pairs:
        target = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else None
        if target is None:
            raise ValueError("the step and its data are not told apart where they are made")
    if not isinstance(target, ast.Name):
        return ""
    if len(scopes.of(target).bindings.get(target.id, ())) != 1:
        raise ValueError("a variable holds several steps")
    return target.id


def _parameter_named(port: Port, factory: Factory) -> bool:
    return any(own.name == port.name for ports in factory.ports.values() for own in ports)


def _bound(port: Port, call: ast.Call, factory: Factory, flow: Flow) -> Port:
    """A port of a step's own: bound to what its call passes."""
    name = next((name for name, ports in factory.ports.items() if port in ports), None)
    if name is None:
        return replace(port)
    to = flow.to
    given = argument_of(call, factory.function.args, name, bound=False)
    if given is None:
        raise ValueError("data of the step is not passed")
    value = to.evaluator.value(given)
    if isinstance(value, Instance) and value.type == "PipelineParameter" and isinstance(value.origin, ast.expr):
        return replace(
            port, declared=declared_parameter(value.origin, to), parameter=value.origin, source=None, value=""
        )
    is_parameter = port.source is not None and to.evaluator.type_of(port.source) == "PipelineParameter"
    if is_parameter and not isinstance(value, Instance):  # this call has a plain value for it
        return replace(port, declared="", parameter=None, source=None, value=to.source(given))
    data = follow(given, to) if to.evaluator.type_of(given) in _DATA else None
    if data is None:
        raise ValueError("data of the step cannot be told")
    if port in factory.template.arguments.outputs:
        return replace(port, declared=declared_output(data, to), source=data.root)
    if data.type in INTERMEDIATE:
        return replace(port, source=data.root, parameter=None, value="")
    make = to.need("azure.ai.ml", "Input")
    declared = f'{make}(type="{kind_of(data, to)}")'
    return replace(port, declared=declared, source=data.root, parameter=None, value=input_code(data, to))


def complete(factory: Factory, flow: Flow) -> None:
    """Says in the component what the nodes have found out: of its ports what is the same for all, and their order."""
    steps = [flow.instances[call] for call in factory.calls]
    factory.template.ordered = any(step.before for step in steps)
    factory.template.waiting = max(len(step.after) for step in steps)
    template = factory.template.arguments
    for index, port in enumerate(template.inputs):
        found = {step.arguments.inputs[index].declared for step in steps} - {""}
        if len(found) == 1 and not port.literal:
            port.declared = found.pop()
    for port in template.outputs:
        if any(port in ports for ports in factory.ports.values()):
            port.declared = f'{flow.to.need("azure.ai.ml", "Output")}(type="uri_folder")'


def shorten(factory: Factory, flow: Flow) -> None:
    """Takes the parameters that go to the nodes out of a function and its calls."""
    to = flow.to
    arguments = [argument for argument in factory.function.args.args if argument.arg in factory.ports]
    to.dropped.update(arguments)
    for pair in factory.pairs:
        to.rename(pair, factory.template.component)
    for call in factory.calls:
        gone = [argument_of(call, factory.function.args, argument.arg, bound=False) for argument in arguments]
        if arguments:
            to.rename(call, lambda call=call, gone=gone: _shortened(call, gone, flow))  # type: ignore[misc]
        parent = to.evaluator.scopes.parents.get(call)
        if factory.pairs and isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Tuple):
            to.rename(parent.targets[0], to.lines.source(parent.targets[0].elts[0]))


def _shortened(call: ast.Call, gone: list[ast.expr | None], flow: Flow) -> str:
    source = flow.to.source
    kept = [source(argument) for argument in call.args if argument not in gone]
    kept += [source(keyword) for keyword in call.keywords if keyword.value not in gone]
    return f"{source(call.func)}({', '.join(kept)})"

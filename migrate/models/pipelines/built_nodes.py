"""The new code of pipelines whose steps are made by code that runs (models/pipelines/building.py)."""

from __future__ import annotations

import ast
from dataclasses import replace

from amlbridge.migrate import traced
from amlbridge.migrate.analysis.made_elsewhere import elsewhere_made, parameters_of, steps_of
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Function
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.code.names import identifier, unique
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.jobs.arguments import Port
from amlbridge.migrate.models.pipelines.building import Building, Buildings, Search
from amlbridge.migrate.models.pipelines.building_checks import check, check_function
from amlbridge.migrate.models.pipelines.conditions import Conditions
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.models.pipelines.handed_pipelines import given_steps
from amlbridge.migrate.models.pipelines.reach import check_reach
from amlbridge.migrate.models.pipelines.returned_pipelines import returning
from amlbridge.migrate.models.steps.steps import Step
from amlbridge.migrate.registry import Outcome, Replace, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.moved import body_mark, end_mark, start_mark

_REVIEW = "its steps are made when the function of the pipeline runs: each call of it makes them anew"
_OUTPUT = "the pipeline gives its output {} no more: return it from the function with @dsl.pipeline"


def find_buildings(flow: Flow) -> set[ast.AST]:
    """Looks for the pipelines whose steps cannot be listed, but whose code can move. Returns the functions that it
    calls."""
    buildings = flow.to.memory.setdefault("buildings", Buildings(flow.to))
    assert isinstance(buildings, Buildings)
    search = Search(flow)
    for use in flow.to.uses:
        if use.symbol != "Pipeline" or use.call is None or _is_listed(use, flow):
            continue
        try:
            listed = use.argument("steps", position=1)
            building = search.find(use, listed, len(buildings.found) + 1) if listed is not None else None
            if building is None:
                continue
            check(building, search)
        except ValueError as error:
            buildings.failed[use.node] = str(error)
            continue
        members = [*(step.use.node for step in building.steps), *building.elsewhere]
        made = [steps_of(found) for call in building.elsewhere if (found := elsewhere_made(flow.to.evaluator, call))]
        if any(node in flow.to.attempt.kept for steps in made for node in steps):
            flow.to.attempt.keep(use.node, None)
        for name in building.renamed:
            assert isinstance(name, ast.Name)
            flow.to.rename(name, f"{name.id.removesuffix('_step')}_node")
        if flow.to.is_kept(use) or any(node in flow.to.attempt.kept for node in [*members, *building.data]):
            for node in [use.node, *members, *building.data]:
                flow.to.attempt.keep(node, None)
            continue
        buildings.found.append(building)
    _keep_others(buildings, flow)
    _find_functions(buildings, search)
    return {function for building in buildings.found for function in building.functions}


def _keep_others(buildings: Buildings, flow: Flow) -> None:
    """Calls of functions of other modules that make steps, where no pipeline's function calls them."""
    inside = {call for building in buildings.found for call in building.elsewhere}
    for calls in flow.to.evaluator.calls().values():
        for call in calls:
            if call not in inside and elsewhere_made(flow.to.evaluator, call) is not None:
                flow.to.attempt.keep(call, None)


def _find_functions(buildings: Buildings, search: Search) -> None:
    """The functions that make steps for the pipelines of other modules: their steps are nodes where they are made."""
    to = search.to
    if any(use.symbol == "Pipeline" for use in to.uses):
        return
    for function in to.evaluator.tree.body:
        if not isinstance(function, ast.FunctionDef) or not steps_of(Function(function, to.evaluator)):
            continue
        callers = [home for arg in function.args.args for home, _ in to.evaluator.given(function, arg.arg)]
        if not any("Pipeline" in home.calls() for home in callers if home is not to.evaluator):
            continue
        building = Building(len(buildings.found) + 1, None, None, [], search.called([function]) or [])
        building.functions.append(function)
        try:
            check_function(building, function, search)
        except ValueError as error:
            buildings.stuck |= dict.fromkeys(steps_of(Function(function, to.evaluator)), str(error))
            continue
        members = [*(step.use.node for step in building.steps), *building.data]
        if any(node in to.attempt.kept for node in members):
            for node in members:
                to.attempt.keep(node, None)
            continue
        buildings.found.append(building)
        add_parameters(function, to)


def _is_listed(use: Use, flow: Flow) -> bool:
    """Whether the steps of a pipeline can be told, and their components called in its function."""
    to = flow.to
    try:
        listed = use.argument("steps", position=1)
        if listed is None or traced.of_call(listed, to) is not None:
            return True
        if given_steps(listed, use, to) is not None or returning(listed, to) is not None:
            return True
        steps = flow.closure(flow.listed(listed))
        for step in steps:
            if not step.given:
                check_reach(step.use.node, use.node, to)
        Conditions(listed, use.node, steps, flow)
    except ValueError:
        return False
    return True


def step_code(building: Building, step: Step, to: Rewriter) -> Outcome:
    """The node of a step, where the step was made."""
    statement = to.evaluator.scopes.statement_of(step.use.node)
    assert statement is not None
    variable = _target(step, to)
    nested = isinstance(to.evaluator.scopes.parents.get(step.use.node), (ast.ListComp, ast.GeneratorExp))
    node, component = _names(step, variable, to)
    arguments = replace(step.arguments)
    lines: list[str] = []
    more: list[str] = []
    if arguments.run_time and arguments.words:  # of data that no step writes
        lines += step.component_lines(to)
    elif arguments.run_time:
        listed = ", ".join(f"*{code}" for code in dict.fromkeys(arguments.lists))
        one = arguments.lists[0] if len(set(arguments.lists)) == 1 else f"[{listed}]"
        lines.append(f'{arguments.run_time} = {{f"data_{{number}}": data for number, data in enumerate({one})}}')
        more.append(f"**{arguments.run_time}")
        make = to.need("azure.ai.ml", "Input")
        arguments.run_time = f'{{name: {make}(type="uri_folder") for name in {arguments.run_time}}}'
    step = replace(step, arguments=arguments, node=node, component=component)
    in_file = step.file(to) is not None
    ports = [port for port in arguments.inputs if in_file or not port.literal]
    bound = [*(f"{port.name}={_bound(port, to)}" for port in ports), *more]
    if nested:
        return Replace(f"{step.component_code(to)}({', '.join(bound)})", step.review)
    lines += [f"{component} = {step.component_code(to)}", *step.node_lines(bound, to)]
    if in_file and step.settings.compute:
        lines.append(f"{node}.compute = {step.settings.compute}")
    lines += [f"{_code(port, to)} = {node}.outputs.{port.name}" for port in arguments.outputs]
    lines += _late_collections(building, step, to)
    made = "\n".join(lines)
    reviews = [step.review, *_lost_outputs(step, to)]
    review = together(reviews)
    if variable is not None:
        return Statements(made, review)
    to.before(statement, made)
    if statement in building.spent:
        return _instead(statement, "", review, to)
    return Replace(node, review)


def _late_collections(building: Building, step: Step, to: Rewriter) -> list[str]:
    """The statements that make collections of what a step writes; those that only steps read go."""
    scopes = to.evaluator.scopes
    found = []
    for statement, made in building.early.items():
        if made is not step.use.node:
            continue
        to.remove(statement)
        assert isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
        name = statement.targets[0].id
        reads = [node for node in Objects.of(to).reads(name) if scopes.of(node) is scopes.of(statement)]
        in_steps = {step.use.node for step in building.steps}
        if any(in_steps.isdisjoint(scopes.ancestors(node)) for node in reads):
            found.append(to.lines.source(statement))
    return found


def _names(step: Step, variable: str | None, to: Rewriter) -> tuple[str, str]:
    """The variables of a node and its component, which the function that makes the step has not yet."""
    scopes = to.evaluator.scopes
    scope = scopes.of(scopes.statement_of(step.use.node) or step.use.node)
    key = ("names of nodes", scope)
    taken = to.memory.setdefault(key, set(scope.bindings))
    assert isinstance(taken, set)
    base = step.display_name
    text = (to.evaluator.text(base) if base is not None else None) or "step"
    stem = variable.rpartition(".")[2] if variable is not None and variable.replace(".", "").isidentifier() else ""
    stem = (stem or identifier(text, "step")).removesuffix("_step").removesuffix("Step") or "step"
    component = unique(f"{stem}_component", taken)
    return variable or unique(stem, taken), component


def _instead(statement: ast.stmt, code: str, review: str, to: Rewriter) -> Outcome:
    to.replace_statement(statement, code)
    return Statements(code, review)


def _target(step: Step, to: Rewriter) -> str | None:
    """The code of what holds a step where it is made."""
    parent = to.evaluator.scopes.parents.get(step.use.node)
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1 and not isinstance(parent.targets[0], ast.Tuple):
        return to.source(parent.targets[0])
    return None


def _code(port: Port, to: Rewriter) -> str:
    assert port.read is not None
    return to.source(port.read)


def _bound(port: Port, to: Rewriter) -> str:
    from amlbridge.migrate.models.datasets.data import INTERMEDIATE
    from amlbridge.migrate.rules.pipelines import parameter_name

    if port.parameter is not None:
        return parameter_name(port.parameter, to)
    if port.read is not None and to.evaluator.type_of(port.read) in INTERMEDIATE:
        return _code(port, to)
    if not port.value:
        raise ValueError(f"no step of the pipeline writes the input {port.name}")
    return port.value


def _lost_outputs(step: Step, to: Rewriter) -> list[str]:
    """The outputs of the pipeline that its function does not return."""
    found = []
    for port in step.arguments.outputs:
        use = to.use_of(port.source) if port.source is not None else None
        name = use.argument("pipeline_output_name") if use is not None else None
        if name is not None:
            found.append(_OUTPUT.format(to.evaluator.text(name) or "of a step"))
    return found


def pipeline_code(building: Building, to: Rewriter) -> Outcome:
    """The function of the pipeline, which the code moves into."""
    from amlbridge.migrate.rules.pipelines import function_head

    use = building.use
    assert use is not None and building.listed is not None
    variable = Objects.of(to).variable(use.node)
    name = variable.id if variable is not None else to.fresh("pipeline_function")
    block = to.evaluator.scopes.block(use.statement) or []
    for statement in reversed(building.statements):
        _mark(statement, start_mark(building.number), to)
        _mark(block[block.index(statement) + 1], end_mark(building.number), to)
    for statement in building.spent:
        _shorten(statement, to)
    more = hand_parameters(building, to)
    head = function_head(name, use, building.steps, to, handed=building.handed, more=more)
    to.memory["handed parameters", use.node] = (tuple(building.handed), more)
    own = [f"    {line}" for code in _listed_code(building.listed, to) for line in code.split("\n")]
    code = "\n".join([*head, f"    pass  {body_mark(building.number)}", *own])
    to.memory["pipeline", use.node] = building.steps
    if variable is not None:
        return Statements(code, _REVIEW)
    to.before(use.statement, code)
    return Replace(name, _REVIEW)


def add_parameters(function: ast.FunctionDef, to: Rewriter) -> None:
    """Gives a function the parameters of the pipeline that it made itself."""
    found = parameters_of(Function(function, to.evaluator))
    added = to.memory.setdefault("added parameters", {})
    assert isinstance(added, dict)
    if found:
        added[function.args] = [f"{identifier(name)}={to.lines.source(default)}" for name, default in found.items()]


def hand_parameters(building: Building, to: Rewriter) -> tuple[str, ...]:
    """The parameters of the pipeline that functions of other modules take, with their defaults; their calls pass
    them."""
    found: dict[str, str] = {}
    for call in building.elsewhere:
        function = elsewhere_made(to.evaluator, call)
        given = parameters_of(function) if function is not None else {}
        found |= {identifier(name): ast.unparse(default) for name, default in given.items()}
        names = [identifier(name) for name in given]
        if names:
            to.rename(call, lambda call=call, names=names: _extended(call, names, to))  # type: ignore[misc]
    return tuple(f"{name}={default}" for name, default in found.items())


def _extended(call: ast.Call, names: list[str], to: Rewriter) -> str:
    given = [*map(to.source, call.args), *map(to.source, call.keywords), *(f"{name}={name}" for name in names)]
    return f"{to.source(call.func)}({', '.join(given)})"


def _mark(statement: ast.stmt, comment: str, to: Rewriter) -> None:
    """Puts a comment above a statement and all that is inserted there."""
    to.before(statement, comment)
    to.inserted[statement].insert(0, to.inserted[statement].pop())


def _shorten(statement: ast.stmt, to: Rewriter) -> None:
    """A list of steps goes; what is appended to it is made."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        argument = statement.value.args[-1]
        if isinstance(argument, ast.Call) and isinstance(argument.func, (ast.Name, ast.Attribute)):
            if to.use_of(argument) is None:
                to.replace_statement(statement, to.source(argument))
            return
    to.remove(statement)


def _listed_code(listed: ast.expr, to: Rewriter) -> list[str]:
    """The statements that make the steps which the list of the pipeline makes itself."""
    if isinstance(listed, (ast.List, ast.Tuple)):
        return [code for element in listed.elts for code in _listed_code(element, to)]
    if isinstance(listed, ast.Starred):
        return _listed_code(listed.value, to)
    if isinstance(listed, ast.BinOp):
        return [*_listed_code(listed.left, to), *_listed_code(listed.right, to)]
    if isinstance(listed, (ast.ListComp, ast.GeneratorExp)) and len(listed.generators) == 1:
        one = listed.generators[0]
        lines = [f"for {to.source(one.target)} in {to.source(one.iter)}:"]
        lines += [f"{'    ' * depth}if {to.source(test)}:" for depth, test in enumerate(one.ifs, start=1)]
        return ["\n".join([*lines, "    " * len(lines) + to.source(listed.elt)])]
    if not isinstance(listed, ast.Call):
        return []
    function = listed.func
    if isinstance(function, ast.Name) and function.id in ("list", "tuple") and len(listed.args) == 1:
        return _listed_code(listed.args[0], to)
    held = isinstance(function, ast.Attribute) and function.attr in ("values", "copy")
    return [] if held else [to.source(listed)]

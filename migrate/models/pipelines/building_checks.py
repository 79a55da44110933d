"""Whether code that builds a pipeline does in the function of the pipeline what it did for SDK v1."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.functions import returns
from amlbridge.migrate.analysis.made_elsewhere import elsewhere_made, own_nodes, parameters_of
from amlbridge.migrate.analysis.values import Function, Instance
from amlbridge.migrate.models.code.parameters import parameter_of
from amlbridge.migrate.models.datasets.data import INTERMEDIATE
from amlbridge.migrate.models.jobs.arguments import Port
from amlbridge.migrate.models.pipelines.building import ADDING, Building, Search, key_of, keys_of
from amlbridge.migrate.models.pipelines.building_order import ORDER, is_order, take_orders
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.models.steps.steps import Step
from amlbridge.migrate.text.trees import FUNCTIONS, only_target

_LEAVING = (ast.Return, ast.Yield, ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal, ast.Break)
_PLAIN = (ast.Name, ast.Attribute, ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.expr_context)
_ONCE = (ast.If, ast.Try, ast.With)
_AFTER = "{} is used outside of the code that makes the steps: use it in the function with @dsl.pipeline"
_WRITTEN = "data is written by a step that gets it from elsewhere: let the code that makes the step give its output"
_UNWRITTEN = "no step above writes the input {}"
_OTHERWISE = "{} makes steps, and is used in other ways: call it in the function with @dsl.pipeline"
_NOT_LISTED = "not all steps that are made are in the pipeline: make only those that are, in its function"


def check(building: Building, search: Search) -> None:
    """Takes in the steps and the data of the code. Raises ValueError where it cannot move, or says something about its
    steps that nodes made at run time cannot say."""
    flow = search.flow
    assert building.use is not None and building.listed is not None
    _check_statements(building, search)
    _check_names(building, flow)
    for function in building.functions:
        _check_function(building, function, search)
    made = list(_in_order([*building.statements, building.listed], search))
    for node in made:
        if node in flow.failed:
            raise ValueError(flow.failed[node])
    building.steps = [flow.steps[node] for node in dict.fromkeys(made)]
    for step in building.steps:
        _check_step(building, step, search)
    for call in building.elsewhere:
        called = elsewhere_made(search.to.evaluator, call)
        if called is not None:
            parameters_of(called)
    if not building.steps and not building.elsewhere:
        raise ValueError("no code of this module makes the steps")
    _check_written(building)
    _check_data(building, search)
    _check_early(building, search)
    _check_listed(building, search)
    take_orders(building, [*building.statements, *building.functions], search)
    for part in (*building.statements, building.listed):
        for name in own_nodes(part):
            value = search.to.evaluator.value(name) if isinstance(name, ast.Name) else None
            if isinstance(value, Instance) and value.type == "PipelineParameter" and isinstance(value.origin, ast.expr):
                building.handed.append(value.origin)


def check_function(building: Building, function: ast.FunctionDef, search: Search) -> None:
    """Takes in the steps and the data of a function that other modules call for their pipelines. Raises ValueError as
    ``check`` does."""
    plain = function.args
    parameters = parameters_of(Function(function, search.to.evaluator))
    taken = {arg.arg for arg in plain.args} & set(parameters)
    others = plain.vararg or plain.kwarg or plain.kwonlyargs or plain.posonlyargs
    if parameters and (others or taken or not plain.args):
        raise ValueError("a parameter of the pipeline is made in a function: make it beside the pipeline")
    if function.decorator_list:
        raise ValueError(_OTHERWISE.format(function.name))
    _check_order([function], search)
    made = list(_in_order([*function.body], search, (function,)))
    for node in made:
        if node in search.flow.failed:
            raise ValueError(search.flow.failed[node])
    building.steps = [search.flow.steps[node] for node in dict.fromkeys(made)]
    for step in building.steps:
        _check_step(building, step, search)
    _check_written(building)
    _check_data(building, search)
    _check_early(building, search)


def _check_statements(building: Building, search: Search) -> None:
    to = search.to
    assert building.use is not None and building.listed is not None
    block = to.evaluator.scopes.block(building.use.statement) or []
    for statement in building.statements:
        following = block[block.index(statement) + 1]
        if following.lineno == statement.end_lineno or to.lines.text[: to.lines.span(statement)[0]][-1:] == ";":
            raise ValueError("several statements are in one line")
        for node in own_nodes(statement):
            if isinstance(node, _LEAVING) and not isinstance(node, ast.Break):
                raise ValueError("the code that makes the steps does more than that")
            use = to.use_of(node)
            if use is not None and use.symbol in ("Pipeline", "StepSequence"):
                raise ValueError("a pipeline is made among the steps of another one")


def _check_order(code: list[ast.stmt], search: Search) -> None:
    for statement in code:
        for node in own_nodes(statement):
            if is_order(node):
                raise ValueError(ORDER)


def _check_names(building: Building, flow: Flow) -> None:
    """The variables of the code are those of a function afterwards."""
    assert building.use is not None and building.listed is not None
    scopes = flow.to.evaluator.scopes
    here = scopes.of(building.use.node)
    inside = {node for statement in building.statements for node in own_nodes(statement)}
    inside |= set(own_nodes(building.listed))
    stored = {node.id for node in inside if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    for name in sorted(stored):
        others = [binding for binding in here.bindings.get(name, ()) if binding.node not in inside]
        others = [binding for binding in others if binding.position < (building.use.node.lineno, 0)]
        if any(binding.kind not in ("import", "def") for binding in others):
            raise ValueError(_AFTER.format(name))
        if others:  # train_step, outputs = train_step(data)
            building.renamed |= {node for node in inside if _is_bound_inside(node, name, inside, flow)}
    for node in scopes.every(ast.Name):
        if not isinstance(node.ctx, ast.Load) or node in inside:
            continue
        if node.id in stored and any(binding.node in inside for binding in scopes.lookup(node.id, node)):
            raise ValueError(_AFTER.format(node.id))
    _check_rebound(building, flow)


def _is_bound_inside(node: ast.AST, name: str, inside: set[ast.AST], flow: Flow) -> bool:
    """Whether a name stands for what the code binds it to, and not for a function that is called like that."""
    if not isinstance(node, ast.Name) or node.id != name:
        return False
    found = flow.to.evaluator.scopes.lookup(name, node)
    return not isinstance(node.ctx, ast.Load) or (bool(found) and found[0].node in inside)


def _check_rebound(building: Building, flow: Flow) -> None:
    """What the code reads may not change between the place where it was and that of the pipeline."""
    assert building.use is not None and building.listed is not None
    block = flow.to.evaluator.scopes.block(building.use.statement) or []
    read: set[str] = set()
    for statement in block[: block.index(building.use.statement)]:
        nodes = list(own_nodes(statement))
        if statement in building.statements:
            read |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
            continue
        changed = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
        if changed & read:
            raise ValueError(f"{min(changed & read)} changes between the steps: give each value a name of its own")


def _check_function(building: Building, function: ast.AST, search: Search) -> None:
    to = search.to
    assert isinstance(function, FUNCTIONS)
    if function.decorator_list or isinstance(function, ast.AsyncFunctionDef) or function.name in to.read_elsewhere():
        raise ValueError(_OTHERWISE.format(function.name))
    for node in to.evaluator.scopes.parents:
        named = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if named != function.name or not isinstance(node.ctx, ast.Load):  # type: ignore[attr-defined]
            continue
        call = to.evaluator.scopes.parents.get(node)
        called = isinstance(call, ast.Call) and call.func is node and search.function(call) is function
        if not called or not building.holds(node, to):
            raise ValueError(_OTHERWISE.format(function.name))


def _in_order(code: list[ast.AST], search: Search, path: tuple[ast.AST, ...] = ()) -> list[ast.expr]:
    """The calls of the classes of steps in the order in which they run."""
    found: list[ast.expr] = []
    for statement in code:
        for node in own_nodes(statement):
            function = search.function(node) if isinstance(node, ast.Call) else None
            if isinstance(node, ast.Call) and (node in search.flow.steps or node in search.flow.failed):
                found.append(node)
            elif function is not None and function not in path and search.makes(function):
                found += _in_order([*function.body], search, (*path, function))
    return found


def _check_step(building: Building, step: Step, search: Search) -> None:
    flow, to = search.flow, search.to
    if not step.is_command or step.rows or step.tables:
        raise ValueError(f"nodes of a {step.use.symbol} are not made at run time here: write them out")
    comprehension = any(isinstance(node, (ast.comprehension, ast.ListComp)) for node in _around(step, search))
    if comprehension and step.arguments.outputs:
        raise ValueError("data of a pipeline is written in a comprehension: make the steps in a loop")
    here = to.evaluator.scopes.of(building.use.node if building.use is not None else building.functions[-1].body[0])
    for port in step.arguments.inputs:
        if port.parameter is not None and to.evaluator.scopes.of(port.parameter) is not here:
            raise ValueError("a parameter of the pipeline is made in a function: make it beside the pipeline")
    for port in _handed_on(step, search):
        if port.read is None or not key_of(port.read):
            raise ValueError("data of a pipeline is passed on in a way that cannot be followed")
        if parameter_of(port.source, to) is None and isinstance(port.source, ast.Call):
            _check_made(port.source, search)
            building.data.add(port.source)
        elif port in step.arguments.outputs:
            raise ValueError(_WRITTEN)
    if flow.to.is_kept(step.use):
        raise ValueError("a step of the pipeline stays SDK v1")


def _around(step: Step, search: Search) -> list[ast.AST]:
    found: list[ast.AST] = []
    for node in search.scopes.ancestors(step.use.node):
        if isinstance(node, ast.stmt):
            break
        found.append(node)
    return found


def _handed_on(step: Step, search: Search) -> list[Port]:
    type_of = search.to.evaluator.type_of
    return [*step.arguments.outputs, *(port for port in step.arguments.inputs if type_of(port.read) in INTERMEDIATE)]


def _check_made(made: ast.Call, search: Search) -> None:
    """The object goes: its variable gets the output of the step that writes it."""
    parent = search.scopes.parents.get(made)
    target = only_target(parent)
    if target is None or not key_of(target):
        raise ValueError("data of a pipeline is made among other things: give it a variable")


def _check_written(building: Building) -> None:
    """Data has to be written before it is read, and by one step."""
    written: set[ast.expr] = set()
    for step in building.steps:
        for port in step.arguments.inputs:
            if port.source in building.data and port.source not in written:
                raise ValueError(_UNWRITTEN.format(port.name))
        for port in step.arguments.outputs:
            if port.source in written:
                raise ValueError("several steps write the same data")
            assert port.source is not None
            written.add(port.source)


def _check_data(building: Building, search: Search) -> None:
    """Data that no step here writes is for something that is not known."""
    for statement in [*building.statements, *building.functions]:
        for node in own_nodes(statement):
            use = search.to.use_of(node)
            if use is not None and use.symbol in INTERMEDIATE and use.call is not None and node not in building.data:
                raise ValueError("data of a pipeline is passed on in a way that cannot be followed")


def _check_early(building: Building, search: Search) -> None:
    """Data is there once its step is made: a collection of it that is made before comes later."""
    scopes, evaluator = search.scopes, search.to.evaluator
    configurations = {part for step in building.steps for part in step.settings.parts}  # which become the steps' own
    for step in building.steps:
        writer = scopes.statement_of(step.use.node)
        written = {port.source for port in step.arguments.outputs}
        assert writer is not None
        for node in scopes.parents:
            if not isinstance(node, (ast.Name, ast.Attribute)) or not isinstance(node.ctx, ast.Load):
                continue
            value = evaluator.value(node)
            if not isinstance(value, Instance) or value.origin not in written or node.lineno >= writer.lineno:
                continue
            statement = scopes.statement_of(node)
            if statement is None or not building.holds(statement, search.to) or _is_of_making(node, value, search):
                continue
            if not configurations.isdisjoint(scopes.ancestors(node)):
                continue
            plain = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
            only = plain and all(isinstance(part, _PLAIN) for part in ast.walk(statement.value))  # type: ignore[attr-defined]
            if not only or scopes.block(statement) is not scopes.block(writer):
                raise ValueError("data of a pipeline is used before the step that writes it is made")
            building.early[statement] = step.use.node


def _is_of_making(node: ast.expr, value: Instance, search: Search) -> bool:
    """Whether a name is read where another piece of data is made: for its datastore."""
    around = [search.to.use_of(at) for at in search.scopes.ancestors(node)]
    return any(use is not None and use.symbol in INTERMEDIATE and use.node is not value.origin for use in around)


def _check_listed(building: Building, search: Search) -> None:
    """A step that is made is a node: it has to be in the list wherever it is made."""
    read_data = {port.source for step in building.steps for port in step.arguments.inputs}
    for step in building.steps:
        if any(port.source in read_data for port in step.arguments.outputs):
            continue
        _check_goes_on(step.use.node, building, search, ())
    assert building.use is not None and building.listed is not None
    scopes = search.scopes
    for statement in building.statements:
        here = scopes.of(statement) is scopes.of(building.use.node)
        if here and _lists(statement, building, search):
            building.spent.add(statement)


def _check_goes_on(made: ast.expr, building: Building, search: Search, path: tuple[ast.AST, ...]) -> None:
    """Raises ValueError for a step, or what a function gives, that is made without being listed in the same block."""
    assert building.use is not None and building.listed is not None
    scopes = search.scopes
    statement = scopes.statement_of(made)
    if statement is None or statement is building.use.statement:
        return
    if isinstance(statement, ast.Assign) and (statement.value is made or isinstance(statement.value, ast.ListComp)):
        keys = {key for target in statement.targets for key in keys_of(target)}
        later = [at for at in _after(statement, search) if keys & {key_of(node) for node in own_nodes(at)}]
        if all(isinstance(at, (ast.If, ast.Try, ast.While)) for at in later):
            raise ValueError(_NOT_LISTED)
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) and statement.value is made:
        function = search.function(statement.value)
        if function is None or returns(function):  # what it gives is thrown away
            raise ValueError(_NOT_LISTED)
    around = set(scopes.ancestors(made))
    inside = next((function for function in building.functions if function in around), None)
    if inside is None or inside in path:
        return
    for call in search.to.evaluator.calls().get(inside.name, ()):
        if search.function(call) is inside:
            _check_goes_on(call, building, search, (*path, inside))


def _after(statement: ast.stmt, search: Search) -> list[ast.stmt]:
    """The statements below one, in its block and in those around it, as far as one run of it leads to one of them."""
    found: list[ast.stmt] = []
    at: ast.AST | None = statement
    while isinstance(at, (*_ONCE, *([type(statement)] if at is statement else []))):
        assert isinstance(at, ast.stmt)
        block = search.scopes.block(at) or [at]
        found += block[block.index(at) + 1 :]
        at = search.scopes.parents.get(at)
    return found


def _lists(statement: ast.stmt, building: Building, search: Search) -> bool:
    """Whether a statement makes a list of steps that only the pipeline reads: it goes, with those that add to it."""
    target = only_target(statement)
    if not isinstance(target, ast.Name) or not isinstance(statement, ast.Assign) or not _is_listing(statement.value):
        return False
    adding: list[ast.stmt] = []
    for node in search.scopes.named(target.id):
        if node in (target, building.listed):
            continue
        statement_of = _adding(node, search)
        if statement_of is None:
            return False
        adding.append(statement_of)
    building.spent.update(adding)
    return True


def _is_listing(made: ast.expr) -> bool:
    """Whether a list is empty, or has variables in it."""
    if isinstance(made, ast.Call):
        return isinstance(made.func, ast.Name) and made.func.id == "list" and not made.args
    return isinstance(made, (ast.List, ast.Tuple)) and all(isinstance(element, ast.Name) for element in made.elts)


def _adding(node: ast.Name, search: Search) -> ast.stmt | None:
    """The statement that adds one thing, or variables, to the list of a variable."""
    parents = search.scopes.parents
    at = parents.get(node)
    if isinstance(at, ast.AugAssign):
        return at if at.target is node and _is_listing(at.value) else None
    call = parents.get(at) if isinstance(at, ast.Attribute) and at.attr in ADDING else None
    statement = parents.get(call) if isinstance(call, ast.Call) and call.func is at else None
    if not isinstance(call, ast.Call) or not isinstance(statement, ast.Expr) or call.keywords:
        return None
    added = call.args[-1] if call.args else None
    assert isinstance(at, ast.Attribute)
    if at.attr == "append" and isinstance(added, (ast.Name, ast.Call)):
        return statement
    plain = isinstance(added, ast.Name) if at.attr == "insert" else added is not None and _is_listing(added)
    return statement if plain and at.attr in ("insert", "extend") else None

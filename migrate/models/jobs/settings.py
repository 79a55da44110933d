"""Where and in what a command runs: source folder, environment, compute, distribution."""

from __future__ import annotations

import ast
import json
from collections.abc import Collection
from dataclasses import dataclass, field

from amlbridge.migrate.analysis.functions import argument_of
from amlbridge.migrate.analysis.literals import is_none, unless_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Function, Instance
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.code.parameters import makers, parameter_of
from amlbridge.migrate.models.environments.environment import Parts
from amlbridge.migrate.models.jobs.services import is_of_service
from amlbridge.migrate.rewriter import Rewriter

#: The compute of a step that names none, as code: every node of a pipeline has to name one.
SERVERLESS = '"serverless"'


_DATA = "the data of its run configuration ({}) are no inputs of it: give it those that its script reads"
_NO_COMPUTE = "no compute is named here: the job runs serverless, or where the pipeline says"
_LOCAL = "no compute is named here, so that SDK v1 ran it on this machine: SDK v2 does that in a container, with Docker"
_VARIABLES = "its environment variables are set in another function: give them to command(environment_variables=...)"
_FROM_ELSEWHERE = "its run configuration comes from elsewhere: name the compute and the variables that it had"


@dataclass
class Settings:
    """Keywords of ``command``, as code. ``source``, ``environment_source``: what the folder and the environment are
    written from, None where they are made up."""

    code: str = '"."'
    environment: str = ""
    compute: str = ""
    variables: str = ""
    distribution: str = ""
    instance_count: str = ""
    #: Settings of Spark, pairs of code, where the run configuration asks for Spark.
    spark: list[tuple[str, str]] | None = None
    shm_size: str = ""
    docker_args: str = ""
    #: Seconds after which the service cancels the job.
    timeout: str = ""
    #: The same, as the run configuration says it: a component has no limit.
    limit: str = ""
    reviews: list[str] = field(default_factory=list)
    source: ast.expr | None = None
    environment_source: ast.expr | None = None
    #: Data that runs get beside their arguments: ``{"name": reference.to_config()}``.
    references: list[ast.expr] = field(default_factory=list)
    #: Data of the run configuration: names, and the code of inputs.
    data: list[tuple[str, str]] = field(default_factory=list)
    #: The ScriptRunConfig that settings are read of, and nothing else is done with.
    parts: list[ast.AST] = field(default_factory=list)

    @classmethod
    def of_step(cls, use: Use, to: Rewriter) -> Settings:
        """Reads the keywords of a step."""
        found = cls()
        source = opened(use.argument("source_directory", "hash_paths_base"), to)
        source = source if source is not None else _folder_of_pipelines(use, to)
        if source is not None and not is_none(source):
            found.code, found.source = to.source(source), source
        configuration = use.argument("runconfig", "run_config")
        environment = use.argument("environment", "environment_definition")
        compute = use.argument("compute_target", "target", "compute")
        script_run = _script_run(configuration, to)
        distributed = script_run is not None and script_run.argument("distributed_job_config") is not None
        if script_run is not None and (isinstance(configuration, ast.Name) or distributed):
            from amlbridge.migrate.rules.commands import settings_of_script

            found = settings_of_script(script_run, to)
            found.parts.append(script_run.node)
            if source is not None and not is_none(source):
                found.code, found.source = to.source(source), source
            configuration = script_run.argument("run_config", position=3)
            environment = environment or script_run.argument("environment", position=6)
            compute = compute or script_run.argument("compute_target", position=5)
        elif script_run is not None:
            found.parts.append(script_run.node)
            configuration = script_run.argument("run_config", position=3)
            environment = environment or script_run.argument("environment", position=6)
            compute = compute or script_run.argument("compute_target", position=5)
        found.take(configuration, environment, compute, use, to)
        if found.references:
            raise ValueError("RunConfiguration.data_references of a step: give it the data as inputs and arguments")
        found.reviews += [_DATA.format(", ".join(name for name, _code in found.data))] if found.data else []
        estimator = use.argument("estimator")
        if estimator is not None:
            _of_estimator(found, estimator, use, to)
        found.compute = found.compute or SERVERLESS
        processes, nodes = use.argument("process_count_per_node"), use.argument("node_count")
        if use.symbol == "MpiStep" or processes is not None:
            _mpi(found, processes, nodes, to)
        parameters = use.argument("params")
        if parameters is not None and isinstance(parameters, ast.Dict):
            pairs = [
                f"{_joined('AML_PARAMETER_', key, to)}: {_joined('', value, to)}"
                for key, value in zip(parameters.keys, parameters.values, strict=True)
                if key is not None
            ]
            found.variables = f"{{{', '.join(pairs)}}}"
        return found

    def take(
        self,
        configuration: ast.expr | None,
        environment: ast.expr | None,
        compute: ast.expr | None,
        use: Use,
        to: Rewriter,
    ) -> None:
        """Reads a run configuration, an environment and a compute, each of which may be missing."""
        configuration = unless_none(configuration)
        environment = None if environment is None or _is_known_none(environment, to) else environment
        parts = _parts(configuration, to) if configuration is not None else None
        described = parts is not None
        if configuration is not None and parts is None:
            parts = handed_configuration(configuration, use, to)
            self.reviews += parts.reviews if parts is not None else []
        self._take_environment(configuration, environment, use, to)
        if parts is not None and parts.on_spark:
            self.spark = parts.spark
            self.environment = "" if parts.bare and environment is None else self.environment
        missing = _FROM_ELSEWHERE if configuration is not None and not described else _NO_COMPUTE
        self._take_compute(configuration, compute, parts, missing, use, to)
        if parts is not None:
            self._take_parts(configuration, parts, use, to)
        self.shm_size = self.shm_size or _environments_memory(environment, parts, to)

    def _take_environment(
        self, configuration: ast.expr | None, environment: ast.expr | None, use: Use, to: Rewriter
    ) -> None:
        if environment is not None:
            self.environment, self.environment_source = to.source(environment), environment
            self._take_variables(environment, use, to)
        elif configuration is not None:
            self.environment, self.environment_source = to.source(configuration), configuration
        elif use.argument("estimator") is None:  # which has one
            self.environment = _default_environment(use, to)

    def _take_compute(
        self,
        configuration: ast.expr | None,
        compute: ast.expr | None,
        parts: Parts | None,
        missing: str,
        use: Use,
        to: Rewriter,
    ) -> None:
        """``missing``: what is told where there is none."""
        from amlbridge.migrate.rules.computes import compute_of

        target = unless_none(compute) or (parts.target if parts is not None else None)
        if target is not None and configuration is not None and not is_seen(target, use, to):
            target = _passed(target, configuration, to) or target
        if compute is None and parts is not None and parts.compute is not None and parts.compute.is_seen(use, to):
            self.compute = parts.compute.name
        elif target is not None and not is_seen(target, use, to) and (known := name_of_compute(target, to)):
            self.compute = known
        elif target is not None and not is_seen(target, use, to):
            self.reviews.append("its compute is chosen in a function that makes its configuration: name it here")
        elif target is not None and not is_of_service(target, to):
            self.compute = compute_of(target, to)
        else:
            self.reviews.append(missing)

    def _take_parts(self, configuration: ast.expr | None, parts: Parts, use: Use, to: Rewriter) -> None:
        if configuration is not None:
            self._take_variables(configuration, use, to, parts)
        if not self.variables and parts.alias is not None:
            self._take_variables(parts.alias, use, to)
        self.instance_count = parts.node_count or self.instance_count
        self.distribution = parts.distribution or self.distribution
        self.shm_size = parts.shm_size or self.shm_size
        self.docker_args = parts.docker_args or self.docker_args
        self.limit = parts.timeout
        self.references += parts.references
        self.data += parts.data

    def _take_variables(self, node: ast.expr, use: Use, to: Rewriter, parts: Parts | None = None) -> None:
        """Takes over the environment variables of an environment or a run configuration."""
        value = to.evaluator.value(node)
        origin = value.origin if isinstance(value, Instance) else None
        if parts is None and parameter_of(origin, to) is not None and origin is not None:
            made = makers(origin, "Environment", to)
            origin = made[0].node if len(made) == 1 else None
        parts = parts or described_at(origin, to)
        code = parts.variables_code() if parts is not None else ""
        if parts is None or not code:
            return
        scope = to.evaluator.scopes.of(origin) if origin is not None else to.evaluator.scopes.module
        inside = scope.is_module or scope.node in set(to.evaluator.scopes.ancestors(use.node))
        if inside or (parts.held is None and _is_free(code, scope.bindings.keys())):
            self.variables = code
        else:
            self.reviews.append(_VARIABLES)

    def run_here(self) -> None:
        """Runs on the machine of who submits it, as SDK v1 does where no compute is named."""
        if _NO_COMPUTE in self.reviews and not self.compute:
            self.compute = '"local"'
            self.reviews[self.reviews.index(_NO_COMPUTE)] = _LOCAL

    def code_keywords(self, to: Rewriter) -> list[str]:
        """The keyword of the source folder; none for a command that needs no files."""
        return [f"code={self.code}"] if self.code else []

    def run_keywords(self, to: Rewriter) -> list[str]:
        """The other keywords."""
        pairs = (
            ("environment", self.environment),
            ("compute", self.compute),
            ("environment_variables", self.variables),
            ("distribution", self.distribution),
            ("instance_count", self.instance_count),
            ("shm_size", self.shm_size),
            ("docker_args", self.docker_args),
            ("timeout", self.timeout),
        )
        return [f"{key}={value}" for key, value in pairs if value]


def _folder_of_pipelines(use: Use, to: Rewriter) -> ast.expr | None:
    """The folder that all pipelines of the module give steps which name none; None where they give none, or where the
    variable of it is set below the step."""
    pipelines = [other for other in to.uses if other.symbol == "Pipeline" and other.call is not None]
    given = [pipeline.argument("default_source_directory", position=4) for pipeline in pipelines]
    folders = {ast.dump(folder) for folder in given if folder is not None}
    if len(folders) != 1 or None in given:
        return None
    folder = given[0]
    if isinstance(folder, ast.Name):
        bindings = to.evaluator.scopes.lookup(folder.id, use.node)
        return folder if len(bindings) == 1 and bindings[0].position < (use.node.lineno, 0) else None
    return folder if isinstance(folder, ast.Constant) else None


#: Settings of a ScriptRunConfig that steps read -> their position there, None for the run configuration made of others.
_READ = {"source_directory": 0, "script": 1, "run_config": None}


def opened(node: ast.expr | None, to: Rewriter) -> ast.expr | None:
    """An expression; where it reads a setting of a ScriptRunConfig, what that was given. Raises ValueError where more
    is done with the ScriptRunConfig."""
    made = _script_run(node, to)
    if made is None or not isinstance(node, ast.Attribute):
        return node
    return made.argument(node.attr, position=_READ[node.attr])


def _script_run(node: ast.expr | None, to: Rewriter) -> Use | None:
    """The ScriptRunConfig that an expression reads a setting of, as in ``runconfig=config.run_config``, or that it
    is."""
    if isinstance(node, ast.Attribute) and node.attr not in _READ:
        return None
    made = to.maker(node.value if isinstance(node, ast.Attribute) else node)
    if made is None or made.symbol != "ScriptRunConfig" or made.call is None:
        return None
    parents = to.evaluator.scopes.parents
    for name in Objects.of(to).names(made.node):
        read = parents.get(name)
        if isinstance(read, ast.keyword) and read.arg == "runconfig":
            continue
        if not (isinstance(read, ast.Attribute) and read.attr in _READ and isinstance(parents.get(read), ast.keyword)):
            raise ValueError("a ScriptRunConfig gives the step its settings, and more is done with it: write them here")
    return made


def configured(node: ast.expr, use: Use, to: Rewriter) -> tuple[ast.expr | None, list[ast.expr]]:
    """The compute and the data references of a run configuration, where a use stands and they are known there."""
    parts = _parts(node, to)
    if parts is None:
        return None, []
    seen = parts.target is not None and is_seen(parts.target, use, to)
    return parts.target if seen else None, parts.references


def runs(node: ast.expr | None, use: Use, to: Rewriter) -> tuple[ast.expr | None, ast.expr | None]:
    """The script and the arguments that a run configuration names itself, where a use stands."""
    parts = _parts(node, to) if node is not None else None
    given = [parts.script, parts.arguments] if parts is not None else [None, None]
    script, arguments = (one if one is not None and is_seen(one, use, to) else None for one in given)
    return script, arguments


def handed_configuration(configuration: ast.expr, use: Use, to: Rewriter) -> Parts | None:
    """What is known of a run configuration that a function of this module makes and another one gets: where a use
    stands. None where there are several, or none."""
    value = to.evaluator.value(configuration)
    if not isinstance(value, Instance) or value.type != "RunConfiguration" or value.origin is None:
        return None
    made = makers(value.origin, "RunConfiguration", to) if parameter_of(value.origin, to) is not None else []
    if len(made) != 1:
        return None
    to.outcome(made[0])
    parts = to.memory.get(("parts", made[0].node))
    if not isinstance(parts, Parts):
        return None
    scope = to.evaluator.scopes.of(made[0].node)
    inner = frozenset() if scope.is_module else scope.bindings.keys()
    code = {
        name: getattr(parts, name) for name in ("variables", "node_count", "distribution", "shm_size", "docker_args")
    }
    items = [pair for pair in parts.items if _is_free(f"{{{pair[0]}: {pair[1]}}}", inner)]
    kept = {name: text for name, text in code.items() if text and _is_free(text, inner)}
    lost = parts.held is not None or len(items) < len(parts.items) or bool(parts.variables and "variables" not in kept)
    return Parts(target=parts.target, items=items, reviews=[_VARIABLES] if lost else [], **kept)


def _is_free(code: str, inner: Collection[str]) -> bool:
    """Whether an expression reads none of the names of a function."""
    return not any(isinstance(node, ast.Name) and node.id in inner for node in ast.walk(ast.parse(code, mode="eval")))


def name_of_compute(target: ast.expr, to: Rewriter) -> str:
    """The literal of a compute's name, where that is known: of a text, or of a compute that is looked up by it."""
    text = to.evaluator.text(target)
    made = to.maker(target)
    if text is None and made is not None and made.symbol in ("ComputeTarget", "AmlCompute") and made.call is not None:
        text = to.evaluator.text(made.argument("name", position=1))
    return json.dumps(text, ensure_ascii=False) if text is not None else ""


def _passed(target: ast.expr, configuration: ast.expr, to: Rewriter) -> ast.expr | None:
    """What the call which gives a configuration passes for a compute that is a parameter of the called function."""
    scopes = to.evaluator.scopes
    call = scopes.only_value(configuration)
    called = to.evaluator.value(call.func) if isinstance(call, ast.Call) else None
    if not isinstance(called, Function) or not isinstance(call, ast.Call) or not isinstance(target, ast.Name):
        return None
    home = scopes.lookup(target.id, target)
    if len(home) != 1 or home[0].kind != "parameter" or home[0].scope.node is not called.node:
        return None
    bound_to = isinstance(scopes.parents.get(called.node), ast.ClassDef)
    return argument_of(call, called.node.args, target.id, bound=bound_to)


def is_seen(node: ast.expr, use: Use, to: Rewriter) -> bool:
    """Whether the names of an expression mean the same where a use stands."""
    scopes = to.evaluator.scopes
    names = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
    found = [(scopes.lookup(name.id, name)[:1], scopes.lookup(name.id, use.node)[:1]) for name in names]
    return all(not there or (bool(here) and here[0].scope is there[0].scope) for there, here in found)


def variables_of(environment: ast.expr, to: Rewriter) -> str:
    """The environment variables that a v1 environment had: a command has its own."""
    parts = _described(environment, to)
    return parts.variables_code() if parts is not None else ""


def _described(node: ast.expr, to: Rewriter) -> Parts | None:
    """What is known of the environment or run configuration that an expression stands for."""
    value = to.evaluator.value(node)
    return described_at(value.origin, to) if isinstance(value, Instance) else None


def described_at(origin: ast.AST | None, to: Rewriter) -> Parts | None:
    """What is said of the environment or the run configuration that a node makes; None for what is neither."""
    use = to.use_of(origin) if origin is not None else None
    if use is not None:
        to.outcome(use)
    parts = to.memory.get(("parts", origin))
    return parts if isinstance(parts, Parts) else None


def _environments_memory(environment: ast.expr | None, parts: Parts | None, to: Rewriter) -> str:
    """The shared memory that a v1 environment asked for."""
    node = environment if environment is not None else parts.alias if parts is not None else None
    known = _described(node, to) if node is not None else None
    return known.shm_size if known is not None else ""


def _joined(start: str, node: ast.expr, to: Rewriter) -> str:
    """Code of a text: a start, and the value of an expression."""
    if isinstance(node, ast.Constant):
        return json.dumps(start + str(node.value), ensure_ascii=False)
    return f'"{start}" + str({to.source(node)})' if start else f"str({to.source(node)})"


def _is_known_none(node: ast.expr, to: Rewriter) -> bool:
    """Whether it is None, also in a variable that never has anything else."""
    if not isinstance(node, ast.Name):
        return is_none(node)
    bindings = to.evaluator.scopes.lookup(node.id, node)
    given = bindings[0].scope.bindings[node.id] if bindings else []
    return bool(given) and all(one.kind == "assign" and one.value is not None and is_none(one.value) for one in given)


def _parts(configuration: ast.expr, to: Rewriter) -> Parts | None:
    from amlbridge.migrate.rules.run_configurations import parts_of

    return parts_of(configuration, to)


def _default_environment(use: Use, to: Rewriter) -> str:
    """The environment of what named none: one for all of a scope."""
    key = ("default environment", to.evaluator.scopes.of(use.statement))
    if key not in to.memory:
        name = to.fresh("default_environment")
        code = Parts().code(to)
        to.before(use.statement, f"{name} = {code}")
        to.spare_names.add(name)
        to.memory["code of", name] = code
        to.memory[key] = name
    return str(to.memory[key])


def _mpi(found: Settings, processes: ast.expr | None, nodes: ast.expr | None, to: Rewriter) -> None:
    make = to.need("azure.ai.ml", "MpiDistribution")
    count = to.source(processes) if processes is not None else "1"
    found.distribution = f"{make}(process_count_per_instance={count})"
    if nodes is not None:
        found.instance_count = to.source(nodes)


def _of_estimator(found: Settings, estimator: ast.expr, use: Use, to: Rewriter) -> None:
    """The settings of an EstimatorStep are those of its estimator."""
    inner = to.maker(estimator)
    if inner is None:
        raise ValueError("the estimator of the step cannot be told")
    source = inner.argument("source_directory", position=0)
    if source is not None:
        found.code, found.source = to.source(source), source
    from amlbridge.migrate.models.jobs.estimators import distribute, environment_of, is_of_steps

    distribute(found, inner, to)
    found.parts += [inner.node] if is_of_steps(inner, to) else []
    found.environment, found.environment_source = environment_of(inner, to), inner.argument("environment_definition")
    if not found.compute:
        target = inner.argument("compute_target")
        if target is not None:
            from amlbridge.migrate.rules.computes import compute_of

            found.compute = compute_of(target, to)


def estimator_script(node: ast.expr, to: Rewriter) -> ast.expr | None:
    """The script of an estimator."""
    use = to.maker(node)
    return use.argument("entry_script") if use is not None else None

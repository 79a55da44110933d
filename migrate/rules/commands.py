"""``ScriptRunConfig`` and estimators become ``command`` jobs.

Script, arguments, environment, compute and distribution become keywords of ``command``; datasets among the arguments
become inputs. What is assigned to the configuration afterwards (``config.run_config.target = ...``) is taken in.
"""

from __future__ import annotations

import ast
import shlex
from dataclasses import replace

from amlbridge.migrate.analysis.dicts import items_of
from amlbridge.migrate.analysis.kinds import kind_of
from amlbridge.migrate.analysis.known import ESTIMATORS
from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.datasets.data import REFERENCES, Data, follow
from amlbridge.migrate.models.environments.docker_runs import docker_arguments, memory_of, shared_memory
from amlbridge.migrate.models.environments.environment import assigned, is_change, references_in
from amlbridge.migrate.models.jobs import run_data
from amlbridge.migrate.models.jobs.arguments import Arguments, data_in, input_port, list_elements, read_arguments
from amlbridge.migrate.models.jobs.estimators import distribute, environment_of, reviews_of, set_inside
from amlbridge.migrate.models.jobs.settings import Settings, is_seen, runs
from amlbridge.migrate.models.jobs.spark import direct, spark_job
from amlbridge.migrate.models.jobs.sweeps import is_alone, made_again, tune
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.models.pipelines.run_time_inputs import REVIEW, functions
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements, taken_over
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.computes import compute_of

rule = Rule(
    "commands",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import ScriptRunConfig

config = ScriptRunConfig(
    source_directory="src",
    script="train.py",
    arguments=["--alpha", 0.1, "--rows", rows],
    compute_target="cpu",
    environment=env,
)
""",
            """\
from azure.ai.ml import command

config = command(
    code="src",
    command="python train.py --alpha 0.1 --rows '${{inputs.rows}}'",
    inputs={"rows": rows},
    environment=env,
    compute="cpu",
)
""",
        ),
        Case(
            """\
from azureml.core import ScriptRunConfig
from azureml.core.runconfig import MpiConfiguration

config = ScriptRunConfig(
    source_directory=".",
    script="train.py",
    compute_target=cluster,
    environment=env,
    distributed_job_config=MpiConfiguration(process_count_per_node=2, node_count=3),
)
config.run_config.environment_variables = {"A": "1"}
""",
            """\
from azure.ai.ml import MpiDistribution, command

config = command(
    code=".",
    command="python train.py",
    environment=env,
    compute=cluster,
    environment_variables={"A": "1"},
    distribution=MpiDistribution(process_count_per_instance=2),
    instance_count=3,
)
""",
            "On several nodes",
        ),
        Case(
            """\
from azureml.train.estimator import Estimator

estimator = Estimator(
    source_directory="src",
    entry_script="train.py",
    script_params={"--alpha": 0.5, "--verbose": ""},
    compute_target="cpu",
    conda_packages=["numpy"],
    pip_packages=["pandas"],
    environment_variables={"A": "1"},
)
""",
            """\
from azure.ai.ml import command
from azure.ai.ml.entities import Environment

estimator = command(
    code="src",
    command="python train.py --alpha 0.5 --verbose",
    environment=Environment(
        image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest",
        conda_file={
            "channels": ["conda-forge"],
            "dependencies": [
                "python=3.10",
                "numpy",
                "pip",
                {"pip": ["pandas", "mlflow", "azureml-mlflow"]},
            ],
        },
    ),
    compute="cpu",
    environment_variables={"A": "1"},
)
""",
            "An estimator",
        ),
    ],
)


@rule.converts("ScriptRunConfig")
def script_run(use: Use, to: Rewriter) -> Outcome:
    """A script, or a command, on a compute."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml.entities", "Command"))
    if Flow.of(to).covers(use.node):
        return taken_over(use)  # what a HyperDriveStep tunes is the component of that step
    nodes, start, arguments = command_line(use, to)
    return job(use, settings_of_script(use, to), nodes, start, arguments, to)


def settings_of_script(use: Use, to: Rewriter) -> Settings:
    """Where and in what a ScriptRunConfig runs."""
    settings = Settings()
    source = later(use, to).get("source_directory") or use.argument("source_directory", position=0)
    if source is not None and not is_none(source):
        settings.code = to.source(source)
    configuration = use.argument("run_config", position=3)
    environment = use.argument("environment", "enviroment", position=6)
    compute = use.argument("compute_target", "ompute_target", position=5)
    job = use.passed("distributed_job_config")
    settings.take(configuration, environment, compute, use, to)
    settings.timeout = settings.limit
    if job is not None:
        _distributed(settings, job, to)
    docker = use.argument("docker_runtime_config", position=11)
    if docker is not None:
        settings.shm_size = shared_memory(docker, to) or settings.shm_size
        settings.docker_args = docker_arguments(docker, to) or settings.docker_args
    limit = use.passed("max_run_duration_seconds", position=9)
    if limit is not None:
        settings.timeout = to.source(limit)
    return settings


def command_line(use: Use, to: Rewriter) -> tuple[list[ast.expr], str, Arguments | None]:
    """The words of the arguments, and what comes before them."""
    said = later(use, to)
    command = said.get("command") or use.argument("command")
    own_script, own_arguments = runs(use.argument("run_config", position=3), use, to)
    passed = said.get("arguments") or use.argument("arguments", "arguements", position=2)
    passed = own_arguments if passed is None else passed
    nodes = list_elements(passed, to) if passed is not None else []
    if command is not None and not is_none(command):
        words = list_elements(command, to)
        if len(words) == 1 and isinstance(words[0], ast.Starred):
            text = to.evaluator.text(command)
            if text is not None:
                return nodes, text, None
            if kind_of(to.evaluator, command) == "text":
                line = Arguments()
                line.expression(to.source(command))
                return nodes, "", line
            return [words[0], *nodes], "", None
        return [*words, *nodes], "", None
    script = said.get("script") or use.argument("script", "entry_script", position=1) or own_script
    if script is None or is_none(script):
        raise ValueError("neither a script nor a command is given")
    text = to.evaluator.text(script)
    if text is not None:
        return nodes, f"python {shlex.quote(text)}", None
    first = Arguments()
    first.expression(to.source(script))
    return nodes, "python", first


def later(use: Use, to: Rewriter) -> dict[str, ast.expr]:
    """What a ScriptRunConfig is given in the lines below: ``config.arguments = [...]``; nothing where these are read
    in between, or stand elsewhere."""
    changes = [change for change in Objects.of(to).members(use.node) if is_change(change)]
    if not Objects.of(to).straight(use.node, changes):
        return {}
    return {_LATER[change.symbol]: assigned(change) for change in changes if change.symbol in _LATER}


_LATER = {f"ScriptRunConfig.{name}=": name for name in ("script", "command", "arguments", "source_directory")}


def job(
    use: Use, settings: Settings, nodes: list[ast.expr], start: str, first: Arguments | None, to: Rewriter
) -> Outcome:
    """The command, with what is assigned to it in the lines that follow. ``first``: what comes before the words of
    ``nodes``."""
    command = later(use, to).get("command") or use.argument("command")
    line = nodes if command is not None else []  # SDK v1 puts blanks between its parts, and no quotes
    arguments = _arguments_of(use, settings, nodes, line, first, to)
    tune(use, arguments, to)
    if settings.spark is not None:
        return _on_spark(use, settings, arguments, to)
    changes = [change for change in Objects.of(to).members(use.node) if is_change(change)]
    variable = Objects.of(to).variable(use.node)
    straight = variable is not None and Objects.of(to).straight(use.node, changes)
    if changes and straight:
        _take_changes(settings, changes, to)
    targets = [change for change in changes if change.symbol.endswith(".target=")]
    if not settings.compute and not targets and is_alone(use, to):
        settings.run_here()
    name = to.need("azure.ai.ml", "command")
    keywords = [*settings.code_keywords(to), f"command={arguments.code(start)}", *_ports(use, settings, arguments, to)]
    code = f"{name}({', '.join([*keywords, *settings.run_keywords(to)])})"
    review = together([*settings.reviews, *arguments.of_data])
    if made_again(use, to) and changes and not straight:
        return Leave("its settings change in a way that cannot be followed")
    if not changes or not straight or variable is None or made_again(use, to):
        return Replace(code, review)
    for change in changes:
        to.remove(change.statement)
        to.settle(change, rule, Statements(""))
    last = max((change.statement for change in changes), key=lambda statement: statement.lineno)
    to.replace_statement(last, f"{to.source(variable)} = {code}")
    return Statements("", review)


def _arguments_of(
    use: Use,
    settings: Settings,
    nodes: list[ast.expr],
    line: list[ast.expr],
    first: Arguments | None,
    to: Rewriter,
) -> Arguments:
    """The arguments of a script, with the inputs that they, its configuration and its ``inputs`` name. ``line``: those
    that are parts of a command."""
    members = Objects.of(to).members(use.node)
    later_references = [references_in(c) for c in members if c.symbol in _REFERENCES and is_change(c)]
    references = [*settings.references, *later_references]
    nodes = [_referred(node, references) or node for node in nodes]
    found, given = _listed(use, nodes, to), run_data.inputs_of(use, settings.data, to)
    run_data.declare(given, found)
    arguments = read_arguments(run_data.named(nodes, given, to), [], to, line, found)
    if first is not None:
        arguments.parts[:0] = first.parts
        arguments.inputs[:0] = first.inputs
    inputs = use.argument("inputs")
    for element in list_elements(inputs, to) if inputs is not None else []:
        data = follow(element, to) if not isinstance(element, ast.Starred) else None
        if data is None:
            raise ValueError("an input cannot be told")
        input_port(data, "", arguments, to)
    for data in referenced(references, use, to):
        input_port(data, "", arguments, to)
    return arguments


def _ports(use: Use, settings: Settings, arguments: Arguments, to: Rewriter) -> list[str]:
    """The keywords of a command for its inputs and outputs."""
    pairs = [f'"{port.name}": {port.value or port.declared}' for port in arguments.inputs]
    if arguments.run_time:
        listed = ", ".join(dict.fromkeys(arguments.lists))
        to.before(use.statement, f"{arguments.run_time} = {functions(use.statement, to)[0]}({listed})")
        settings.reviews.append(REVIEW)
        pairs.append(f"**{arguments.run_time}")
    keywords = [f"inputs={{{', '.join(pairs)}}}"] if pairs else []
    if pairs == [f"**{arguments.run_time}"]:
        keywords = [f"inputs={arguments.run_time}"]
    outs = [f'"{port.name}": {port.declared}' for port in arguments.outputs]
    return [*keywords, f"outputs={{{', '.join(outs)}}}"] if outs else keywords


def _listed(use: Use, nodes: list[ast.expr], to: Rewriter) -> Arguments:
    """What arguments are read into: with a variable for the inputs, where the code lists them when it runs."""
    lists = [node.value for node in nodes if isinstance(node, ast.Starred)]
    if not any(data_in(node, to) == {"DatasetConsumptionConfig"} for node in lists):
        return Arguments()
    return Arguments(run_time=to.fresh("job_inputs"), words=functions(use.statement, to)[1])


#: Data that old code gives a run beside its arguments, which name it.
_REFERENCES = ("RunConfiguration.data_references=", "RunConfiguration.data_references")


def _referred(word: ast.expr, references: list[ast.expr]) -> ast.expr | None:
    """The reference that a word of the arguments means: ``str(store.as_mount())`` is the path of ``store.name`` among
    the references, where it is one."""
    inner = word.args[0] if isinstance(word, ast.Call) and len(word.args) == 1 else word
    method = inner.func if isinstance(inner, ast.Call) else None
    if not isinstance(method, ast.Attribute) or method.attr not in ("as_mount", "as_download"):
        return None
    name = f"{ast.unparse(method.value)}.name"
    for given in (given for given in references if isinstance(given, ast.Dict)):
        for key, value in zip(given.keys, given.values, strict=True):
            if key is not None and ast.unparse(key) == name:
                return value
    return None


def referenced(given: list[ast.expr], use: Use, to: Rewriter) -> list[Data]:
    """The data of ``config.run_config.data_references = {"name": reference.to_config()}``. Raises ValueError for other
    data, and for what is not there where the run is described."""
    found: list[Data] = []
    for value in given:
        if not isinstance(value, ast.Dict) or not is_seen(value, use, to):
            raise ValueError("the data references of the run cannot be told")
        for item in value.values:
            made = item.func.value if isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute) else item
            data = follow(made, to)
            if data is None or data.type not in REFERENCES:
                raise ValueError("the data references of the run cannot be told")
            found.append(data)
    return found


def _on_spark(use: Use, settings: Settings, arguments: Arguments, to: Rewriter) -> Outcome:
    """A script on Spark. Raises ValueError for a command, and for data that Spark cannot read at its address."""
    script = use.argument("script", "entry_script", position=1)
    if script is None:
        raise ValueError("a command cannot run on Spark: name the script")
    spark = spark_job(script, _behind(use, arguments, to), settings, to)
    inputs = [f'"{port.name}": {port.value if port.literal else direct(port.value)}' for port in arguments.inputs]
    outputs = [f'"{port.name}": {direct(port.declared)}' for port in arguments.outputs]
    return Replace(spark.code([], inputs, outputs, to), together(spark.reviews))


def _behind(use: Use, arguments: Arguments, to: Rewriter) -> Arguments:
    """The arguments of a script, without the script where its name is a part of the command line."""
    script = use.argument("script", "entry_script", position=1)
    if script is not None and to.evaluator.text(script) is None:
        return replace(arguments, parts=arguments.parts[1:])
    return arguments


def _take_changes(settings: Settings, changes: list[Use], to: Rewriter) -> None:
    from amlbridge.migrate.models.environments.environment import Parts

    parts = Parts()
    for change in changes:
        if change.symbol not in _LATER:
            parts.apply(change, to)
    if parts.alias is not None:
        settings.environment = to.source(parts.alias)
    if parts.target is not None:
        settings.compute = compute_of(parts.target, to)
        settings.reviews = [text for text in settings.reviews if "compute" not in text]
    settings.variables = parts.variables_code() or settings.variables
    for name in ("distribution", "shm_size", "docker_args"):
        setattr(settings, name, getattr(parts, name) or getattr(settings, name))
    settings.instance_count = parts.node_count or settings.instance_count
    settings.timeout = parts.take_timeout() or settings.timeout
    if parts.image or parts.conda is not None or parts.conda_code:
        settings.environment = parts.code(to)
    settings.reviews += [parts.review] if parts.review else []


def _distributed(settings: Settings, job: ast.expr, to: Rewriter) -> None:
    """MpiConfiguration and the like, given in the call or in a variable."""
    settings.distribution = to.source(job)
    value = to.evaluator.value(job)
    origin = getattr(value, "origin", None)
    use = next((u for u in to.uses if u.node is origin), None)
    if use is None:
        settings.reviews.append("set instance_count to the number of nodes")
        return
    nodes = use.argument("node_count", "worker_count")
    given = [member for member in Objects.of(to).members(use.node) if member.symbol.endswith(".node_count=")]
    nodes = assigned(given[-1]) if given else nodes
    if nodes is not None and not (isinstance(nodes, ast.Constant) and nodes.value == 1):
        settings.instance_count = to.source(nodes)


_MPI = ("MpiDistribution", (("process_count_per_node", "process_count_per_instance", 0),))
_DISTRIBUTIONS: dict[str, tuple[str, tuple[tuple[str, str, int], ...]]] = {
    "MpiConfiguration": _MPI,
    "Mpi": _MPI,
    "Nccl": ("PyTorchDistribution", ()),
    "Gloo": ("PyTorchDistribution", ()),
    "ParameterServer": (
        "TensorFlowDistribution",
        (("worker_count", "worker_count", 0), ("parameter_server_count", "parameter_server_count", 1)),
    ),
    "PyTorchConfiguration": ("PyTorchDistribution", (("process_count", "process_count_per_instance", 1),)),
    "TensorflowConfiguration": (
        "TensorFlowDistribution",
        (("worker_count", "worker_count", 0), ("parameter_server_count", "parameter_server_count", 1)),
    ),
}


@rule.converts(*_DISTRIBUTIONS)
def distribution(use: Use, to: Rewriter) -> Outcome:
    """How many processes run on each node; the number of nodes is the command's ``instance_count``."""
    name, keywords = _DISTRIBUTIONS[use.symbol]
    parts, review = [], ""
    for old, new, position in keywords:
        value = use.argument(old, position=position)
        if value is not None:
            parts.append(f"{new}={to.source(value)}")
            if use.symbol == "PyTorchConfiguration":
                review = "process_count was of all nodes, process_count_per_instance is of one"
    if not parts and use.symbol in ("MpiConfiguration", "Mpi"):
        parts = ["process_count_per_instance=1"]
    return Replace(f"{to.need('azure.ai.ml', name)}({', '.join(parts)})", review)


#: Attribute of a distribution -> what the entity of SDK v2 calls it; "": it is the command's ``instance_count``.
_ATTRIBUTES = {
    "MpiConfiguration.process_count_per_node": "process_count_per_instance",
    "MpiConfiguration.node_count": "",
    "PyTorchConfiguration.node_count": "",
    "TensorflowConfiguration.worker_count": "worker_count",
    "TensorflowConfiguration.parameter_server_count": "parameter_server_count",
}


@rule.converts(*(f"{name}=" for name in _ATTRIBUTES))
def set_distribution(use: Use, to: Rewriter) -> Outcome:
    """An assignment to a distribution."""
    assert use.receiver is not None
    name = _ATTRIBUTES[use.symbol.removesuffix("=")]
    return Statements(f"{to.source(use.receiver)}.{name} = {to.source(assigned(use))}" if name else "")


@rule.converts(*ESTIMATORS)
def estimator(use: Use, to: Rewriter) -> Outcome:
    """An estimator: a script with its packages."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml.entities", "Command"))
    if Flow.of(to).covers(use.node):
        return taken_over(use)  # what a HyperDriveStep tunes is the component of that step
    script = use.argument("entry_script", position=3)
    parameters = use.argument("script_params", position=4)
    if script is None:
        return Leave("the script of the estimator cannot be told")
    text = to.evaluator.text(script)
    first = Arguments()
    if text is None:
        first.expression(to.source(script))
    settings = settings_of_estimator(use, to)
    if _is_made_at_run_time(parameters, to):
        assert parameters is not None
        code, shlex_ = to.source(parameters), to.need_module("shlex")
        pairs = f"({code} or {{}}).items()" if isinstance(parameters, ast.Name) else f"{code}.items()"
        first.expression(f'{shlex_}.join(str(word) for pair in {pairs} for word in pair if word != "")')
        settings.reviews.append(_RUN_TIME)
        words = []
    else:
        words = _parameters(parameters, to)
    interpreters = [to.evaluator.text(path) for path in set_inside(use, "interpreter_path", to)]
    python = next((shlex.quote(path) for path in reversed(interpreters) if path), "python")
    start = f"{python} {shlex.quote(text)}" if text is not None else python
    return job(use, settings, words, start, first, to)


def settings_of_estimator(use: Use, to: Rewriter) -> Settings:
    """Where and in what an estimator runs."""
    settings = Settings(environment=environment_of(use, to))
    source = use.argument("source_directory", position=0)
    if source is not None:
        settings.code = to.source(source)
    compute = use.argument("compute_target", position=1)
    if compute is not None:
        settings.compute = compute_of(compute, to)
    distribute(settings, use, to)
    limit, memory = use.passed("max_run_duration_seconds"), use.passed("shm_size")
    if limit is not None:
        settings.timeout = to.source(limit)
    if memory is not None:
        settings.shm_size = memory_of(memory, to)
    settings.reviews += reviews_of(use)
    return settings


_RUN_TIME = "the parameters of the script are put together when this code runs: data among them has to be inputs"


def _is_made_at_run_time(node: ast.expr | None, to: Rewriter) -> bool:
    """Whether parameters of a script are in a variable whose dict is not written out, or is changed somewhere."""
    if not isinstance(node, (ast.Name, ast.Attribute)) or is_none(getattr(to.evaluator.value(node), "node", node)):
        return False
    try:
        items = items_of(node, to.evaluator)
    except ValueError:
        return True
    return items is None or any(key is None for key, _value in items)


def _parameters(node: ast.expr | None, to: Rewriter) -> list[ast.expr]:
    """``script_params={"--alpha": 0.1}`` as a list of words."""
    if node is None or is_none(node) or is_none(getattr(to.evaluator.value(node), "node", node)):
        return []
    words: list[ast.expr] = []
    items = items_of(node, to.evaluator)
    for key, item in items if items is not None else [(None, node)]:
        if key is None:
            raise ValueError("the parameters of the script are put together at run time")
        words.append(key)
        if not (isinstance(item, ast.Constant) and item.value == ""):
            words.append(item)
    return words


@rule.converts("ScriptRunConfig.run_config", "Estimator.run_config", "Estimator._estimator_config")
def run_config(use: Use, to: Rewriter) -> Outcome:
    """The command itself has what the run configuration had."""
    assert use.receiver is not None
    return Replace(to.source(use.receiver), "the command itself has environment, compute and the rest")

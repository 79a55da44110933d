"""Spark jobs: what SDK v1 says in a run configuration or in a SynapseSparkStep, as ``azure.ai.ml.spark``."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.static import NotKnownError, parsed
from amlbridge.migrate.models.datasets.data import follow
from amlbridge.migrate.models.jobs.arguments import Arguments, list_elements, output_port, read_arguments
from amlbridge.migrate.models.jobs.settings import SERVERLESS, Settings
from amlbridge.migrate.models.steps.steps import Step, declare_inputs, reads, take_reuse
from amlbridge.migrate.rewriter import Rewriter

#: Setting of Spark -> keyword of spark(...), which has to be given, and what it is where nothing says it.
SIZES = {
    "spark.driver.cores": ("driver_cores", "1"),
    "spark.driver.memory": ("driver_memory", '"2g"'),
    "spark.executor.cores": ("executor_cores", "2"),
    "spark.executor.memory": ("executor_memory", '"2g"'),
    "spark.executor.instances": ("executor_instances", "2"),
}
_DIRECT = 'mode="direct"'
_SERVERLESS = '{"instance_type": "standard_e4s_v3", "runtime_version": "3.4"}'
_ASSUMED = "serverless Spark: choose instance_type and runtime_version"
_SIZED = "not all of the cores, memory and number of driver and executors are said: choose those that are assumed"


@dataclass
class SparkJob:
    """A Spark job, as code. ``entry``: the script; ``sizes``: keyword -> code; ``conf``: code of a dict, or its pairs;
    ``more``: further keywords."""

    entry: str
    arguments: Arguments
    settings: Settings
    sizes: dict[str, str] = field(default_factory=dict)
    conf: str = ""
    pairs: list[tuple[str, str]] = field(default_factory=list)
    more: list[str] = field(default_factory=list)
    #: The environment where one was given: Spark needs none.
    environment: str = ""

    def configure(self, pairs: list[tuple[str, str]]) -> None:
        """Takes in settings of Spark, pairs of code."""
        for key, value in pairs:
            name = _text(key)
            if name in SIZES:
                self.sizes[SIZES[name][0]] = value
            else:
                self.pairs.append((key, value))

    def code(self, named: list[str], inputs: list[str], outputs: list[str], to: Rewriter) -> str:
        """The call of ``spark``. ``named``, ``inputs``, ``outputs``: keywords, and pairs of the two dicts."""
        keywords = [*named, *self.settings.code_keywords(to), f'entry={{"file": {self.entry}}}', *self.more]
        given = {name: self.sizes.get(name, default) for name, default in SIZES.values()}
        keywords += [f"{name}={code}" for name, code in given.items()]
        conf = [f"**{self.conf}"] if self.conf and self.pairs else []
        conf += [f"{key}: {value}" for key, value in self.pairs]
        if conf or self.conf:
            keywords.append(f"conf={{{', '.join(conf)}}}" if conf else f"conf={self.conf}")
        keywords += [f"environment={self.environment}"] if self.environment else []
        keywords += [f"inputs={{{', '.join(inputs)}}}"] if inputs else []
        keywords += [f"outputs={{{', '.join(outputs)}}}"] if outputs else []
        words = self.arguments.code("")
        if words:
            keywords.append(f"args={_stripped(words)}")
        keywords.append(f"compute={self.settings.compute}" if self.settings.compute else f"resources={_SERVERLESS}")
        return f"{to.need('azure.ai.ml', 'spark')}({', '.join(keywords)})"

    @property
    def reviews(self) -> list[str]:
        """What to check."""
        settings = [text for text in self.settings.reviews if not text.startswith("no compute is named")]
        serverless = [] if self.settings.compute else [_ASSUMED]
        return [*settings, *serverless, *([] if len(self.sizes) == len(SIZES) else [_SIZED]), *self.arguments.reviews]


def spark_job(script: ast.expr, arguments: Arguments, settings: Settings, to: Rewriter) -> SparkJob:
    """The Spark job of a script whose run configuration asks for Spark."""
    job = SparkJob(to.source(script), arguments, settings)
    job.environment = settings.environment
    job.configure(settings.spark or [])
    return job


def as_spark(step: Step, script: ast.expr, to: Rewriter) -> SparkStep:
    """A step that runs a script, as one on Spark."""
    step.settings.compute = "" if step.settings.compute == SERVERLESS else step.settings.compute
    job = spark_job(script, step.arguments, step.settings, to)
    found = SparkStep(
        *(step.use, step.component, step.node, step.arguments, step.settings, "", step.display_name), job=job
    )
    found.parts, found.reviews = step.parts, [*step.reviews, *job.reviews]
    take_reuse(found, step.use.argument("allow_reuse", "allow_reused"), to, said=False)
    return found


def _text(code: str) -> str | None:
    try:
        value = parsed(code)
    except NotKnownError:
        return None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _stripped(code: str) -> str:
    """The code of a command line without the blank that it begins with."""
    code = code.removeprefix('" " + ')
    start = code.index('"') + 1 if code.startswith(('"', '("')) else 0
    return code[:start] + code[start:].removeprefix(" ")


def direct(code: str) -> str:
    """An ``Input`` or ``Output`` that Spark reads or writes at its address: no other mode is allowed. Raises ValueError
    for code that makes none."""
    call = parsed(code)
    if not isinstance(call, ast.Call) or not ast.unparse(call.func).endswith(("Input", "Output")):
        raise ValueError("the data of a Spark job has to be an Input or Output with mode='direct': make it in the call")
    kept = [
        f"{key.arg}={ast.get_source_segment(code.strip(), key.value)}" for key in call.keywords if key.arg != "mode"
    ]
    return f"{ast.unparse(call.func)}({', '.join([*kept, _DIRECT])})"


@dataclass
class SparkStep(Step):
    """A step on a Spark pool."""

    job: SparkJob | None = None

    @property
    def token(self) -> str:
        """Its output is there when it has ended: later steps wait for that."""
        return self.arguments.outputs[0].name

    def component_code(self, to: Rewriter) -> str:
        """The component, as a call of ``spark``."""
        assert self.job is not None
        if self.before and not self.arguments.outputs:
            raise ValueError("a Spark step without an output cannot be waited for without data: give it an output")
        inputs = []
        for port in self.arguments.inputs:
            declared = port.declared if port.literal or not _is_data(port.declared) else direct(port.declared)
            inputs.append(f'"{port.name}": {declared}')
        for step in self.after:
            make = to.need("azure.ai.ml", "Input")
            inputs.append(f'"after_{step.node}": {make}(type="uri_folder", mode="direct")')
        outputs = [f'"{port.name}": {direct(port.declared)}' for port in self.arguments.outputs]
        return self.job.code(self.named(to), inputs, outputs, to)


def _is_data(declared: str) -> bool:
    return any(f'type="{kind}"' in declared for kind in ("uri_folder", "uri_file", "mltable"))


#: Keyword of SynapseSparkStep -> keyword of spark(...).
_SIZES_OF_STEP = {
    "driver_cores": "driver_cores",
    "driver_memory": "driver_memory",
    "executor_cores": "executor_cores",
    "executor_memory": "executor_memory",
    "num_executors": "executor_instances",
}


#: The steps that are read here.
STEPS = ("SynapseSparkStep",)


@reads(*STEPS)
def read(use: Use, component: str, node: str, to: Rewriter) -> Step:
    """Reads a call of SynapseSparkStep. Raises ValueError where it cannot be read."""
    file = use.argument("file", position=0)
    if file is None:
        raise ValueError("the script of the step cannot be told")
    listed = use.argument("outputs")
    written = [data.root for element in list_elements(listed, to) if (data := follow(element, to))] if listed else []
    passed = use.argument("arguments")
    arguments = read_arguments(list_elements(passed, to) if passed is not None else [], written, to)
    declare_inputs(use, written, arguments, to)
    for element in list_elements(listed, to) if listed is not None else []:
        data = follow(element, to) if not isinstance(element, ast.Starred) else None
        if data is None:
            raise ValueError("an output of the step cannot be told")
        output_port(data, "", arguments, to)
    settings = Settings()
    source, environment = use.argument("source_directory", position=1), use.argument("environment")
    if source is not None:
        settings.code, settings.source = to.source(source), source
    compute = use.argument("compute_target", position=2)
    if compute is not None:
        from amlbridge.migrate.rules.computes import compute_of

        settings.compute = compute_of(compute, to)
    job = SparkJob(to.source(file), arguments, settings)
    job.environment = to.source(environment) if environment is not None else ""
    for position, (keyword, name) in enumerate(_SIZES_OF_STEP.items()):
        value = use.argument(keyword, position=(4, 3, 6, 5, 7)[position])
        if value is not None:
            job.sizes[name] = to.source(value)
    conf = use.passed("conf")
    job.conf = to.source(conf) if conf is not None else ""
    job.more = [f"{key}={_listed(value, to)}" for key in ("py_files", "jars", "files") if (value := use.argument(key))]
    step = SparkStep(use, component, node, arguments, settings, "", use.argument("name", position=8), job=job)
    take_reuse(step, use.argument("allow_reuse"), to, said=False)
    step.reviews += job.reviews
    return step


def _listed(node: ast.expr, to: Rewriter) -> str:
    """A list of files; v1 takes one alone, too."""
    code = to.source(node)
    return f"[{code}]" if to.evaluator.text(node) is not None else code

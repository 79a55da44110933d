"""Submitted runs become jobs: waiting, status, links, children, files.

What ``submit`` gives is a job entity; ``run.id`` is its ``name``. Its present state is asked of the client, as the
entity does not change. ``wait_for_completion`` becomes ``jobs.stream``, which raises when the job fails, as before.
"""

from __future__ import annotations

import ast
import posixpath

from amlbridge.migrate.analysis.chosen import mapped
from amlbridge.migrate.analysis.literals import is_false
from amlbridge.migrate.analysis.run_kinds import annotated, is_job
from amlbridge.migrate.analysis.symbols import lineage
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Code, Instance
from amlbridge.migrate.findings import Status
from amlbridge.migrate.inside import is_inside, run_id
from amlbridge.migrate.models.code.new_functions import listing_function
from amlbridge.migrate.models.code.optional_imports import annotating, asked_for
from amlbridge.migrate.models.datasets.data import INTERMEDIATE, follow
from amlbridge.migrate.models.environments.environment import assigned
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.models.runs import states
from amlbridge.migrate.models.runs.artifacts import folder_above, stored_path
from amlbridge.migrate.models.runs.metrics import asked
from amlbridge.migrate.models.runs.parents import parent_of
from amlbridge.migrate.models.runs.run_properties import is_added
from amlbridge.migrate.models.runs.tracking import tracking
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import CONNECTED, Rewriter
from amlbridge.migrate.rules.run_metrics import loop_names
from amlbridge.migrate.text.trees import only_target

rule = Rule(
    "runs",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Workspace
from azureml.core.run import Run

ws = Workspace.from_config()
run = Run.get(ws, RUN_ID)
print(run.get_status(), run.get_metrics())
run.cancel()
""",
            """\
import mlflow
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
mlflow.set_tracking_uri(
    ml_client.workspaces.get(ml_client.workspace_name).mlflow_tracking_uri
)
run = ml_client.jobs.get(RUN_ID)
print(ml_client.jobs.get(run.name).status, mlflow.get_run(run.name).data.metrics)
ml_client.jobs.begin_cancel(run.name).result()
""",
        ),
        Case(
            """\
from azureml.core import Experiment, Workspace

ws = Workspace.from_config()
for run in Experiment(ws, "trials").get_runs():
    print(run.get_tags()["kind"], run.get_metrics()["loss"])
    for child in run.get_children():
        print(child.get_status(), child.get_metrics()["loss"])
    run.tag("seen", "yes")
    run.download_file("outputs/report.txt", "report.txt")
""",
            """\
import shutil
import mlflow
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
mlflow.set_tracking_uri(
    ml_client.workspaces.get(ml_client.workspace_name).mlflow_tracking_uri
)
for run in (
    ml_client.jobs.get(run.info.run_id)
    for run in mlflow.search_runs(experiment_names=["trials"], output_format="list")
    if "mlflow.parentRunId" not in run.data.tags
):
    print(
        ml_client.jobs.get(run.name).tags["kind"],
        mlflow.get_run(run.name).data.metrics["loss"],
    )
    for child in ml_client.jobs.list(parent_job_name=run.name):
        print(
            ml_client.jobs.get(child.name).status,
            mlflow.get_run(child.name).data.metrics["loss"],
        )
    mlflow.MlflowClient().set_tag(run.name, "seen", "yes")
    shutil.copy(
        mlflow.artifacts.download_artifacts(
            run_id=run.name, artifact_path="outputs/report.txt"
        ),
        "report.txt",
    )
""",
            "The runs of an experiment, their children and files",
        ),
    ],
)

#: Member of a run -> (what it becomes, what to check). {run}: the job; {client}: the MLClient; {mlflow}: the module.
TEMPLATES = {
    "id": ("{run}.name", ""),
    "get_status": ("{client}.jobs.get({run}.name).status", ""),
    "status": ("{client}.jobs.get({run}.name).status", ""),
    "get_detailed_status": (
        '{{"status": {client}.jobs.get({run}.name).status}}',
        "what v1 told as details of a status is in the studio only",
    ),
    "get_portal_url": ("{run}.studio_url", ""),
    "cancel": ("{client}.jobs.begin_cancel({run}.name).result()", ""),
    "get_steps": ("{client}.jobs.list(parent_job_name={run}.name)", ""),
    "get_tags": ("{client}.jobs.get({run}.name).tags", ""),
    "tags": ("{client}.jobs.get({run}.name).tags", ""),
    "get_properties": ("{client}.jobs.get({run}.name).properties", ""),
    "properties": ("{client}.jobs.get({run}.name).properties", ""),
    "display_name": ("{run}.display_name", ""),
    "name": ("{run}.display_name", ""),
    "experiment": ("{run}.experiment_name", ""),
    "type": ("{run}.type", ""),
    "number": ("{run}.name", "jobs have no numbers: this is the name"),
}


#: The same for what asks the service, and answers in another form.
CALLS = {
    "get_snapshot_id": "{client}.jobs.get({run}.name).code",
    "get_environment": "{client}.jobs.get({run}.name).environment",
    "get_logs": "{client}.jobs.stream({run}.name)",
    "get_job_log": "{client}.jobs.stream({run}.name)",
    "get_stdout_log": "{client}.jobs.stream({run}.name)",
}


@rule.converts("Run.display_name=")
def set_display_name(use: Use, to: Rewriter) -> Outcome:
    """The job is changed and saved."""
    assert use.receiver is not None
    save = written(use, to, "{client}.jobs.create_or_update({run})")
    return Statements(f"{to.source(use.receiver)}.display_name = {to.source(assigned(use))}\n{save}")


@rule.converts("Run.parent", *(f"Run.{member}" for member in CALLS))
def call(use: Use, to: Rewriter) -> Outcome:
    """What asks the service, and answers in another form."""
    member = use.symbol.rsplit(".", 1)[1]
    if member == "parent":
        return parent_of(use.node, [written(use, to, part) for part in ("{run}.name", "{client}", "{mlflow}")], to)
    if member.endswith(("_log", "_logs")) and not use.is_statement:
        return Replace(written(use, to, _LOG), "the log is the file user_logs/std_log.txt of the job")
    review = "the answer has another form: a Job entity, or nothing where logs are streamed"
    return Replace(written(use, to, CALLS[member]), review)


#: The log of a job as a text.
_LOG = '{mlflow}.artifacts.load_text(f"runs:/{{{run}.name}}/user_logs/std_log.txt")'
_FILES = "{mlflow}.MlflowClient().list_artifacts({run}.name"


@rule.converts("Run.get_file_names")
def file_names(use: Use, to: Rewriter) -> Outcome:
    """The files of a run, which MLflow lists a folder at a time: those of the folder that is asked for, or all."""
    parent = to.evaluator.scopes.parents.get(use.node)
    asked = parent.left if isinstance(parent, ast.Compare) and use.node in parent.comparators else None
    name = to.evaluator.text(asked) if asked is not None else None
    if name is not None:
        folder = f', "{posixpath.dirname(name)}"' if posixpath.dirname(name) else ""
        return Replace(f"[item.path for item in {written(use, to, _FILES)}{folder})]")
    return Replace(f"{listing_function(use, tracking(use, to), to)}({written(use, to, '{run}.name')})")


@rule.converts("Run.get_all_logs")
def all_logs(use: Use, to: Rewriter) -> Outcome:
    """All files of a job, its logs among them."""
    folder = use.argument("destination", position=0)
    target = f"download_path={to.source(folder)}, " if folder is not None else ""
    code = written(use, to, "{client}.jobs.download({run}.name, ")
    return Replace(f"{code}{target}all=True)", "it downloads all files of the job, and gives no list of them")


_LAST = "of a metric with several values, MLflow gives the last one: get_metric_history gives all"


@rule.converts("Run.get_metrics")
def metrics(use: Use, to: Rewriter) -> Outcome:
    """MLflow's metrics of a run; with ``name`` that one alone."""
    found = written(use, to, "{mlflow}.get_run({run}.name).data.metrics")
    recursive = use.argument("recursive", position=1)
    if not is_false(recursive):
        if use.passed("name", position=0) is not None:
            return Leave("metrics of child jobs are asked of each: for job in ml_client.jobs.list(parent_job_name=...)")
        jobs = "[{run}, *{client}.jobs.list(parent_job_name={run}.name)]"
        each = written(use, to, f"{{mlflow}}.get_run(job.name).data.metrics for job in {jobs}")
        return Replace(f"{{job.name: {each}}}", f"assumed that the children have no children; {_LAST}")
    return Replace(asked(use, found, to), _LAST)


def selected(use: Use, jobs: str, to: Rewriter) -> str:
    """The jobs that have the tags, properties or status that a use asks for. Raises ValueError where that cannot be
    asked of a job."""
    if use.argument("type", position=3) is not None:
        raise ValueError("jobs.list has no type: select from ml_client.jobs.list(parent_job_name=...)")
    conditions = []
    for name, position in (("tags", 1), ("properties", 2)):
        wanted = use.passed(name, position=position)
        if wanted is None:
            continue
        value = to.evaluator.value(wanted)
        given = value.node if isinstance(value, Code) else wanted
        keys = given.keys if isinstance(given, ast.Dict) else [wanted]
        where = "tags" if all(is_added(key, to) for key in keys) else name
        if to.evaluator.text(wanted) is not None:
            conditions.append(f"{to.source(wanted)} in job.{where}")
        elif isinstance(given, ast.Dict):
            conditions.append(f"{to.source(wanted)}.items() <= job.{where}.items()")
        else:
            raise ValueError(f"jobs.list has no {name}: select from ml_client.jobs.list(parent_job_name=...)")
    status = use.passed("status", position=4)
    if status is not None:
        conditions.append(f"job.status == {to.source(status)}")
    return f"(job for job in {jobs} if {' and '.join(conditions)})" if conditions else jobs


@rule.converts("Run.get_children")
def children(use: Use, to: Rewriter) -> Outcome:
    """The jobs below a job."""
    found = selected(use, written(use, to, "{client}.jobs.list(parent_job_name={run}.name)"), to)
    recursive = use.argument("recursive", position=0)
    all_below = not is_false(recursive)
    return Replace(found, "assumed that the children have no children: else ask for those of each" if all_below else "")


@rule.converts("Run.find_step_run")
def find_step_run(use: Use, to: Rewriter) -> Outcome:
    """The child jobs of a step."""
    name = use.argument("name", position=0)
    if name is None:
        return Leave("a name is needed")
    children = written(use, to, "{client}.jobs.list(parent_job_name={run}.name)")
    return Replace(f"[job for job in {children} if job.display_name == {to.source(name)}]")


@rule.converts("Run.download_file", "Run.download_files")
def download(use: Use, to: Rewriter) -> Outcome:
    """Files of a run are MLflow artifacts."""
    found = written(use, to, "{mlflow}.artifacts.download_artifacts(run_id={run}.name")
    if use.symbol.endswith("download_files"):
        appended = use.argument("append_prefix", position=4)
        name, folder = use.argument("prefix", position=0), use.argument("output_directory", position=1)
        path = f", artifact_path={stored_path(name, to)}" if name is not None else ""
        where = to.source(folder) if folder is not None else '"."'
        if appended is not None and not _is(appended, True):
            if name is None or not _is(appended, False) or use.argument("output_paths", position=2) is not None:
                return Leave(_MOVE)
            return Replace(f"{to.need_module('shutil')}.copytree({found}{path}), {where}, dirs_exist_ok=True)", _PREFIX)
        if use.argument("output_paths", position=2) is not None:
            return Leave(_MOVE)
        return Replace(f"{found}{path}, dst_path={where})")
    name, target = use.argument("name", position=0), use.argument("output_file_path", position=1)
    if name is None:
        return Leave("a file has a name")
    if target is not None and to.evaluator.text(target) is None and ast.dump(target) == ast.dump(name):
        return Replace(f'{found}, artifact_path={stored_path(name, to)}, dst_path=".")')
    shutil = to.need_module("shutil")
    above, sure = folder_above(target, to) if target is not None else ("", True)
    if above:
        to.before(use.statement, f"{to.need_module('os')}.makedirs({above}, exist_ok=True)")
    where = to.source(target) if target is not None else '"."'
    review = "" if sure else "the folder that the file is copied to has to exist"
    return Replace(f"{shutil}.copy({found}, artifact_path={stored_path(name, to)}), {where})", review)


_MOVE = "MLflow downloads to a folder, where files keep their paths: move them afterwards"
_PREFIX = "the prefix is taken to be a folder of the run"


def _is(node: ast.expr, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


_EXPLANATIONS = (
    "the component of SDK v2 that trains hierarchical time series has no output with explanations: leave this out"
)


@rule.converts("Run.get_pipeline_output", "Run.get_output_data", "StepRun.get_output")
def output(use: Use, to: Rewriter) -> Outcome:
    """An output of a job is found by its name."""
    name = use.argument("pipeline_output_name", "name", position=0)
    hierarchy = any(other.symbol == "HTSTrainParameters" for other in to.uses)
    if hierarchy and name is not None and to.evaluator.text(name) == "explanations":
        return Leave(_EXPLANATIONS, Status.NO_EQUIVALENT)
    port = _port_name(use, to)
    if port is not None:
        return Replace(f'"{port}"')
    if name is None:
        return Leave("an output has a name")
    if (to.evaluator.text(name) or "").startswith(_DEFAULTS):
        return Leave(_OF_AUTOML)
    of_step = use.symbol.endswith(_OF_STEPS) and to.evaluator.text(name) is None
    return Replace(to.source(name), _OTHER_NAME if of_step else "")


_OTHER_NAME = "outputs have the names that their component gives them: it may be another one"


@rule.converts("PortDataReference")
def reference(use: Use, to: Rewriter) -> Outcome:
    """The class, in annotations: an output is its name."""
    if use.call is not None:
        return Leave("download the output: ml_client.jobs.download(name, output_name=...)")
    return Replace("str")


def _said(name: ast.expr, to: Rewriter) -> str:
    """What a name is: its text, or the code that gives it."""
    text = to.evaluator.text(name)
    return ast.dump(name) if text is None else text


#: Outputs that SDK v1 gave a step of AutoML by itself: these and the name of the step.
_DEFAULTS = ("default_metrics_", "default_model_")
_OF_AUTOML = (
    "a job of AutoML of SDK v2 has no outputs by itself: give it outputs={'best_model': Output(type='mlflow_model')}, "
    "and download that; its metrics are those of its best trial in MLflow"
)
#: What gives an output of a step, which is called as its data.
_OF_STEPS = (".get_output_data", ".get_output")


@rule.converts("StepRunOutput.get_port_data_reference")
def port(use: Use, to: Rewriter) -> Outcome:
    """The same name: SDK v2 has no object between a job's output and its files."""
    assert use.receiver is not None
    return Replace(to.source(use.receiver))


def _naming(use: Use, to: Rewriter) -> Use | None:
    """The call that asked a run for an output by its name, from which the receiver of a use is."""
    origin = use.receiver_value.origin if use.receiver_value is not None else None
    made = to.use_of(origin) if origin is not None else None
    return _naming(made, to) if made is not None and made.symbol.endswith(".get_port_data_reference") else made


def _port_name(use: Use, to: Rewriter) -> str | None:
    """The output that a component has for the data of a step; None where the name of the data is its name."""
    name = use.argument("name", position=0)
    said = _said(name, to) if name is not None and use.symbol.endswith(_OF_STEPS) else None
    found = set()
    for made in to.uses:
        given = made.argument("name", position=0) if made.symbol in INTERMEDIATE and made.call is not None else None
        if said is None or given is None or _said(given, to) != said or not isinstance(made.node, ast.expr):
            continue
        data = follow(made.node, to)
        producer = Flow.of(to).producer(data.root) if data is not None else None
        port = producer.writes(data.root) if producer is not None and data is not None else None
        if port is not None:
            found.add(port.name)
    return found.pop() if len(found) == 1 else None


@rule.converts("PortDataReference.download")
def download_output(use: Use, to: Rewriter) -> Outcome:
    """Downloads a named output, into the folder named-outputs/NAME."""
    assert use.receiver is not None
    named = _naming(use, to)
    run = named.receiver if named is not None and named.call is not None else None
    if run is None:
        return Leave("the run of this output cannot be told")
    folder = use.argument("local_path", position=0)
    target = f", download_path={to.source(folder)}" if folder is not None else ""
    name = to.source(use.receiver)
    return Replace(f"{to.client(use.node)}.jobs.download({to.source(run)}.name, output_name={name}{target})")


@rule.converts("PortDataReference.path_on_datastore")
def output_path(use: Use, to: Rewriter) -> Outcome:
    """Where ``jobs.download`` puts an output, below its download folder."""
    assert use.receiver is not None
    name, text = to.source(use.receiver), _output_name(use, to)
    path = "named-outputs/" + (text or f"{{{name}}}")
    if _is_file(text, to):
        # A file lies below its name, and has it.
        path += "/" + (text or f"{{{name}}}")
    return Replace(f'"{path}"' if text else f'f"{path}"')


def _output_name(use: Use, to: Rewriter) -> str | None:
    """The name of the output that ``get_pipeline_output(name)`` gave."""
    made = _naming(use, to)
    port = _port_name(made, to) if made is not None else None
    if port is not None:
        return port
    name = made.argument("pipeline_output_name", "name", position=0) if made is not None else None
    return to.evaluator.text(name) if name is not None else None


def _is_file(name: str | None, to: Rewriter) -> bool:
    """Whether an output of a pipeline of this module is a file, as AutoML's are; of all, where its name is not told."""
    found = []
    for made in to.uses:
        given = made.argument("pipeline_output_name") if made.symbol == "PipelineData" and made.call else None
        if given is not None and (name is None or to.evaluator.text(given) == name):
            data = follow(made.node, to) if isinstance(made.node, ast.expr) else None
            producer = Flow.of(to).producer(data.root) if data is not None else None
            port = producer.writes(data.root) if producer is not None and data is not None else None
            found.append(port is not None and bool(port.node))
    return bool(found) and all(found)


@rule.converts("Run.remove_tags")
def remove_tags(use: Use, to: Rewriter) -> Outcome:
    """Tags are MLflow's, which removes one at a time."""
    tags = use.argument("tags", position=0)
    if tags is None or not use.is_statement:
        return Leave("remove each tag with mlflow.MlflowClient().delete_tag(run_id, key)")
    (key,) = loop_names(use, to, "key")
    remove = written(use, to, f"{{mlflow}}.MlflowClient().delete_tag({{run}}.name, {key})")
    return Statements(f"for {key} in {to.source(tags)}:\n    {remove}")


@rule.converts("Run.tag", "Run.set_tags", "Run.add_properties")
def tag(use: Use, to: Rewriter) -> Outcome:
    """Tags are MLflow's."""
    if use.symbol.endswith(".tag"):
        key, value = use.argument("key", position=0), use.argument("value", position=1)
        if key is None:
            return Leave("a tag has a name")
        text = to.source(value) if value is not None else '""'
        start = written(use, to, "{mlflow}.MlflowClient().set_tag({run}.name, ")
        return Replace(f"{start}{to.source(key)}, {text})")
    tags = use.argument("tags", "properties", position=0)
    if tags is None or not use.is_statement:
        return Leave("set tags in a statement of its own")
    start = written(use, to, "{mlflow}.MlflowClient().set_tag({run}.name, ")
    name, text = loop_names(use, to, "key", "value")
    review = _PROPERTIES if use.symbol.endswith("add_properties") else ""
    return Statements(f"for {name}, {text} in {to.source(tags)}.items():\n    {start}{name}, {text})", review)


def written(use: Use, to: Rewriter, template: str) -> str:
    """A template filled in for a use."""
    assert use.receiver is not None
    if is_inside(to.evaluator.type_of(use.receiver)):  # a run of MLflow, of which the service has a job
        identity = run_id(use.receiver, to)
        template = template.replace("{run}.name", identity).replace("{run}.", f"{{client}}.jobs.get({identity}).")
    run = to.source(use.receiver)
    client = to.client(use.node) if "{client}" in template else ""
    mlflow = tracking(use, to) if "{mlflow}" in template else ""
    return template.format(run=run, client=client, mlflow=mlflow)


@rule.converts("Run.wait_for_completion")
def wait(use: Use, to: Rewriter) -> Outcome:
    """Streams the log until the job ends; raises when it fails."""
    code = written(use, to, "{client}.jobs.stream({run}.name)")
    states.compare(use, states.OF_PIPELINES, to)
    raises = use.argument("raise_on_error", position=2)
    if raises is not None and not (isinstance(raises, ast.Constant) and raises.value is True):
        return _quiet(use, raises, code, to)
    if use.is_statement:
        return Replace(code)
    if use.is_assigned:
        to.before(use.statement, code)
        return Replace(written(use, to, "{client}.jobs.get({run}.name).status"))
    return Replace(code, "jobs.stream gives nothing: ask jobs.get(name).status for the state")


def _quiet(use: Use, raises: ast.expr, code: str, to: Rewriter) -> Outcome:
    """``raise_on_error=False``: a job that fails is no error of the script that waits."""
    alone = use.is_statement
    assigned = use.is_assigned
    if not isinstance(raises, ast.Constant) or not (alone or assigned):
        return Leave("jobs.stream raises JobException when the job fails: catch it where raise_on_error is false")
    error = to.need("azure.ai.ml.exceptions", "JobException")
    quiet = f"with {to.need('contextlib', 'suppress')}({error}):\n    {code}"
    if alone:
        return Statements(quiet)
    to.before(use.statement, quiet)
    return Replace(written(use, to, "{client}.jobs.get({run}.name).status"))


@rule.converts(*(f"Run.{member}" for member in TEMPLATES))
def member(use: Use, to: Rewriter) -> Outcome:
    """What needs no more than the job's name."""
    member = use.symbol.rsplit(".", 1)[1]
    template, review = TEMPLATES[member]
    over = mapped(use.node, to.evaluator)
    if over is not None and is_job(over.type):  # ``map(Run.cancel, runs)``
        if over.origin in to.attempt.kept:
            return CONNECTED
        client = to.client(use.node) if "{client}" in template else ""
        return Replace(f"lambda run: {template.format(run='run', client=client)}", review)
    if member in ("get_status", "status"):
        states.compare(use, states.OF_PIPELINES, to)
        review = _SHOWN if _is_shown(use.node, to) else review
    if member in ("get_properties", "properties") and _is_added(use, to):
        return Replace(written(use, to, TEMPLATES["tags"][0]), _PROPERTIES)
    return Replace(written(use, to, template), review)


_SHOWN = "the state is shown as JobStatus.COMPLETED; compared and added to texts it is Completed"


def _is_shown(node: ast.AST, to: Rewriter) -> bool:
    """Whether a state becomes text in a way that shows the name of an enumeration: ``print(...)``, an f-string."""
    parent = to.evaluator.scopes.parents.get(node)
    while isinstance(parent, ast.keyword):
        parent = to.evaluator.scopes.parents.get(parent)
    if isinstance(parent, ast.Call) and parent.func is not node:
        called = parent.func.id if isinstance(parent.func, ast.Name) else getattr(parent.func, "attr", "")
        return called in ("print", "str", "format")
    return isinstance(parent, ast.FormattedValue)


_PROPERTIES = "properties that code adds are tags in MLflow"


def _is_added(use: Use, to: Rewriter) -> bool:
    """Whether a property is asked for that this module has added, so that it is a tag now."""
    parent = to.evaluator.scopes.parents.get(use.node)
    asked: ast.expr | None = None
    if isinstance(parent, ast.Subscript):
        asked = parent.slice
    elif isinstance(parent, ast.Compare) and use.node in parent.comparators:
        asked = parent.left
    elif isinstance(parent, ast.Attribute) and parent.attr == "get":
        call = to.evaluator.scopes.parents.get(parent)
        asked = call.args[0] if isinstance(call, ast.Call) and call.args else None
    key = to.evaluator.text(asked) if asked is not None else None
    given = (other.argument("properties", position=0) for other in to.uses if other.symbol == "Run.add_properties")
    values = (to.evaluator.value(node) for node in given if node is not None)
    dicts = (value.node for value in values if isinstance(value, Code) and isinstance(value.node, ast.Dict))
    return key is not None and any(to.evaluator.text(name) == key for found in dicts for name in found.keys if name)


@rule.converts("Workspace.get_run")
def get_of_workspace(use: Use, to: Rewriter) -> Outcome:
    """A run of the workspace, by its id."""
    run_id = use.argument("run_id", position=0) if use.call is not None else None
    if run_id is None or use.receiver is None:
        return Leave("the id of the run cannot be told")
    return Replace(f"{to.client(use.node, use.receiver)}.jobs.get({to.source(run_id)})")


@rule.converts("get_run")
def get_of_experiment(use: Use, to: Rewriter) -> Outcome:
    """A run by its id, which needs no experiment."""
    run_id = use.argument("run_id", position=1) if use.call is not None else None
    if run_id is None:
        return Leave("the id of the run cannot be told")
    return Replace(f"{to.client(use.node)}.jobs.get({to.source(run_id)})")


@rule.converts("Run.get", "PipelineRun.get", "PipelineRun", "StepRun", "Run", "ScriptRun")
def get(use: Use, to: Rewriter) -> Outcome:
    """A run by its id."""
    if use.call is None:
        if (module := asked_for(use.node, to.need_module("mlflow"), to)) is not None:
            return Replace(module)
        held = annotated(use.node, to.evaluator)
        kind = held.type if isinstance(held, Instance) else None
        if kind == "PassedRun":
            return Replace(f"{to.need_module('mlflow')}.entities.Run")
        inside = to.evaluator.is_run_script() if kind is None else "RunContext" in lineage(kind)
        code = f"{to.need_module('mlflow')}.ActiveRun" if inside else to.need("azure.ai.ml.entities", "Job")
        return Replace(annotating(use.node, code, to))
    run_id = use.argument("run_id", position=1)
    if run_id is None:
        return Leave("the id of the run cannot be told")
    if _stands_for_own(use, to):
        return Replace(f"{tracking(use, to)}.get_run({to.source(run_id)})")
    workspace = use.argument("workspace", position=0)
    return Replace(f"{to.client(use.node, workspace)}.jobs.get({to.source(run_id)})")


def _stands_for_own(use: Use, to: Rewriter) -> bool:
    """Whether the variable of a run that is looked up holds, elsewhere, the run of the code itself or one above it,
    which are runs of MLflow."""
    target = only_target(use.statement)
    if not isinstance(target, ast.Name) or not use.is_assigned:
        return False
    values = [binding.value for binding in to.evaluator.scopes.home(target).bindings[target.id]]
    kinds = (to.evaluator.type_of(value) for value in values if value is not None and value is not use.node)
    return any(kind is not None and is_inside(kind) for kind in kinds)

"""Published pipelines become batch endpoints with a deployment of the pipeline's component.

``pipeline.publish(name, version=...)`` makes the endpoint ``name``, a deployment of this version, and makes it the
default. ``PublishedPipeline`` and ``PipelineEndpoint`` are that endpoint: ``.endpoint`` is its scoring URI, ``.id``
its name, and a REST body with ``ParameterAssignments`` becomes one with ``InputData``. Names of endpoints have small
letters, digits and dashes.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace

from amlbridge.migrate.analysis.literals import is_false
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Code, Instance
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.code.listing import listing
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.jobs.submit_settings import lost_settings
from amlbridge.migrate.models.pipelines.releases import passed_releases, takes_component
from amlbridge.migrate.models.pipelines.rest_calls import ANSWER, RestCalls
from amlbridge.migrate.models.serving.endpoint_names import endpoint_name
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import CONNECTED, Rewriter
from amlbridge.migrate.rules.pipelines import data_parameters, job_code, value_code
from amlbridge.migrate.text.trees import blocks_of, only_target

rule = Rule(
    "publishing",
    __doc__,
    cases=[
        Case(
            """\
import requests
from azureml.core import Workspace
from azureml.pipeline.core import PublishedPipeline

ws = Workspace.from_config()
published = PublishedPipeline.get(ws, pipeline_id)
answer = requests.post(
    published.endpoint,
    headers=header,
    json={"ExperimentName": "called", "ParameterAssignments": {"epochs": 3}},
)
""",
            """\
import requests
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
published = ml_client.batch_endpoints.get(pipeline_id)
answer = requests.post(
    published.scoring_uri,
    headers=header,
    json={
        "properties": {
            "properties": {"experimentName": "called"},
            "InputData": {"epochs": {"JobInputType": "Literal", "Value": "3"}},
        }
    },
)
""",
            "A REST call of a published pipeline",
        ),
        Case(
            """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline, PipelineEndpoint
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
step = PythonScriptStep(
    "train.py", name="train", source_directory="src", compute_target="cpu", runconfig=env
)
pipeline = Pipeline(ws, steps=[step])
first = pipeline.publish(name="nightly", version="1.0")
endpoint = PipelineEndpoint.publish(ws, name="train", pipeline=first, description="all")
second = pipeline.publish(name="nightly", version="2.0")
endpoint.add_default(second)
run = endpoint.submit("called")
print(endpoint.name, len(endpoint.list_versions()))
""",
            """\
from azure.ai.ml import MLClient, command, dsl
from azure.ai.ml.entities import BatchEndpoint, PipelineComponentBatchDeployment
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
step_component = command(
    name="train", code="src", command="python train.py", environment=env, compute="cpu"
)


@dsl.pipeline()
def pipeline():
    step = step_component()


pipeline_component = ml_client.components.create_or_update(pipeline().component)
first = ml_client.batch_endpoints.begin_create_or_update(
    BatchEndpoint(name="nightly")
).result()
ml_client.batch_deployments.begin_create_or_update(
    PipelineComponentBatchDeployment(
        name="version-1-0", endpoint_name=first.name, component=pipeline_component
    )
).result()
first.defaults.deployment_name = "version-1-0"
ml_client.batch_endpoints.begin_create_or_update(first).result()
endpoint = ml_client.batch_endpoints.begin_create_or_update(
    BatchEndpoint(name="train", description="all")
).result()
ml_client.batch_deployments.begin_create_or_update(
    PipelineComponentBatchDeployment(
        name="version-1-0", endpoint_name=endpoint.name, component=pipeline_component
    )
).result()
endpoint.defaults.deployment_name = "version-1-0"
ml_client.batch_endpoints.begin_create_or_update(endpoint).result()
pipeline_component_2 = ml_client.components.create_or_update(pipeline().component)
second = ml_client.batch_endpoints.begin_create_or_update(
    BatchEndpoint(name="nightly")
).result()
ml_client.batch_deployments.begin_create_or_update(
    PipelineComponentBatchDeployment(
        name="version-2-0", endpoint_name=second.name, component=pipeline_component_2
    )
).result()
second.defaults.deployment_name = "version-2-0"
ml_client.batch_endpoints.begin_create_or_update(second).result()
ml_client.batch_deployments.begin_create_or_update(
    PipelineComponentBatchDeployment(
        name="version-2-0", endpoint_name=endpoint.name, component=pipeline_component_2
    )
).result()
endpoint.defaults.deployment_name = "version-2-0"
ml_client.batch_endpoints.begin_create_or_update(endpoint).result()
run = ml_client.batch_endpoints.invoke(
    endpoint_name=endpoint.name, experiment_name="called"
)
print(endpoint.name, len(list(ml_client.batch_deployments.list(endpoint.name))))
""",
            "Releases behind an endpoint",
        ),
    ],
)

_ELSEWHERE = (
    "the component of a pipeline that was published elsewhere cannot be told: deploy the component that "
    "was registered there, ml_client.components.get(name, label='latest')"
)
#: What gives a pipeline endpoint its name -> the position of the name.
_NAMED = {"PipelineEndpoint.publish": 1, "PipelineEndpoint.set_name": 0}
_NAMES = "deployments have names of 3 to 32 letters, digits and dashes, not numbers"
_NO_DEFAULTS = "data has no default in the component of a pipeline: each call and schedule has to give {}"
_OF_JOB = "the run has to be that of a pipeline; what it was submitted with becomes the defaults of the endpoint"
_COUNTED = "the first deployment of an endpoint is called version-1, where SDK v1 counted versions from 0"
_DEPLOYED = "a version of an endpoint is a deployment, which is called through its endpoint: batch_endpoints.invoke"
_PUBLISHED = "an endpoint of SDK v2 is found by its name, not by the id of a pipeline that SDK v1 published"


def version_code(version: ast.expr, to: Rewriter) -> str:
    """The code of the name of the deployment that has a version."""
    text = to.evaluator.text(version)
    if text is None:
        return f'f"version-{{{to.source(version)}}}".replace(".", "-")'
    label = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "1"
    return f'"version-{label}"'


@rule.converts("Pipeline.publish", "Run.publish_pipeline")
def publish(use: Use, to: Rewriter) -> Outcome:
    """An endpoint and a deployment, which is its default."""
    assert use.receiver is not None
    name = use.argument("name", position=0)
    if name is None:
        return Leave("a published pipeline needs a name")
    version, goes_on = use.argument("version", position=2), use.argument("continue_on_step_failure", position=3)
    pipeline = use.receiver if use.symbol == "Pipeline.publish" else submitted_pipeline(use, to)
    if pipeline is None:
        release = Release.of_job(to.source(use.receiver), version, to)
    else:
        release = Release.of(pipeline, version, to.client(use.node), to)
    if goes_on is not None and not is_false(goes_on):
        release = replace(release, settings=f'{{"continue_on_step_failure": {to.source(goes_on)}}}')
    return _deployed(use, name, release, to)


def submitted_pipeline(use: Use, to: Rewriter) -> ast.expr | None:
    """The pipeline that a run came from."""
    made = to.maker(use.receiver)
    if made is None or not made.symbol.endswith(".submit"):
        return None
    if made.symbol == "Pipeline.submit":
        return made.receiver
    config = made.argument("config", position=0)
    return config if config is not None and to.evaluator.type_of(config) == "Pipeline" else None


def _deployed(use: Use, name: ast.expr, release: Release, to: Rewriter) -> Outcome:
    statement = use.statement
    target = only_target(statement)
    variable = to.source(target) if isinstance(target, (ast.Name, ast.Attribute)) else to.fresh("endpoint")
    description = use.argument("description", position=2 if use.symbol == "PipelineEndpoint.publish" else 1)
    client = to.client(use.node)
    to.memory["release", use.node] = release
    made = release.made + _endpoint(variable, name, description, client, to)
    made += deployment(variable, release, client, to)
    whole = (isinstance(statement, ast.Expr) or target is not None) and statement.value is use.node  # type: ignore[attr-defined]
    if whole:
        return Statements(made, release.review)
    to.before(statement, made.rstrip("\n"))
    return Replace(variable, release.review)


@dataclass(frozen=True)
class Release:
    """A pipeline that is deployed. ``made``: statements that register its component; ``source``: the keyword with the
    component or the job of it; ``name``, ``settings``: the code of the deployment's name and settings."""

    made: str
    source: str
    name: str
    review: str = ""
    settings: str = ""

    @classmethod
    def of(cls, pipeline: ast.expr, version: ast.expr | None, client: str, to: Rewriter) -> Release:
        """The release of a pipeline, or the one that a published pipeline is already. Raises ValueError when that was
        published elsewhere."""
        if to.evaluator.type_of(pipeline) != "Pipeline":
            value = to.evaluator.value(pipeline)
            known = to.memory.get(("release", value.origin)) if isinstance(value, Instance) else None
            if not isinstance(known, Release):
                return cls._passed(pipeline, to)
            return cls("", known.source, known.name, _NAMES, known.settings)
        component = to.fresh("pipeline_component")
        code = f"{client}.components.create_or_update({job_code(pipeline, None, to)}.component)"
        made = f"{component} = {code}\n"
        data = data_parameters(pipeline, to)
        return cls._named(
            made, f"component={component}", version, _NO_DEFAULTS.format(", ".join(data)) if data else "", to
        )

    @classmethod
    def _passed(cls, pipeline: ast.expr, to: Rewriter) -> Release:
        """The release of a published pipeline that the calls of a function pass, which pass its component instead.
        Raises ValueError where something else may be passed, or pipelines that are released in different ways."""
        passed = passed_releases(pipeline, to)
        releases = [to.memory.get(("release", made.node)) for _argument, made in passed]
        known = [one for one in releases if isinstance(one, Release) and one.source.startswith("component=")]
        if not known or len(known) < len(passed) or len({(one.name, one.settings) for one in known}) > 1:
            raise ValueError(_ELSEWHERE)
        first = known[0]
        if not all(_is_constant(code) for code in (first.name, first.settings or "None")):
            raise ValueError(_ELSEWHERE)
        for (argument, _made), release in zip(passed, known, strict=True):
            to.rename(argument, release.source.removeprefix("component="))
        return cls("", f"component={to.source(pipeline)}", first.name, _NAMES, first.settings)

    @classmethod
    def of_job(cls, job: str, version: ast.expr | None, to: Rewriter) -> Release:
        """The release of the pipeline that a job ran; ``job``: its code."""
        return cls._named("", f"job_definition={job}", version, _OF_JOB, to)

    @classmethod
    def _named(cls, made: str, source: str, version: ast.expr | None, review: str, to: Rewriter) -> Release:
        if version is None or to.evaluator.text(version) is not None:
            return cls(made, source, version_code(version, to) if version is not None else '"version-1"', review)
        name = to.fresh("deployment_name")
        made += f"{name} = {version_code(version, to)}\n"
        return cls(made, source, name, together([_NAMES, review]))


def _is_constant(code: str) -> bool:
    """Whether code means the same everywhere."""
    return not any(isinstance(node, ast.Name) for node in ast.walk(ast.parse(code, mode="eval")))


def _endpoint(variable: str, name: ast.expr, description: ast.expr | None, client: str, to: Rewriter) -> str:
    entity = to.need("azure.ai.ml.entities", "BatchEndpoint")
    code, _text = endpoint_name(name, to)
    extra = f", description={to.source(description)}" if description is not None else ""
    return f"{variable} = {client}.batch_endpoints.begin_create_or_update({entity}(name={code}{extra})).result()\n"


def deployment(variable: str, release: Release, client: str, to: Rewriter, *, default: bool = True) -> str:
    """Statements that deploy a pipeline component behind an endpoint, and make it the default."""
    entity = to.need("azure.ai.ml.entities", "PipelineComponentBatchDeployment")
    settings = f", settings={release.settings}" if release.settings else ""
    made = f"{entity}(name={release.name}, endpoint_name={variable}.name, {release.source}{settings})"
    code = f"{client}.batch_deployments.begin_create_or_update({made}).result()\n"
    if default:
        code += (
            f"{variable}.defaults.deployment_name = {release.name}\n"
            f"{client}.batch_endpoints.begin_create_or_update({variable}).result()\n"
        )
    return code


def _stays(name: ast.expr, to: Rewriter) -> bool:
    """Whether this code gives the name, or the id, to something that stays SDK v1."""
    value, text = to.evaluator.value(name), to.evaluator.text(name)
    shown = value.node if isinstance(value, Code) else name
    bound = to.evaluator.scopes.bindings_of(shown)
    shown = bound[0].value if len(bound) == 1 and bound[0].value is not None else shown
    for use in to.uses:
        made = use.receiver_value.origin if use.receiver_value is not None else None
        if use.node is shown:  # endpoint.id
            return made in to.attempt.kept
        given = use.argument("name", position=_NAMED[use.symbol]) if use.symbol in _NAMED and use.call else None
        known = given is not None and text is not None and to.evaluator.text(given) == text
        known = known or (isinstance(given, ast.Name) and to.evaluator.scopes.bindings_of(given) == bound != [])
        if known and (use.symbol == "PipelineEndpoint.set_name" or {use.node, made} & set(to.attempt.kept)):
            return True
    return False


@rule.converts("PublishedPipeline.get", "PipelineEndpoint.get")
def get(use: Use, to: Rewriter) -> Outcome:
    """An endpoint by its name."""
    name = use.argument("name", "id", position=2 if use.symbol == "PipelineEndpoint.get" else 1)
    if name is None:
        name = use.argument("id", position=1)
    if name is None:
        return Leave("an endpoint needs a name")
    if _stays(name, to):
        return CONNECTED
    code, _text = endpoint_name(name, to) if use.symbol == "PipelineEndpoint.get" else (to.source(name), "")
    client = to.client(use.node, use.argument("workspace", position=0))
    return Replace(f"{client}.batch_endpoints.get({code})", _PUBLISHED)


#: What publishes that which is listed: no batch endpoint is made by SDK v1.
_PUBLISHING = {"PublishedPipeline": "Pipeline.publish", "PipelineEndpoint": "PipelineEndpoint.publish"}
_LISTINGS = ("PublishedPipeline.list", "PublishedPipeline.get_all", "PipelineEndpoint.list", "PipelineEndpoint.get_all")


@rule.converts(*_LISTINGS, "PublishedPipeline", "PipelineEndpoint")
def listed(use: Use, to: Rewriter) -> Outcome:
    """All batch endpoints."""
    if use.call is None:
        kind = "PipelineComponent" if takes_component(use.node, to) else "BatchEndpoint"
        return Replace(to.need("azure.ai.ml.entities", kind))
    published = (other for other in to.uses if other.symbol == _PUBLISHING[use.symbol.partition(".")[0]])
    if (first := next((other for other in published if other.node in to.attempt.kept), None)) is not None:
        return to.left_with(use, first)
    client = to.client(use.node, use.argument("workspace", position=0))
    if "." not in use.symbol:
        name = use.argument("id", "name", position=1)
        return (
            Replace(f"{client}.batch_endpoints.get({to.source(name)})", _PUBLISHED)
            if name is not None
            else Leave(_PUBLISHED)
        )
    return Replace(
        f"list({client}.batch_endpoints.list())", "these are all batch endpoints, not only those of pipelines"
    )


@rule.converts("PipelineEndpoint.publish")
def publish_endpoint(use: Use, to: Rewriter) -> Outcome:
    """An endpoint for a pipeline, or for the component of one that is deployed already."""
    name = use.argument("name", position=1)
    pipeline = use.argument("pipeline", position=3)
    if name is None or pipeline is None:
        return Leave("an endpoint needs a name and a pipeline")
    return _deployed(use, name, Release.of(pipeline, None, to.client(use.node), to), to)


@rule.converts("PipelineEndpoint.add_default", "PipelineEndpoint.add")
def add(use: Use, to: Rewriter) -> Outcome:
    """Another deployment of the endpoint."""
    assert use.receiver is not None
    pipeline = use.argument("pipeline", position=0)
    if pipeline is None or not use.is_statement:
        return Leave("add the pipeline in a statement of its own")
    endpoint, client = to.source(use.receiver), to.client(use.node)
    release = Release.of(pipeline, None, client, to)
    made = release.made
    if release.made:  # one more version
        variable = to.fresh("deployment_name")
        count = f"len(list({client}.batch_deployments.list({endpoint}.name)))"
        made += f'{variable} = f"version-{{{count} + 1}}"\n'
        release = replace(release, name=variable)
    return Statements(
        made + deployment(endpoint, release, client, to, default=use.symbol.endswith("add_default")), release.review
    )


@rule.converts("PipelineEndpoint.set_default_version", "PipelineEndpoint.set_default")
def set_default(use: Use, to: Rewriter) -> Outcome:
    """Another default deployment."""
    assert use.receiver is not None
    version = use.argument("version", position=0)
    if version is None or not isinstance(use.statement, ast.Expr):
        return Leave("set endpoint.defaults.deployment_name, and update the endpoint")
    endpoint, client = to.source(use.receiver), to.client(use.node)
    name, review = _version_name(version, client, to)
    return Statements(
        f"{endpoint}.defaults.deployment_name = {name}\n"
        f"{client}.batch_endpoints.begin_create_or_update({endpoint}).result()",
        review,
    )


def _version_name(version: ast.expr, client: str, to: Rewriter) -> tuple[str, str]:
    """The name of the deployment of a pipeline, or of the version of an endpoint: SDK v1 counts them from 0, and the
    new code names them from 1 on."""
    if to.evaluator.type_of(version) == "PublishedPipeline":
        return Release.of(version, None, client, to).name, _NAMES
    text = to.evaluator.text(version)
    name = f'"version-{int(text) + 1}"' if text is not None and text.isdigit() else ""
    return name or f"f'version-{{int({to.source(version)}) + 1}}'", _COUNTED


@rule.converts("PublishedPipeline.submit", "PipelineEndpoint.submit")
def submit(use: Use, to: Rewriter) -> Outcome:
    """Invokes the endpoint's default deployment."""
    assert use.receiver is not None
    parameters, experiment = use.argument("pipeline_parameters"), use.argument("experiment_name")
    arguments = [f"endpoint_name={to.source(use.receiver)}.name"]
    if parameters is not None:
        arguments.append(f"inputs={_invoked_with(parameters, to)}")
    if experiment is not None:
        arguments.append(f"experiment_name={to.source(experiment)}")
    return Replace(f"{to.client(use.node)}.batch_endpoints.invoke({', '.join(arguments)})", lost_settings(use))


def invocation(endpoint: ast.expr, parameters: ast.expr | None, experiment: str, to: Rewriter) -> str:
    """Code that runs what is behind an endpoint: ``experiment.submit(published_pipeline)``."""
    inputs = [f"inputs={_invoked_with(parameters, to)}"] if parameters is not None else []
    arguments = [f"endpoint_name={to.source(endpoint)}.name", *inputs, f"experiment_name={experiment}"]
    client = to.client(endpoint)
    return f"{client}.jobs.get({client}.batch_endpoints.invoke({', '.join(arguments)}).name)"


def _invoked_with(parameters: ast.expr, to: Rewriter) -> str:
    """Code for the inputs of an invocation: data as it is, other values as literals."""
    make = to.need("azure.ai.ml", "Input")
    node = parameters if isinstance(parameters, ast.Dict) else None
    if node is None or all(value_code(value, to) == to.source(value) for value in node.values):
        return f'{{key: {make}(type="string", default=value) for key, value in {to.source(parameters)}.items()}}'
    if None in node.keys:
        raise ValueError("the parameters are put together in a way that cannot be followed")
    pairs = []
    for key, value in zip(node.keys, node.values, strict=True):
        assert key is not None
        code = value_code(value, to)
        literal = f'{make}(type="string", default={code})'
        pairs.append(f"{to.source(key)}: {literal if code == to.source(value) else code}")
    return f"{{{', '.join(pairs)}}}"


_UNSEEN = (
    "no call of this address is seen here: the body of a batch endpoint is {'properties': {'InputData': {...}}}, and "
    'its answer has "name" where it had "Id"'
)
_READ = {"endpoint": "scoring_uri", "id": "name", "name": "name", "description": "description"}


@rule.converts(*(f"{kind}.{name}" for kind in ("PublishedPipeline", "PipelineEndpoint") for name in _READ))
def read(use: Use, to: Rewriter) -> Outcome:
    """An attribute of the endpoint; the calls of its address are converted with it."""
    assert use.receiver is not None
    member = use.symbol.rsplit(".", 1)[1]
    review = ""
    if member == "endpoint":
        review = ANSWER if RestCalls.convert(to) else _UNSEEN if "post" in to.evaluator.calls() else ""
    return Replace(f"{to.source(use.receiver)}.{_READ[member]}", review)


@rule.converts("PublishedPipeline.status", "PipelineEndpoint.status")
def status(use: Use, to: Rewriter) -> Outcome:
    """What is known of the endpoint."""
    assert use.receiver is not None
    review = "it is the state of the endpoint's provisioning, as Succeeded, where SDK v1 said Active or Disabled"
    return Replace(f"{to.source(use.receiver)}.provisioning_state", review)


@rule.converts("PipelineEndpoint.default_version", "PipelineEndpoint.get_default_version", "PublishedPipeline.version")
def default_version(use: Use, to: Rewriter) -> Outcome:
    """The default deployment's name."""
    assert use.receiver is not None
    return Replace(f"{to.source(use.receiver)}.defaults.deployment_name", "deployments have names, not numbers")


@rule.idiom
def compared(node: ast.expr, to: Rewriter) -> Replace | None:
    """``pipeline.name == NAME`` and ``pipeline.version == BUILD``: endpoints and deployments have the names that
    publishing gives them."""
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], (ast.Eq, ast.NotEq)) or len(node.ops) > 1:
        return None
    sides = [node.left, node.comparators[0]]
    uses = [use for side in sides if (use := to.use_of(side)) is not None and use.symbol in _COMPARED]
    outcome = to.outcome(uses[0]) if len(uses) == 1 else None
    if not isinstance(outcome, Replace):
        return None
    other = sides[0] if uses[0].node is sides[1] else sides[1]
    named = endpoint_name(other, to)[0] if uses[0].symbol.endswith(".name") else version_code(other, to)
    left, right = (outcome.text, named) if other is sides[1] else (named, outcome.text)
    return Replace(f"{left} {'==' if isinstance(node.ops[0], ast.Eq) else '!='} {right}", outcome.review)


_COMPARED = ("PublishedPipeline.name", "PipelineEndpoint.name", "PublishedPipeline.version")


def _lists_all(node: ast.expr, to: Rewriter) -> bool:
    """Whether an expression, or the one that its variable has, is the list of all that is published."""
    bound = to.evaluator.scopes.bindings_of(node)
    listing = bound[0].value if len(bound) == 1 else node
    made = to.use_of(listing) if listing is not None else None
    return made is not None and made.symbol in _LISTINGS


_ENDS = tuple(f"{kind}.{name}" for kind in ("PublishedPipeline", "PipelineEndpoint") for name in ("archive", "disable"))


@rule.converts(*_ENDS)
def disable(use: Use, to: Rewriter) -> Outcome:
    """Deletes the endpoint: it cannot be disabled."""
    assert use.receiver is not None
    around = to.evaluator.scopes.parents.get(use.statement)
    if isinstance(around, ast.For) and _lists_all(around.iter, to):  # and no condition chooses some of them
        return Leave("it would delete all batch endpoints, also those of models: say which ones are meant")
    if _is_gone(use, to):
        return Statements("", _DELETED)
    return Replace(
        f"{to.client(use.node)}.batch_endpoints.begin_delete({to.source(use.receiver)}.name).result()", _DELETED
    )


_DELETED = "a batch endpoint cannot be disabled, only deleted"


def _is_gone(use: Use, to: Rewriter) -> bool:
    """Whether a statement above deletes the endpoint already: ``old.disable()``, then ``old.archive()``."""
    receiver = ast.dump(use.receiver) if use.receiver is not None else ""
    block = next(
        (block for block in blocks_of(to.evaluator.scopes.parents[use.statement]) if use.statement in block), []
    )
    above = block[: block.index(use.statement)] if use.is_statement and block else []
    ended = {
        (other.statement, ast.dump(other.receiver)) for other in to.uses if other.symbol in _ENDS and other.receiver
    }
    return any((statement, receiver) in ended for statement in above)


@rule.converts("PipelineEndpoint.list_versions", "PipelineEndpoint.list_pipelines", "PipelineEndpoint.get_all_versions")
def versions(use: Use, to: Rewriter) -> Outcome:
    """The deployments of the endpoint."""
    assert use.receiver is not None
    found = f"{to.client(use.node)}.batch_deployments.list({to.source(use.receiver)}.name)"
    return Replace(listing(found, use, to))


@rule.converts("PipelineEndpoint.get_pipeline")
def version_of(use: Use, to: Rewriter) -> Outcome:
    """The deployment of a version."""
    assert use.receiver is not None
    if Objects.of(to).members(use.node):
        return Leave(_DEPLOYED)
    version = use.passed("version", position=0)
    endpoint, client = to.source(use.receiver), to.client(use.node)
    name, review = f"{endpoint}.defaults.deployment_name", ""
    if version is not None:
        name, review = _version_name(version, client, to)
    return Replace(f"{client}.batch_deployments.get({name}, endpoint_name={endpoint}.name)", review)


@rule.converts("PipelineVersion.version", "PipelineVersion.pipeline")
def read_version(use: Use, to: Rewriter) -> Outcome:
    """A deployment has a name."""
    assert use.receiver is not None
    receiver = to.source(use.receiver)
    return Replace(receiver if use.symbol.endswith("pipeline") else f"{receiver}.name", "deployments have names")

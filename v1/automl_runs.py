"""The AutoML service of SDK v1: runs that ``experiment.submit`` of an AutoMLConfig makes (protocol notes, section 3).

The client has its settings validated, creates the run, and then starts it with a run configuration; from then on it
reads run history. Refusals are 400: the client repeats a 501 for seconds.
"""

from __future__ import annotations

import uuid
from typing import Any

from starlette.responses import Response

from amlbridge.engine.plan import DataReference, Input, Node, Plan, Resources
from amlbridge.engine.records import runs as status
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.engine.scheduler import Scheduler
from amlbridge.v1 import automl_properties, automl_request, dataset_records, run_environments, script_run
from amlbridge.v1.automl_request import Request
from amlbridge.v1.execution import configuration, definition_of
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import checks
from amlbridge.wire import curated_environments
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import ServiceError, bad_request, conflict
from amlbridge.wire.routing import REST, Reply, Routes

routes = Routes("automl", "/jasmine/v1.0/WS/experimentids/{experiment}")

#: The kind of these runs in the engine.
KIND = "automl"
_REFUSED = (400, "NotSupported")
#: What the client's constants call the ends of a run that it reports by itself.
_ENDS = {"fail": status.FAILED, "complete": status.COMPLETED, "cancel": status.CANCELED}
_NO_CONTINUE = (
    "amlbridge cannot go on with an AutoML run that has ended: submit the AutoMLConfig again with more iterations"
)
_NO_LOCAL = (
    "the search of an AutoML run runs in the service: name a compute target in AutoMLConfig (compute_target=), which "
    "is this machine as well"
)
_NO_EXPLANATION = (
    "amlbridge makes no model explanations: load the model with get_output() and explain it with a package of your "
    "choice (shap, interpret)"
)
_NO_TEST = (
    "amlbridge tests a model only while it is made: pass test_data or test_size to AutoMLConfig, or load the model "
    "with get_output() and score the data yourself"
)
_NO_CODE = "amlbridge writes no code for a model: load the model with get_output(); its steps are scikit-learn's"
_NO_PROFILE = "amlbridge makes no feature profiles: use dataset.to_pandas_dataframe().describe()"
_NO_MANY = "many models runs are in Azure only: submit one AutoMLConfig for each model"


@routes.post("/validation")
def validate_automl_run(call: Call) -> Reply:
    """Looks whether settings and data of an AutoML run are right: 204, or what is wrong, which the client prints."""
    try:
        request = automl_request.read(call.object)
        if request.data:
            _plan(call.service, call.workspace, request, Fields(call.object, "the AutoML run").text("target"))
    except ServiceError as error:
        if error.status >= 500:
            raise
        # The client shows the message of each detail, and leaves out those with this code.
        return {"error": {**error.body()["error"], "details": [{"code": error.code, "message": error.message}]}}
    return Response(status_code=204)


@routes.post("/run")
def create_automl_run(call: Call) -> Reply:
    """Records an AutoML run that is not started yet; the answer is its id."""
    request = automl_request.read(call.object)
    body = Fields(call.object, "the AutoML run")
    target = body.text("target")
    _plan(call.service, call.workspace, request, target)
    experiment = call.records.experiments.get(call.workspace.id, call.params["experiment"])
    run_id = f"AutoML_{uuid.uuid4()}"
    properties = automl_properties.of_request(request, target)
    properties |= {"azureml.runsource": KIND, **body.scalars("properties")}
    columns: dict[str, Any] = {"target": target, "properties": properties, "tags": body.scalars("tags")}
    parent = body.text("parentRunId")
    if parent:
        call.records.runs.get(call.workspace.id, parent)
        columns["parent_id"] = parent
    call.records.runs.add(call.workspace.id, experiment.id, run_id, KIND, status=status.NOT_STARTED, **columns)
    return run_id


@routes.post("/runs/{run}/submitSnapshotRun")
def submit_automl_run(call: Call) -> Reply:
    """Starts an AutoML run that was created before, on the compute target of a run configuration."""
    run = _run(call)
    if run.plan_id is not None or run.finished:
        raise conflict(f"the run {run.id} was started before", "RunAlreadyStarted")
    config = configuration(definition_of(call.object))
    target = config.text("target") or run.target
    request = automl_request.read(
        {
            "amlSettingsJsonString": run.properties[automl_properties.RAW_SETTINGS],
            "dataPrepJsonString": run.properties.get(automl_properties.DATA),
        }
    )
    plan = _plan(call.service, call.workspace, request, target)
    ours = run_environments.columns(call.service, call.workspace, call.identity, plan.nodes[0])
    found = run_environments.join({"properties": run.properties, "extra": run.extra, "target": target}, ours)
    scheduler: Scheduler = call.service.parts["scheduler"]
    scheduler.start_recorded(call.workspace.id, run.id, plan, columns=found)
    return {"runId": run.id}


@routes.post("/cancelrun/{run}")
def cancel_automl_run(call: Call) -> Reply:
    """Cancels an AutoML run, or one of its iterations."""
    call.service.parts["cancel_run"](call.workspace.id, call.params["run"])
    return None


@routes.post("/runs/{run}/changerunstatus/{status}", others="its error handling: the client says that a run failed")
def change_automl_run_status(call: Call) -> Reply:
    """Ends an AutoML run whose client could not start it."""
    run = _run(call)
    wanted = next((end for name, end in _ENDS.items() if call.params["status"].lower().startswith(name)), None)
    if wanted is None:
        raise bad_request(f"{call.params['status']!r} is no end of a run")
    if not run.finished and run.plan_id is None:
        call.records.runs.set(call.workspace.id, run.id, status=wanted, ended=call.service.clock())
    return None


@routes.post("/getCuratedEnvironment", others=REST)
def get_curated_environment(call: Call) -> Reply:
    """The environment of AutoML: a stub, because the search runs in the service's own."""
    return {"version": 1, "environment": curated_environments.definition("AzureML-AutoML")}


def _run(call: Call) -> Run:
    run = call.records.runs.get(call.workspace.id, call.params["run"])
    if run.kind != KIND:
        raise bad_request(f"the run {run.id} is no AutoML run")
    return run


def _plan(service: Service, workspace: Workspace, request: Request, target: str | None) -> Plan:
    """The Plan of a run, checked: it can run in this workspace now. Raises a 400 :class:`ServiceError`."""
    if not {"training_data", "X"} & request.data.keys():
        raise bad_request("AutoML has no data: pass training_data and label_column_name", "InvalidAutoMLRun")
    compute = None if target in (None, "", script_run.LOCAL) else target
    node = Node(
        id=script_run.NODE,
        name="AutoML",
        kind="automl",
        inputs={name: Input(_source(service, workspace, value), "mltable") for name, value in request.data.items()},
        resources=Resources(compute),
        deterministic=False,
        options={"automl": request.settings.to_json()},
    )
    plan = Plan((node,))
    if compute is None:
        checks.check_node(service, workspace, node)
    else:
        checks.check(service, workspace, plan, {})
    return plan


def _source(service: Service, workspace: Workspace, value: Any) -> DataReference:
    """The dataset of a table, which the old interface sends as the dataflow itself."""
    if isinstance(value, str):
        made = dataset_records.definition("tabular", value, {})
        return DataReference(f"azureml://saved_datasets/{dataset_records.save(service, workspace, made)}")
    found = Fields(value, "dataPrepJsonString")
    return DataReference(f"azureml://saved_datasets/{found.required('datasetId')}")


def _refuse(name: str, doc: str, reason: str, *paths: str) -> None:
    def handler(call: Call) -> Reply:
        """Replaced below."""

    handler.__name__, handler.__doc__ = name, doc
    for path in paths:
        routes.operation("POST", path, refused=reason, refused_as=_REFUSED)(handler)


_refuse("continue_automl_run", "Goes on with an AutoML run that has ended.", _NO_CONTINUE, "/runs/{run}/continueRun")
_refuse(
    "search_in_client",
    "What a client with Microsoft's runtime asks for while it searches by itself.",
    _NO_LOCAL,
    *("/runs/{run}/next", "/runs/{run}/next_task_batch", "/runs/{run}/workers/{worker}"),
)
_refuse("explain_model", "Explains a model on demand.", _NO_EXPLANATION, "/modelexplain/{run}")
_refuse("test_model", "Tests a model on demand.", _NO_TEST, "/modeltest/{run}")
_refuse("generate_code", "Writes a notebook or a script for a model.", _NO_CODE, "/notebookgen/{run}", "/codegen/{run}")
_refuse("profile_features", "Profiles of the features of a run.", _NO_PROFILE, "/featureprofiles/{run}")
_refuse("validate_many_models_run", "Validates a many models run.", _NO_MANY, "/validateManyModelsRun")
_refuse("create_automl_job", "Creates an AutoML run as a job.", _NO_LOCAL, "/jobs/create")

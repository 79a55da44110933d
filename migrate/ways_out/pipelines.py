"""Pipelines: steps, data between them, graphs, published pipelines and schedules."""

from __future__ import annotations

_ADLA = "Azure Data Lake Analytics has ended: use a Spark component (azure.ai.ml.spark)"
_MODULE = "register a component (ml_client.components.create_or_update) and load it by name and version"
_GRAPH = "a pipeline of v2 is a function with @dsl.pipeline: its jobs are the nodes, its inputs and outputs the edges"
_PORT = "inputs and outputs of components are keywords of their call, and attributes of outputs of the node"
_DRAFT = "v2 has no drafts: save the pipeline job as YAML (dump) and load it with azure.ai.ml.load_job"
_STEP = "a step is a component that the function with @dsl.pipeline calls"
_DATA = "data between steps is the outputs.NAME of a node, handed to the next component"
_SCHEDULE = "read it of ml_client.schedules.get(name)"
_WATCH = "v2 has no schedules that watch a datastore: use Event Grid"
_ENDPOINT = "read it of ml_client.batch_endpoints.get(name)"
_DEPLOYMENT = "each version is a deployment: ml_client.batch_deployments.list(endpoint_name)"
_PUBLISHED = "a published pipeline is a deployment: ml_client.batch_deployments.get(name, endpoint_name)"
_PARALLEL = "settings of parallel runs are keywords of azure.ai.ml.parallel.parallel_run_function"

WAYS_OUT = {
    "AdlaStep": _ADLA,
    "AutoMLStep": "call azure.ai.ml.automl inside of the function with @dsl.pipeline",
    "AutoMLStepRun": "read it of the child job: ml_client.jobs.list(parent_job_name=name)",
    "AutoMLStepRun.get_default_metrics_output": "ml_client.jobs.download of the AutoML job of the pipeline",
    "AutoMLStepRun.get_default_model_output": 'jobs.download(name, output_name="best_model") of the AutoML job',
    "AzureBatchStep": "submit to Azure Batch from a command component, with azure-batch",
    "CommandStep": _STEP,
    "DataSource": _PORT,
    "DataSourceDef": _PORT,
    "DataSourceNode": _PORT,
    "DataTransferStep": "copy with azure.ai.ml.data_transfer (preview), or in a command component",
    "DatabricksStep": "call the Databricks REST API from a command component, or use a Spark component",
    "Edge": _GRAPH,
    "EstimatorStep": _STEP,
    "Graph": _GRAPH,
    "HyperDriveStep": "call sweep() of a component inside of the function with @dsl.pipeline",
    "HyperDriveStepRun": "read it of the child job: ml_client.jobs.list(parent_job_name=name)",
    "InputPort": _PORT,
    "InputPortBinding": _PORT,
    "InputPortDef": _PORT,
    "KustoStep": "query Kusto in a command component, with azure-kusto-data",
    "Module": _MODULE,
    "ModuleDef": _MODULE,
    "ModuleNode": _MODULE,
    "ModuleStep": _MODULE,
    "ModuleStepBase": _MODULE,
    "ModuleVersion": _MODULE,
    "ModuleVersionDescriptor": _MODULE,
    "MpiStep": _STEP,
    "Node": _GRAPH,
    "NotebookRunnerStep": "run the notebook with papermill in a command component",
    "OutputPort": _PORT,
    "OutputPortBinding": _PORT,
    "OutputPortDef": _PORT,
    "ParallelRunConfig": _PARALLEL,
    "ParallelRunStep": _PARALLEL,
    "Param": _GRAPH,
    "ParamDef": _GRAPH,
    "Pipeline": _GRAPH,
    "Pipeline.load_yaml": "write the pipeline as YAML of v2, and read it with azure.ai.ml.load_job",
    "Pipeline.service_endpoint": "a pipeline component behind a batch endpoint has scoring_uri",
    "PipelineData": _DATA,
    "PipelineData.get_env_variable_name": "the script gets the path of an output as an argument",
    "PipelineDataset": "give the component azure.ai.ml.Input(type=, path=)",
    "PipelineDraft": _DRAFT,
    "PipelineEndpoint": _ENDPOINT,
    "PipelineEndpoint.enable": "endpoints cannot be disabled: delete the deployment, or make another one the default",
    "PipelineEndpoint.get_all_pipelines": _DEPLOYMENT,
    "PipelineEndpoint.pipeline_version_list": _DEPLOYMENT,
    "PipelineEndpoint.reactivate": "endpoints cannot be disabled: make the deployment anew",
    "PipelineEndpoint.set_name": "endpoints keep their names: make another one",
    "PipelineEndpoint.swaggerurl": "read openapi_uri of ml_client.batch_endpoints.get(name)",
    "PipelineIdVersion": _DEPLOYMENT,
    "PipelineOutputAbstractDataset": _DATA,
    "PipelineOutputTabularDataset": "do it in the script of the next step, which reads the table",
    "PipelineParameter": "a parameter of the pipeline is a parameter of the function with @dsl.pipeline",
    "PipelineStep": _STEP,
    "PipelineStep.get_source_directory": "the component's code is its code",
    "PipelineVersion": _DEPLOYMENT,
    "PortDataReference": "download the output: ml_client.jobs.download(name, output_name=...)",
    "PublishedPipeline": _PUBLISHED,
    "PublishedPipeline.continue_on_step_failure": "read continue_on_step_failure of the settings of the deployment",
    "PublishedPipeline.enable": "endpoints cannot be disabled: make the deployment anew",
    "PublishedPipeline.get_graph": "the component of the deployment has jobs: ml_client.components.get(name, version)",
    "PublishedPipeline.get_portal_url": "batch endpoints are in the studio under Endpoints",
    "PublishedPipeline.get_step_names": "the jobs of ml_client.components.get(name, version)",
    "PublishedPipeline.save": "save the component as YAML: ml_client.components.get(name, version).dump(path)",
    "PythonScriptStep": _STEP,
    "RScriptStep": "run `Rscript script.R` in a command component",
    "Schedule.continue_on_step_failure": "it is a setting of the pipeline job: create_job.settings",
    "Schedule.data_path_parameter_name": _WATCH,
    "Schedule.datastore_name": _WATCH,
    "Schedule.get_schedules_for_pipeline_endpoint_id": "choose among ml_client.schedules.list() by create_job",
    "Schedule.load_yaml": "make a JobSchedule (azure.ai.ml.entities.JobSchedule) with its trigger and its job",
    "Schedule.path_on_datastore": _WATCH,
    "Schedule.pipeline_endpoint_id": "a schedule of v2 starts a job: read create_job",
    "Schedule.polling_interval": _WATCH,
    "ScheduleRecurrence": "read it of the trigger (azure.ai.ml.entities.RecurrenceTrigger) of the schedule",
    "StepRunOutput": "download the output: ml_client.jobs.download(name, output_name=...)",
    "SynapseSparkStep": "write it as azure.ai.ml.spark(...): its settings differ",
    "TrainingOutput": "the model is the output best_model of the AutoML or sweep job",
    "*.create_node": _GRAPH,
}

"""Computes, environments, steps, pipelines and what is published, AutoML, sweeps, models and deployment."""

from __future__ import annotations

from amlbridge.v1.call_table import client, refused, served

_CORE, _PIPE, _STEPS = "azureml.core.", "azureml.pipeline.core.", "azureml.pipeline.steps."
_AUTOML = "azureml.train.automl.run.AutoMLRun."
_AUTOML_CANCEL = "v1/test_automl_runs.py::test_mistakes_are_told_and_a_search_can_be_cancelled"
_AUTOML_RUN = "v1/test_automl_runs.py::test_a_run_its_children_and_its_model"
_AUTOML_STEP = "seeds/test_004_automl.py::test_from_the_web_paths_to_the_registered_model_and_back_from_the_run"
_ASSET = "models.register model-assets.create"
_BUILDS = "v1/test_environments.py::test_curated_environments_and_builds"
_COMPUTES = "wire/test_computes.py::test_the_get_or_create_idiom_and_what_follows"
_DEPLOY = "v1/test_models.py::test_what_needs_servers_of_azure_is_refused_with_a_way_out"
_INSTANCES = "wire/test_computes.py::test_instances_and_kubernetes"
_LINKED = "wire/test_linked_services.py::test_a_synapse_workspace_is_linked_and_a_pool_of_it_attached"
_ATTACHED = "wire/test_attached_computes.py::test_each_service_is_attached_read_and_detached"
_ENDPOINTS = "v1/pipelines/test_endpoints.py::test_versions_and_their_default"
_ENVIRONMENTS = "v1/test_environments.py::test_register_get_versions_and_labels"
_FAILURES = "v1/pipelines/test_failures.py::test_failure_continue_and_cancel"
_FLOW = "v1/pipelines/test_pipeline_runs.py::test_data_flows_through_a_pipeline"
_MODELS = "v1/test_models.py::test_register_find_change_download_delete"
_PARALLEL = "v1/test_parallel_run.py::test_files_parameters_side_inputs_and_publishing"
_PARAMS = "v1/pipelines/test_pipeline_runs.py::test_data_parameters_and_module_steps"
_PUBLISHED = "v1/pipelines/test_published.py::test_publish_and_submit_with_the_sdk"
_REMOTE = "v1/test_remote_steps.py::test_each_is_refused_at_submit"
_SCHEDULES = "v1/pipelines/test_schedules.py::test_recurrences"
_SCRIPT = "v1/test_execution.py::test_script_run_from_submission_to_model"
_ESTIMATORS = "v1/test_execution.py::test_estimators"
_SWEEP = "v1/test_hyperdrive.py::test_a_sweep_from_submission_to_model"
_SWEEP_STEP = "v1/test_hyperdrive.py::test_a_sweep_as_a_step"
_SPEC = "v1/test_graph.py::test_the_environment_of_a_run_configuration"

_DATABRICKS = "v1/test_databricks.py::test_each_kind_of_work_is_asked_for_as_it_was_written"
_TRANSFER = "v1/test_data_transfer.py::test_copies_between_datastores"

_SUBMIT = "pipelines.create_unsubmitted_run pipelines.submit_run"
_RUN = "execution.submit_snapshot_run"
_CLUSTER = "needs a cluster or service elsewhere: refused when the pipeline is submitted"
_NO_HOST = "it measures containers in Azure: call run() of the scoring script with a sample and time it"
_SERVICES = "v1/webservices/test_webservices.py::test_aci_from_deployment_to_deletion"
_IMAGES = "v1/webservices/test_images.py::test_from_the_image_to_services_and_deletion"
_BAD_IMAGES = "v1/webservices/test_images.py::test_what_cannot_be_built_or_loaded"
_VERSIONS = "v1/webservices/test_versions.py::test_versions_share_the_traffic_of_an_endpoint"
_PACKAGES = "server/docker/test_known_images.py::test_packages_and_images_of_v1"
_AKS = "v1/webservices/test_webservices.py::test_aks_on_a_compute_of_the_workspace"

COMPUTE = (
    served(_CORE + "compute.ComputeTarget", "computes.get_compute", _COMPUTES),
    served(_CORE + "compute.ComputeTarget.create", "computes.create_compute computes.operation_status", _COMPUTES),
    served(_CORE + "compute.ComputeTarget.wait_for_completion", "computes.operation_status", _COMPUTES),
    client(_CORE + "compute.AmlCompute.provisioning_configuration"),
    served(_CORE + "compute.AmlCompute", "computes.get_compute", _COMPUTES),
    served(_CORE + "compute.AmlCompute.get_status", "computes.get_compute", _COMPUTES),
    served(_CORE + "compute.AmlCompute.update", "computes.update_compute", _COMPUTES),
    served(_CORE + "compute.AmlCompute.delete", "computes.delete_compute", _COMPUTES),
    served(_CORE + "compute.ComputeInstance", "computes.get_compute computes.start_instance", _INSTANCES),
    served(
        _CORE + "compute.ComputeTarget.attach",
        "computes.create_compute computes.list_keys",
        _ATTACHED,
        "is a record: what would run there is refused when it is submitted",
    ),
    client(_CORE + "compute.AksCompute.provisioning_configuration", test=_ATTACHED),
    served(_CORE + "LinkedService.register", "linked-services.link_service", _LINKED),
    served(_CORE + "LinkedService.list", "linked-services.list_linked_services", _LINKED),
    served(_CORE + "LinkedService.get", "linked-services.get_linked_service", _LINKED),
    served(_CORE + "LinkedService.unregister", "linked-services.unlink_service", _LINKED),
)

ENVIRONMENT = (
    client(_CORE + "runconfig.RunConfiguration", test=_SPEC),
    client(_CORE + "conda_dependencies.CondaDependencies.create", test=_SPEC),
    client(_CORE + "conda_dependencies.CondaDependencies.add_pip_package"),
    client(_CORE + "Environment", test=_ENVIRONMENTS),
    client(_CORE + "Environment.from_conda_specification"),
    client(_CORE + "Environment.from_pip_requirements"),
    client(_CORE + "Environment.from_existing_conda_environment", "asks the conda command of the machine"),
    served(_CORE + "Environment.get", "environments.get_latest environments.get_version", _ENVIRONMENTS),
    served(_CORE + "Environment.list", "environments.list_environments", _ENVIRONMENTS),
    served(_CORE + "Environment.register", "environments.register", _ENVIRONMENTS),
    served(_CORE + "Environment.build", "environments.build environments.build_status", _BUILDS),
    client(_CORE + "runconfig.MpiConfiguration", "one node"),
    client(_CORE + "runconfig.DockerConfiguration", "recorded; steps run without Docker"),
)

SUBMIT = (
    served(_CORE + "ScriptRunConfig", _RUN, _SCRIPT),
    served("azureml.train.estimator.Estimator", _RUN, _ESTIMATORS),
    served("azureml.train.dnn.PyTorch", _RUN, _ESTIMATORS),
    served("azureml.train.dnn.TensorFlow", _RUN, _ESTIMATORS),
    served("azureml.train.sklearn.SKLearn", _RUN, _ESTIMATORS),
)

STEPS = (
    served(_STEPS + "PythonScriptStep", _SUBMIT, _FLOW),
    served(_STEPS + "CommandStep", _SUBMIT, _FLOW),
    client(_STEPS + "EstimatorStep"),
    client(_STEPS + "MpiStep", "one node"),
    served(_STEPS + "ModuleStep", _SUBMIT, _PARAMS),
    refused(_STEPS + "RScriptStep", "", _CLUSTER, _REMOTE),
    served(_STEPS + "ParallelRunStep", _SUBMIT, _PARALLEL, "its processes are of this machine"),
    client(_STEPS + "ParallelRunConfig"),
    served(_STEPS + "AutoMLStep", _SUBMIT, _AUTOML_STEP),
    client(_STEPS + "AutoMLStepRun", "is the step's run and the AutoML run"),
    served(_STEPS + "HyperDriveStep", _SUBMIT, _SWEEP_STEP, "resume_from is refused"),
    client(_STEPS + "HyperDriveStepRun", "the runs are read from run history", _SWEEP_STEP),
    served(_STEPS + "DatabricksStep", _SUBMIT, _DATABRICKS, "runs on the attached workspace"),
    served(_STEPS + "DataTransferStep", _SUBMIT, _TRANSFER),
    refused(_STEPS + "SynapseSparkStep", "", _CLUSTER, _REMOTE),
    refused(_STEPS + "AzureBatchStep", "", _CLUSTER, _REMOTE),
    refused(_STEPS + "AdlaStep", "", _CLUSTER, _REMOTE),
    refused(_STEPS + "KustoStep", "", _CLUSTER, _REMOTE),
)

PIPELINES = (
    client(_PIPE + "Pipeline", "asks for the data types of the workspace", _FLOW),
    served(_PIPE + "Pipeline.submit", _SUBMIT, "v1/test_run_calls.py::test_pipeline_run_calls"),
    served(_PIPE + "Pipeline.validate", "pipelines.list_data_types", _FLOW),
    client(_PIPE + "Pipeline.load_yaml", "makes the graph in the client"),
    client(_PIPE + "PipelineParameter", test=_FLOW),
    client(_PIPE + "StepSequence"),
    client(_PIPE + "PipelineStep.run_after", test=_FLOW),
    client(_PIPE + "TrainingOutput", "for AutoMLStep and HyperDriveStep", _SWEEP_STEP),
    served(_PIPE + "Pipeline.publish", "pipelines.create_published_pipeline", _PUBLISHED),
    served(_PIPE + "PipelineRun.publish_pipeline", "pipelines.create_published_pipeline", _PUBLISHED),
    served(_PIPE + "PublishedPipeline.list", "pipelines.list_published_pipelines", _PUBLISHED),
    served(_PIPE + "PublishedPipeline.get", "pipelines.get_published_pipeline", _PUBLISHED),
    served(_PIPE + "PublishedPipeline.submit", "pipelines.submit_published_pipeline", _PUBLISHED),
    served(_PIPE + "PipelineEndpoint.get", "pipelines.get_pipeline_endpoint_by_name", _ENDPOINTS),
    served(_PIPE + "PipelineEndpoint.publish", "pipelines.create_pipeline_endpoint", _ENDPOINTS),
    served(_PIPE + "PipelineEndpoint.add_default", "pipelines.update_pipeline_endpoint", _ENDPOINTS),
    served(_PIPE + "Schedule.create", "pipelines.create_schedule", _SCHEDULES, "fires while the service is up"),
    served(_PIPE + "Schedule.list", "pipelines.list_schedules", _SCHEDULES),
    served(_PIPE + "Schedule.disable", "pipelines.update_schedule", _SCHEDULES),
    client(_PIPE + "ScheduleRecurrence"),
)

_DRIVE = "azureml.train.hyperdrive."
AUTOML = (
    served(
        "azureml.train.automl.AutoMLConfig",
        "automl.validate_automl_run automl.create_automl_run automl.submit_automl_run",
        _AUTOML_RUN,
        "classification, regression, forecasting; without a compute target, too",
    ),
    refused("azureml.train.automl.AutoMLImageConfig", "", "models for images are large neural networks"),
    client("azureml.automl.core.featurization.FeaturizationConfig"),
    client("azureml.automl.core.forecasting_parameters.ForecastingParameters"),
    served(_AUTOML + "get_output", "history.get_run artifacts.get_content_information", _AUTOML_RUN),
    client(_AUTOML + "get_best_child", test=_AUTOML_RUN),
    client(_AUTOML + "summary", test=_AUTOML_RUN),
    client(_AUTOML + "get_run_sdk_dependencies", test=_AUTOML_RUN),
    served(_AUTOML + "register_model", _ASSET, _AUTOML_RUN),
    served(_AUTOML + "cancel", "automl.cancel_automl_run", _AUTOML_CANCEL),
    client(
        _AUTOML + "cancel_iteration", "fails in the client (azureml-train-automl-client 1.62): cancel the child run"
    ),
    refused(_AUTOML + "continue_experiment", "automl.continue_automl_run", "submit again with more iterations"),
    served(
        _DRIVE + "HyperDriveConfig",
        "hyperdrive.submit_sweep hyperdrive.submit_named_sweep",
        _SWEEP,
        "over a script; pipeline= and resume_child_runs= are refused with the reason",
    ),
    client(_DRIVE + "HyperDriveRun", "read from run history", _SWEEP),
    served(_DRIVE + "HyperDriveRun.cancel", "hyperdrive.cancel_sweep", _SWEEP),
    served(_DRIVE + "HyperDriveRun.get_best_run_by_primary_metric", "metrics.list_metrics", _SWEEP),
    served(_DRIVE + "HyperDriveRun.get_children_sorted_by_primary_metric", "metrics.list_metrics", _SWEEP),
    client(_DRIVE + "HyperDriveRun.get_hyperparameters", "reads the tags of the run", _SWEEP),
    served(_DRIVE + "HyperDriveRun.get_metrics", "metrics.list_metrics", _SWEEP),
    client(_DRIVE + "RandomParameterSampling", 'properties={"seed": 1} makes a sweep repeatable here', _SWEEP),
    client(_DRIVE + "GridParameterSampling", test=_SWEEP_STEP),
    client(_DRIVE + "BayesianParameterSampling", test=_SWEEP),
    client(_DRIVE + "BanditPolicy", test=_SWEEP),
    client(_DRIVE + "MedianStoppingPolicy"),
    client(_DRIVE + "TruncationSelectionPolicy"),
    client(_DRIVE + "choice"),
    client(_DRIVE + "uniform"),
)

MODELS = (
    served(
        _CORE + "Model.register",
        "models.register model-assets.create artifacts.batch_create_empty_artifacts",
        _MODELS,
        "the client takes paths below the current folder only; mounted inputs of a step count as such",
    ),
    served(_CORE + "Model", "models.list_models", _MODELS),
    served(_CORE + "Model.list", "models.list_models", _MODELS),
    served(_CORE + "Model.download", "model-assets.get artifacts.get_content_information", _MODELS),
    served(_CORE + "Model.update", "models.change", _MODELS),
    served(_CORE + "Model.delete", "models.delete", _MODELS),
    client(_CORE + "Model.serialize", test=_MODELS),
    client(_CORE + "model.InferenceConfig"),
    served(
        _CORE + "Model.deploy",
        "web-services.validate_name web-services.validate web-services.create",
        _SERVICES,
        "with an InferenceConfig; the scoring script runs in a process on this machine",
    ),
    served(_CORE + "Model.package", "model-packages.create", _PACKAGES, "a record: no image is built"),
    served(_CORE + "model.ModelPackage.wait_for_creation", "web-services.get_operation", _PACKAGES),
    client(_CORE + "model.ModelPackage.save", "its Docker is the service, where the machine has none", _PACKAGES),
    client(_CORE + "model.ModelPackage.pull", "the same; `amlbridge run --intercept` answers for the key", _PACKAGES),
    refused(_CORE + "Model.profile", "models.refused", _NO_HOST, _DEPLOY),
    client(_CORE + "webservice.AciWebservice.deploy_configuration", test=_SERVICES),
    client(_CORE + "webservice.AksWebservice.deploy_configuration", test=_AKS),
    served(_CORE + "Webservice", "web-services.get", _SERVICES),
    served(_CORE + "Webservice.list", "web-services.list_services", _SERVICES),
    served(_CORE + "Webservice.wait_for_deployment", "web-services.get_operation", _SERVICES),
    served(_CORE + "Webservice.get_logs", "web-services.get_logs", _SERVICES),
    served(_CORE + "Webservice.get_keys", "web-services.list_keys", _SERVICES),
    served(_CORE + "Webservice.regen_key", "web-services.regenerate_keys", _SERVICES),
    served(_CORE + "Webservice.delete", "web-services.delete", _SERVICES),
    served(_CORE + "webservice.AciWebservice.run", "scoring.score", _SERVICES),
    served(_CORE + "webservice.AciWebservice.update", "web-services.change", _SERVICES),
    served(_CORE + "webservice.AksWebservice.run", "scoring.score", _AKS),
    served(_CORE + "webservice.AksWebservice.update", "web-services.change", _AKS),
    served(_CORE + "webservice.AksWebservice.get_access_token", "web-services.get_token", _AKS),
    client(_CORE + "webservice.AksEndpoint.deploy_configuration", test=_VERSIONS),
    served(_CORE + "webservice.AksEndpoint.create_version", "web-services.change", _VERSIONS),
    served(_CORE + "webservice.AksEndpoint.update_version", "web-services.change", _VERSIONS),
    served(_CORE + "webservice.AksEndpoint.delete_version", "web-services.change", _VERSIONS),
    served(_CORE + "webservice.AksEndpoint.run", "scoring.score", _VERSIONS, "by the versions' shares of the traffic"),
    client(_CORE + "webservice.LocalWebservice", "its Docker is the service, where the machine has none"),
    client(_CORE + "image.ContainerImage.image_configuration", test=_IMAGES),
    served(_CORE + "image.Image.create", "service-images.create", _IMAGES, "nothing is built before it is deployed"),
    served(_CORE + "image.Image", "service-images.get service-images.list_images", _IMAGES),
    served(_CORE + "image.Image.list", "service-images.list_images", _IMAGES),
    served(_CORE + "image.Image.wait_for_creation", "web-services.get_operation", _BAD_IMAGES),
    served(_CORE + "image.Image.add_tags", "service-images.change", _IMAGES),
    served(_CORE + "image.Image.delete", "service-images.delete", _IMAGES),
    served(_CORE + "Webservice.deploy_local_from_model", "service-images.build_context", _PACKAGES),
    client(_CORE + "image.ContainerImage.run", "as ModelPackage.pull", _PACKAGES),
    served(_CORE + "Workspace.images", "service-images.list_images", _IMAGES),
    served(_CORE + "Webservice.deploy_from_image", "web-services.create", _IMAGES),
    served(_CORE + "Webservice.deploy_from_model", "service-images.create web-services.create", _BAD_IMAGES),
)

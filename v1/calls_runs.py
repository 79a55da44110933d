"""Workspace, authentication, experiments, runs, and what run scripts call."""

from __future__ import annotations

from amlbridge.v1.call_table import client, gone, served

_ARM = "wire/test_arm.py::test_workspace_by_config_constructor_and_get"
_ASSET = "models.register model-assets.create artifacts.batch_create_empty_artifacts"
_COMPUTES = "wire/test_computes.py::test_the_get_or_create_idiom_and_what_follows"
_CORE = "azureml.core."
_ENVIRONMENTS = "v1/test_environments.py::test_register_get_versions_and_labels"
_FAILURES = "v1/pipelines/test_failures.py::test_failure_continue_and_cancel"
_FILES = "wire/test_artifacts.py::test_files_of_a_run"
_FIND = "wire/test_history.py::test_finding_runs_and_children"
_FLOW = "v1/pipelines/test_pipeline_runs.py::test_data_flows_through_a_pipeline"
_GET_METRICS = "metrics.list_metrics metrics.get_full_fidelity_metric history.wait_for_metrics"
_HISTORY = "v1/test_run_calls.py::test_run_calls"
_LAKES = "v1/test_datastores.py::test_registered_blob_and_lake_stores_hold_files"
_LIFE = "wire/test_history.py::test_life_of_runs"
_LOG = "metrics.post_run_metrics"
_METRICS = "wire/test_metrics.py::test_shapes"
_MODELS = "v1/test_models.py::test_register_find_change_download_delete"
_PIPE = "azureml.pipeline.core."
_REGISTERED = "v1/test_datasets.py::test_registration_versions_tags_and_ids"
_RUN = "azureml.core.Run."
_RUN_MODELS = "v1/test_models.py::test_models_of_runs_and_with_datasets"
_SCRIPT = "v1/test_execution.py::test_script_run_from_submission_to_model"
_SEEDS = "seeds/test_documents.py::test_prepare_and_register"
_STORES = "v1/test_datastores.py::test_default_datastore_takes_and_gives_files"
_SUBMIT = "pipelines.create_unsubmitted_run pipelines.submit_run"
_UPLOAD = "artifacts.batch_create_empty_artifacts"
_WORKSPACES = "wire/test_workspaces.py::test_create_list_update_and_delete"

WORKSPACE = (
    served(_CORE + "Workspace.from_config", "workspaces.get_workspace bootstrap.discovery", _ARM),
    served(_CORE + "Workspace", "workspaces.get_workspace", _ARM, "any name is served, created on first use"),
    served(_CORE + "Workspace.get", "workspaces.get_workspace", _ARM),
    served(_CORE + "Workspace.create", "workspaces.create_workspace deployments.deploy", _WORKSPACES),
    served(_CORE + "Workspace.list", "workspaces.list_resources", _WORKSPACES),
    client(_CORE + "Workspace.name"),
    client(_CORE + "Workspace.resource_group"),
    client(_CORE + "Workspace.subscription_id"),
    client(_CORE + "Workspace.location"),
    client(_CORE + "Workspace.write_config", "writes config.json"),
    served(_CORE + "Workspace.get_details", "workspaces.get_workspace", _WORKSPACES),
    served(_CORE + "Workspace.get_default_datastore", "datastores.get_default_datastore", _STORES),
    served(_CORE + "Workspace.set_default_datastore", "datastores.set_default_datastore", _LAKES),
    served(_CORE + "Workspace.datastores", "datastores.list_datastores", _STORES),
    served(_CORE + "Workspace.datasets", "datasets.list_datasets", _REGISTERED),
    served(
        _CORE + "Workspace.compute_targets",
        "computes.list_computes",
        _COMPUTES,
        "empty at first: `amlbridge compute add NAME` adds a cluster that was made in Azure",
    ),
    served(_CORE + "Workspace.experiments", "history.query_experiments", _HISTORY),
    served(_CORE + "Workspace.models", "models.list_models", _SEEDS),
    served(_CORE + "Workspace.environments", "environments.list_environments", _ENVIRONMENTS),
    served(
        _CORE + "Workspace.get_default_keyvault",
        "workspaces.get_workspace",
        "v1/test_secrets.py::test_set_get_list_delete",
    ),
    client(
        _CORE + "Workspace.get_mlflow_tracking_uri",
        "needs azureml-mlflow, as in Azure; MLflow then tracks to this workspace",
    ),
    client(
        _CORE + "authentication.InteractiveLoginAuthentication", "the token comes from the service, without a login"
    ),
    client(_CORE + "authentication.MsiAuthentication", "the token comes from the service"),
    client(
        _CORE + "authentication.AzureCliAuthentication",
        "needs azure-cli-core, as on Azure; `az` itself is brought by `amlbridge run`",
    ),
    client(
        _CORE + "authentication.ServicePrincipalAuthentication",
        "with `amlbridge run --intercept`; any id and secret signs in",
    ),
    served(_CORE + "Keyvault.set_secret", "secrets.set_secret", "v1/test_secrets.py::test_set_get_list_delete"),
    served(_CORE + "Keyvault.get_secret", "secrets.get_secret", "v1/test_secrets.py::test_set_get_list_delete"),
    served(_CORE + "Keyvault.list_secrets", "secrets.list_secrets", "v1/test_secrets.py::test_set_get_list_delete"),
    served(_CORE + "Keyvault.delete_secret", "secrets.delete_secret", "v1/test_secrets.py::test_set_get_list_delete"),
)

CONTROL = (
    served(_CORE + "Experiment", "history.create_experiment", _FIND),
    served(_CORE + "Experiment.submit", _SUBMIT + " execution.submit_snapshot_run", _SCRIPT),
    served(_CORE + "Experiment.start_logging", "history.add_or_modify_run history.post_event", _LIFE),
    served(_CORE + "Experiment.get_runs", "history.query_runs", _FIND),
    served(_CORE + "Experiment.list", "history.query_experiments", _HISTORY),
    served(_CORE + "Experiment.delete", "history.delete_experiment", _HISTORY),
    served(_CORE + "Experiment.archive", "history.modify_experiment", _HISTORY),
    client(_CORE + "Experiment.get_portal_url", "opens a page of the service", _HISTORY),
    served(_RUN + "wait_for_completion", "history.get_run_details", _SCRIPT),
    gone("azureml.widgets.RunDetails.show", "in azureml-widgets: use wait_for_completion(show_output=True)"),
    served(_RUN + "get_metrics", _GET_METRICS, _METRICS),
    served(_RUN + "get_status", "history.get_run", _LIFE),
    served(_RUN + "get_details", "history.get_run_details", _LIFE),
    served(_RUN + "get_details_with_logs", "history.get_run_details", _HISTORY),
    served(_RUN + "get_all_logs", "history.get_run_details", _SCRIPT),
    served(_RUN + "get_file_names", "artifacts.list_in_container", _FILES),
    served(_RUN + "download_file", "artifacts.get_content_information", _FILES),
    served(_RUN + "download_files", "artifacts.list_sas_by_prefix", _FILES),
    served(_RUN + "get_children", "history.get_child_runs history.query_runs", _FIND),
    served(_RUN + "get", "history.get_run", _LIFE),
    served(_RUN + "list", "history.query_runs", _FIND),
    served(_RUN + "cancel", "history.cancel_run", _LIFE),
    client(_RUN + "get_portal_url", "opens a page of the service (studio.run_page)", _HISTORY),
    served(_RUN + "restore_snapshot", "snapshots.zip_url", _HISTORY),
    served(_PIPE + "PipelineRun", "pipelines.get_pipeline_run", _FLOW),
    served(
        _PIPE + "PipelineRun.wait_for_completion", "pipelines.get_pipeline_run pipelines.get_node_status_code", _FLOW
    ),
    served(_PIPE + "PipelineRun.get_steps", "history.get_child_runs", _FLOW),
    served(_PIPE + "PipelineRun.find_step_run", "history.get_child_runs", _FLOW),
    served(_PIPE + "PipelineRun.get_pipeline_output", "pipelines.get_pipeline_run_output", _FLOW),
    served(_PIPE + "PipelineRun.get_graph", "pipelines.get_graph", _FLOW),
    served(_PIPE + "PipelineRun.cancel", "pipelines.cancel_pipeline_run", _FAILURES),
    served(_PIPE + "StepRun.get_outputs", "pipelines.get_node_outputs", _FLOW),
    served(_PIPE + "StepRun.get_output_data", "pipelines.get_node_outputs", _FLOW),
    served(_PIPE + "StepRun.get_stdout_log", "pipelines.get_stdout", _FLOW),
    served(_PIPE + "StepRun.get_stderr_log", "pipelines.get_stderr", _HISTORY),
    served(_PIPE + "StepRun.get_job_log", "pipelines.get_job_log", _FLOW),
)

RUN_SCRIPTS = (
    client(_RUN + "get_context", "the step's variables name the run", _FLOW),
    served(_RUN + "log", _LOG, _METRICS),
    served(_RUN + "log_list", _LOG, _METRICS),
    served(_RUN + "log_row", _LOG, _METRICS),
    served(_RUN + "log_table", _LOG, _METRICS),
    served(_RUN + "log_image", _LOG + " " + _UPLOAD, "wire/test_metrics.py::test_metrics_that_are_files"),
    served(_RUN + "log_confusion_matrix", _LOG + " " + _UPLOAD, "wire/test_metrics.py::test_metrics_that_are_files"),
    served(_RUN + "log_accuracy_table", _LOG + " " + _UPLOAD, "wire/test_metrics.py::test_metrics_that_are_files"),
    served(_RUN + "log_predictions", _LOG + " " + _UPLOAD, "wire/test_metrics.py::test_metrics_that_are_files"),
    served(_RUN + "log_residuals", _LOG + " " + _UPLOAD, "wire/test_metrics.py::test_metrics_that_are_files"),
    served(_RUN + "experiment", "history.get_experiment_by_id", _SCRIPT),
    client(_CORE + "Experiment.workspace"),
    client(_RUN + "id"),
    client(_CORE + "run._SubmittedRun.input_datasets", "the dataset engine reads it when the script does", _FLOW),
    client(_CORE + "run._SubmittedRun.output_datasets", "paths in the step's environment"),
    served(_RUN + "parent", "history.get_run", _HISTORY),
    served(_RUN + "complete", "history.post_event", _LIFE),
    served(_RUN + "fail", "history.post_event", _LIFE),
    served(_RUN + "tag", "history.add_or_modify_run", _LIFE),
    served(_RUN + "set_tags", "history.add_or_modify_run", _LIFE),
    served(_RUN + "add_properties", "history.add_or_modify_run", _LIFE),
    served(_RUN + "upload_file", _UPLOAD, _FILES),
    served(_RUN + "upload_files", _UPLOAD, _FILES),
    served(_RUN + "upload_folder", _UPLOAD, _FILES),
    served(_RUN + "register_model", _ASSET, _RUN_MODELS),
    served(_RUN + "child_run", "history.add_or_modify_run", _HISTORY),
    served(
        _RUN + "submit_child",
        "execution.submit_snapshot_run",
        "v1/test_execution.py::test_failure_cancel_timeout_and_children",
    ),
    served(_RUN + "get_secret", "secrets.get_secrets", _HISTORY),
    client(_CORE + "run._OfflineRun", "prints what it would log", _HISTORY),
    served(_CORE + "Model.get_model_path", "models.list_models models.query_models", _MODELS),
)

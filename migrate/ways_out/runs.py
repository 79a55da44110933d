"""Runs, estimators, sweeps and the errors of sweeps."""

from __future__ import annotations

_INNER = "an inner part of SDK v1"
_DISTRIBUTION = (
    "give command(...) distribution=azure.ai.ml.MpiDistribution, PyTorchDistribution or TensorFlowDistribution"
)
_FRAMEWORK = "take a curated environment of the framework, or an image of your own"
_SWEEP = "read it of the sweep job: ml_client.jobs.get(name)"
_POLICY = "the settings are attributes of the policy of azure.ai.ml.sweep, with the same names"
_SWEEP_ERROR = "sweeps are checked by the service: catch azure.core.exceptions.HttpResponseError"
_ESTIMATOR = "make the job with azure.ai.ml.command(...)"
_GRAPH = "read jobs of the pipeline job, or list its children: ml_client.jobs.list(parent_job_name=name)"
_OUTPUTS = (
    "ml_client.jobs.get(name).outputs of the child job has their names and paths, and "
    "ml_client.jobs.download(name, output_name=...) puts the files of one into the folder named-outputs/NAME"
)

WAYS_OUT = {
    "BanditPolicy": _POLICY,
    "BayesianParameterSampling": 'name it in command(...).sweep(sampling_algorithm="bayesian")',
    "Chainer": "Chainer is not developed any more: use command(...) with an environment of your own",
    "DictValidationInvalidArgument": _SWEEP_ERROR,
    "DistributionValidationFailure": _SWEEP_ERROR,
    "EarlyTerminationPolicy": "take BanditPolicy or another policy of azure.ai.ml.sweep",
    "Estimator": _ESTIMATOR,
    "Gloo": _DISTRIBUTION,
    "GridParameterSampling": 'name it in command(...).sweep(sampling_algorithm="grid")',
    "HyperDriveConfig": "read it of the sweep that command(...).sweep(...) gives",
    "HyperDriveConfigException": _SWEEP_ERROR,
    "HyperDriveErrorStrings": _SWEEP_ERROR,
    "HyperDriveException": _SWEEP_ERROR,
    "HyperDriveNotImplemented": _SWEEP_ERROR,
    "HyperDriveNotImplementedException": _SWEEP_ERROR,
    "HyperDriveRehydrateException": _SWEEP_ERROR,
    "HyperDriveRun": _SWEEP,
    "HyperDriveRun.get_diagnostics": "download the logs: ml_client.jobs.download(name, all=True)",
    "HyperDriveRunCancellationError": _SWEEP_ERROR,
    "HyperDriveScenarioNotSupportedException": _SWEEP_ERROR,
    "HyperDriveServiceException": _SWEEP_ERROR,
    "HyperDriveTrainingError": _SWEEP_ERROR,
    "HyperParameterSampling": "name the algorithm in command(...).sweep(sampling_algorithm=)",
    "InvalidComputeTarget": _SWEEP_ERROR,
    "InvalidConfigSetting": _SWEEP_ERROR,
    "InvalidKeyInDict": _SWEEP_ERROR,
    "InvalidRunHost": _SWEEP_ERROR,
    "InvalidType": _SWEEP_ERROR,
    "MMLBaseEstimator": _ESTIMATOR,
    "MMLBaseEstimatorRunConfig": _ESTIMATOR,
    "MedianStoppingPolicy": _POLICY,
    "MissingChoiceValues": _SWEEP_ERROR,
    "Mpi": _DISTRIBUTION,
    "Nccl": _DISTRIBUTION,
    "NoTerminationPolicy": "leave early_termination out",
    "ParameterServer": _DISTRIBUTION,
    "PrimaryMetricGoal": 'the goal of a sweep is a text: "maximize" or "minimize"',
    "PyTorch": _FRAMEWORK,
    "RandomParameterSampling": 'name it in command(...).sweep(sampling_algorithm="random")',
    "RehydratePolicyNotFound": _SWEEP_ERROR,
    "RehydrateUnknownSampling": _SWEEP_ERROR,
    "ResumeChildRunsContainsDuplicate": "sweeps cannot be resumed: submit them anew",
    "ResumeChildRunsFromTooManyParentRuns": "sweeps cannot be resumed: submit them anew",
    "ResumeChildRunsNotInTerminalState": "sweeps cannot be resumed: submit them anew",
    "ResumeChildRunsWithoutParentRun": "sweeps cannot be resumed: submit them anew",
    "Run": "read it of the job (ml_client.jobs.get(name)) or of its run (mlflow.get_run(name))",
    "Run.add_type_provider": _INNER,
    "Run.clean": "the job's files are on its compute for as long as it runs",
    "Run.get_best_child": "choose among mlflow.search_runs(...) by the metric",
    "Run.identity": "read name of the job",
    "Run.list_by_compute": "choose among ml_client.jobs.list() by compute",
    "Run.portal_url": "read studio_url of the job",
    "Run.restore_snapshot": "download the job's code: ml_client.jobs.download(name, all=True), or keep it in git",
    "Run.start": "a run of mlflow is started when it is made (mlflow.start_run)",
    "SKLearn": _FRAMEWORK,
    "ScriptRun": "read it of the job: ml_client.jobs.get(name)",
    "TensorFlow": _FRAMEWORK,
    "TruncationSelectionPolicy": _POLICY,
    "WarmStartRunsDontMatch": "sweeps cannot be resumed: submit them anew",
    "PipelineRun": "read it of the pipeline job: ml_client.jobs.get(name)",
    "PipelineRun.get_graph": _GRAPH,
    "PipelineRun.get_pipeline_runs": "choose among ml_client.jobs.list() by experiment_name",
    "PipelineRun.save": "save the job as YAML: ml_client.jobs.get(name).dump(path)",
    "StepRun": "read it of the child job: ml_client.jobs.list(parent_job_name=name)",
    "StepRun.get_outputs": _OUTPUTS,
    "StepRun.get_stderr_log": "ml_client.jobs.download(name): the logs are below user_logs",
    "StepRun.pipeline_run_id": "read parent_job_name of the child job",
    "*.get_docs_url": "the documentation is on learn.microsoft.com",
    "*.DELIM": _INNER,
    "*.EXPERIMENT_ID_PATH": _INNER,
    "*.EXPERIMENT_NAME_PATH": _INNER,
    "*.HYPER_DRIVE_RUN_USER_AGENT": _INNER,
    "*.PIPELINE_PATH": _INNER,
    "*.RUN_PATH": _INNER,
    "*.RUN_TYPE": _INNER,
    "*.TID_FMT": _INNER,
    "*.WORKSPACE_FMT": _INNER,
    "*.identity": "read name of the job",
    "*.portal_url": "read studio_url of the job",
}

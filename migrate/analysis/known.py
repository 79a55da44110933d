"""What is known of names: of parameters, of what ``import *`` brings, of types whose attributes are part of them."""

from __future__ import annotations

from functools import cache

#: Annotations that say little of a parameter, or what is not so: an Experiment called a str.
PLAIN = frozenset({"str", "object", "Any"})

#: The classes that run a script before ScriptRunConfig did.
ESTIMATORS = ("Estimator", "PyTorch", "TensorFlow", "SKLearn", "Chainer")
#: Types whose attributes are part of them: what is assigned there changes the whole.
CONFIGURATIONS = frozenset(
    {
        "Environment",
        "RunConfiguration",
        "PythonSection",
        "RSection",
        "DockerSection",
        "SparkSection",
        "SparkConfiguration",
        "ScriptRunConfig",
        "Estimator",
    }
    | {"PyTorch", "TensorFlow", "SKLearn", "Chainer"}
)
#: Classes that have two names: azureml-core keeps the old ones as subclasses that add nothing, or did until they went.
#: ``get_azureml_logger`` is the run of scripts from before there was a SDK, of which they only have ``log``.
OLD_NAMES = {
    "EnvironmentDefinition": "Environment",
    "BatchAiCompute": "AmlCompute",
    "get_azureml_logger": "Run.get_context",
}
#: Parameters that hold these types in practically all real code, where nothing else says what they are.
PARAMETER_NAMES = {"ws": "Workspace", "workspace": "Workspace", "aml_workspace": "Workspace"}
#: What an MLClient has and a Workspace has not.
CLIENT_MEMBERS = frozenset(
    [
        "jobs",
        "data",
        "compute",
        "components",
        "workspaces",
        "schedules",
        "batch_endpoints",
        "batch_deployments",
        "online_endpoints",
        "online_deployments",
        "workspace_name",
        "resource_group_name",
    ]
)
#: What both have: a dict in SDK v1, operations in SDK v2.
SHARED_MEMBERS = frozenset({"datastores", "environments", "models"})
#: Types that a string annotation may name.
KNOWN_TYPES = frozenset(
    {"Workspace", "Experiment", "Run", "Dataset", "Datastore", "ComputeTarget", "Environment", "RunConfiguration"}
    | {"Pipeline", "PythonScriptStep", "PipelineData", "Model"}
)
_SEARCH_SPACE = frozenset(
    {"choice", "lognormal", "loguniform", "normal", "randint"}
    | {"qlognormal", "qloguniform", "qnormal", "quniform", "uniform"}
)
_FRAMEWORKS = frozenset(["Gloo", "Mpi", "Nccl", "ParameterServer"])
#: All that ``import *`` brings, for the modules that people import so: their ``__all__`` in azureml-core 1.61,
#: azureml-pipeline 1.62 and azureml-train 1.61; azureml.core.runconfig and the expressions of search spaces have none,
#: and bring more than this.
STARRED = {
    "azureml.core": frozenset(
        [
            "ComputeTarget",
            "ContainerRegistry",
            "Dataset",
            "Datastore",
            "Environment",
            "Experiment",
            "Image",
            "Keyvault",
            "LinkedService",
            "Model",
            "PrivateEndPoint",
            "PrivateEndPointConfig",
            "Run",
            "RunConfiguration",
            "ScriptRun",
            "ScriptRunConfig",
            "SynapseWorkspaceLinkedServiceConfiguration",
            "Webservice",
            "Workspace",
            "attach_legacy_compute_target",
            "diagnostic_log",
            "get_run",
            "is_compute_target_prepared",
            "prepare_compute_target",
            "remove_legacy_compute_target",
        ]
    ),
    "azureml.core.compute": frozenset(
        [
            "AdlaCompute",
            "AksCompute",
            "AmlCompute",
            "BatchCompute",
            "ComputeInstance",
            "ComputeTarget",
            "DataFactoryCompute",
            "DatabricksCompute",
            "DsvmCompute",
            "HDInsightCompute",
            "KubernetesCompute",
            "KustoCompute",
            "RemoteCompute",
            "SynapseCompute",
        ]
    ),
    "azureml.core.runconfig": frozenset(
        [
            "CondaDependencies",
            "DockerConfiguration",
            "MpiConfiguration",
            "PyTorchConfiguration",
            "RunConfiguration",
            "TensorflowConfiguration",
        ]
    ),
    "azureml.pipeline.core": frozenset(
        [
            "InputPortBinding",
            "Module",
            "ModuleVersion",
            "ModuleVersionDescriptor",
            "OutputPortBinding",
            "Pipeline",
            "PipelineData",
            "PipelineDataset",
            "PipelineDraft",
            "PipelineEndpoint",
            "PipelineParameter",
            "PipelineRun",
            "PipelineStep",
            "PortDataReference",
            "PublishedPipeline",
            "Schedule",
            "ScheduleRecurrence",
            "StepRun",
            "StepRunOutput",
            "StepSequence",
            "TimeZone",
            "TrainingOutput",
        ]
    ),
    "azureml.pipeline.steps": frozenset(
        [
            "AdlaStep",
            "AutoMLStep",
            "AutoMLStepRun",
            "AzureBatchStep",
            "CommandStep",
            "DataTransferStep",
            "DatabricksStep",
            "EstimatorStep",
            "HyperDriveStep",
            "HyperDriveStepRun",
            "KustoStep",
            "ModuleStep",
            "MpiStep",
            "ParallelRunConfig",
            "ParallelRunStep",
            "PythonScriptStep",
            "RScriptStep",
            "SynapseSparkStep",
        ]
    ),
    "azureml.train.automl": frozenset(["AutoMLConfig", "AutoMLImageConfig", "get_sdk_dependencies"]),
    "azureml.train.dnn": _FRAMEWORKS | {"Chainer", "PyTorch", "TensorFlow"},
    "azureml.train.estimator": _FRAMEWORKS | {"Estimator", "MMLBaseEstimator", "MMLBaseEstimatorRunConfig"},
    "azureml.train.hyperdrive": frozenset(
        [
            "BanditPolicy",
            "BayesianParameterSampling",
            "EarlyTerminationPolicy",
            "GridParameterSampling",
            "HyperDriveConfig",
            "HyperDriveRun",
            "HyperDriveRunConfig",
            "HyperParameterSampling",
            "MedianStoppingPolicy",
            "NoTerminationPolicy",
            "PrimaryMetricGoal",
            "RandomParameterSampling",
            "TruncationSelectionPolicy",
        ]
    )
    | _SEARCH_SPACE,
    "azureml.train.hyperdrive.parameter_expressions": _SEARCH_SPACE,
    "azureml.logging": frozenset({"get_azureml_logger"}),
}
#: Names of functions among them.
STARRED_FUNCTIONS = frozenset(name for names in STARRED.values() for name in names if name.islower())

#: Factories that a script may import by themselves.
FACTORIES = {"TabularDatasetFactory": "Dataset.Tabular", "FileDatasetFactory": "Dataset.File"}

#: Packages below azureml.* that belong to SDK v2 or to other projects.
FOREIGN = (
    *("azureml.ai", "azureml.mlflow", "azureml.fsspec", "azureml.evaluate", "azureml.metrics", "azureml.rslex"),
    *("azureml.rag", "azureml.featurestore", "azureml.acft", "azureml.ai"),  # companions of SDK v2
)


#: A preview of SDK v1 beside azureml: components with objects of their own, which take SDK v1's workspaces.
COMPONENTS = "azure.ml.component"


def of_components(module: str, name: str) -> str:
    """What a class is called here: that preview has a Pipeline of its own."""
    return name if module != COMPONENTS or name.startswith("Component") else f"Component{name}"


@cache
def is_foreign(name: str) -> bool:
    """Whether a dotted name below azureml belongs to SDK v2 or to another project."""
    return any(name == other or name.startswith(other + ".") for other in FOREIGN)


def home_of(name: str) -> str | None:
    """The module of SDK v1 that people import a class from; None for one that is in none of the usual modules."""
    return next((module for module, names in STARRED.items() if name in names), None)

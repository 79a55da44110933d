"""What is known of the classes of SDK v1: which type the result of a call or an attribute has.

A symbol has a short canonical name: the class, or class and member ("Workspace.from_config"). Classes of the v1
packages have unique names, so the module that a script imports them from does not matter. Types are such names too;
``list:T`` and ``dict:T`` are collections with elements of type T, ``tuple:T|U`` a tuple of a T and a U ("" for what is
none of v1).

Source: the public reference of azureml-core, azureml-pipeline-core and azureml-pipeline-steps, and their behaviour.
"""

from __future__ import annotations

from functools import lru_cache

#: Subclass -> base class whose members it has as well.
BASES = {
    "AmlCompute": "ComputeTarget",
    "AksCompute": "ComputeTarget",
    "ComputeInstance": "ComputeTarget",
    "DatabricksCompute": "ComputeTarget",
    "DsvmCompute": "ComputeTarget",
    "AdlaCompute": "ComputeTarget",
    "BatchCompute": "ComputeTarget",
    "DataFactoryCompute": "ComputeTarget",
    "HDInsightCompute": "ComputeTarget",
    "KustoCompute": "ComputeTarget",
    "RemoteCompute": "ComputeTarget",
    "SynapseCompute": "ComputeTarget",
    "KubernetesCompute": "ComputeTarget",
    "PipelineRun": "Run",
    "StepRun": "Run",
    "ScriptRun": "Run",
    "AutoMLRun": "Run",
    "HyperDriveRun": "Run",
    "AutoMLStepRun": "AutoMLRun",
    "HyperDriveStepRun": "HyperDriveRun",
    # A trial of AutoML: what becomes MLflow's run, not a job.
    "AutoMLChildRun": "Run",
    "PythonScriptStepRun": "StepRun",
    "_OfflineRun": "Run",
    "_SubmittedRun": "Run",
    # The run that a script is in, and its experiment: types of our own, because they become mlflow calls.
    "RunContext": "Run",
    "ContextExperiment": "Experiment",
    "InteractiveRun": "RunContext",
    "ParentRun": "RunContext",
    "ChildRun": "RunContext",
    # What a function gets that is called with both: the run that the script is in, and submitted ones.
    "PassedRun": "RunContext",
    "AbstractAuthentication": "InteractiveLoginAuthentication",
    "AbstractDataset": "Dataset",
    "InputDataset": "Dataset",
    "TabularDataset": "Dataset",
    "FileDataset": "Dataset",
    "AbstractDatastore": "Datastore",
    "AbstractAzureStorageDatastore": "Datastore",
    "AzureBlobDatastore": "Datastore",
    "AzureFileDatastore": "Datastore",
    "AzureDataLakeGen2Datastore": "Datastore",
    "AciWebservice": "Webservice",
    "AksWebservice": "Webservice",
    "LocalWebservice": "Webservice",
    "AksEndpoint": "Webservice",
    "PyTorch": "Estimator",
    "TensorFlow": "Estimator",
    "Chainer": "Estimator",
    "SKLearn": "Estimator",
    "OutputTabularDatasetConfig": "OutputFileDatasetConfig",
    "HDFSOutputDatasetConfig": "OutputFileDatasetConfig",
    "LinkFileOutputDatasetConfig": "OutputFileDatasetConfig",
    "PipelineOutputFileDataset": "PipelineOutputDataset",
    "PipelineOutputTabularDataset": "PipelineOutputDataset",
}

#: Symbol -> type of what a call of it, or reading it, gives. A call of a class gives that class.
RESULTS = {
    "Workspace.from_config": "Workspace",
    "Workspace.get": "Workspace",
    "Workspace.create": "Workspace",
    "Workspace.setup": "Workspace",
    "Workspace._get_or_create": "Workspace",
    "Workspace.get_default_datastore": "Datastore",
    "Workspace.datastores": "dict:Datastore",
    "Workspace.datasets": "dict:Dataset",
    "Workspace.compute_targets": "dict:ComputeTarget",
    "Workspace.environments": "dict:Environment",
    "Workspace.experiments": "dict:Experiment",
    "Workspace.models": "dict:Model",
    "Workspace.webservices": "dict:Webservice",
    "Workspace.get_default_compute_target": "ComputeTarget",
    "Workspace.get_default_keyvault": "Keyvault",
    "Workspace.get_run": "Run",
    "Experiment.submit": "Run",
    "Experiment.start_logging": "InteractiveRun",
    "Experiment.get_runs": "list:Run",
    "Experiment.list": "list:Experiment",
    "Experiment.workspace": "Workspace",
    "Run.get_context": "RunContext",
    "RunContext.experiment": "ContextExperiment",
    "RunContext.parent": "ParentRun",
    "RunContext.child_run": "ChildRun",
    "RunContext.input_datasets": "dict:InputDataset",
    "RunContext.output_datasets": "dict:InputDataset",
    "InputDataset.random_split": "list:InputDataset",
    "RunContext.create_children": "list:ChildRun",
    "RunContext.submit_child": "Run",
    "RunContext.get_children": "list:Run",
    "Run.get_submitted_run": "RunContext",
    "Run.get": "Run",
    "get_run": "Run",
    "Run.list": "list:Run",
    "Run.experiment": "Experiment",
    "Run.parent": "Run",
    "Run.child_run": "ChildRun",
    "Run.create_children": "list:Run",
    "Run.submit_child": "Run",
    "Run.get_children": "list:Run",
    "Run.get_steps": "list:StepRun",
    "Run.find_step_run": "list:StepRun",
    "Run.get_pipeline_output": "PortDataReference",
    "Run.get_output_data": "PortDataReference",
    "StepRun.get_output": "StepRunOutput",
    "StepRunOutput.get_port_data_reference": "PortDataReference",
    "Run.input_datasets": "dict:Dataset",
    "Run.register_model": "Model",
    "Run.publish_pipeline": "PublishedPipeline",
    "Run.get_environment": "Environment",
    "Run.get_best_run_by_primary_metric": "Run",
    "HyperDriveRun.get_best_run_by_primary_metric": "Run",  # a trial, not one more sweep
    "AutoMLRun.get_best_child": "AutoMLChildRun",
    "AutoMLRun.get_output": "tuple:AutoMLChildRun|",
    "AutoMLRun.get_children": "list:AutoMLChildRun",
    "AutoMLChildRun.get_children": "list:AutoMLChildRun",
    # The steps for many models come as a list, which stands for one node of a component.
    "AutoMLPipelineBuilder.get_many_models_train_steps": "ManyModelsSteps",
    "AutoMLPipelineBuilder.get_many_models_batch_inference_steps": "ManyModelsSteps",
    "ExplanationClient.from_run": "ExplanationClient",
    "ExplanationClient.from_run_id": "ExplanationClient",
    "ModelProxy.predict": "ProxyPredictions",
    "ModelProxy.test": "tuple:ProxyPredictions|",
    "PipelineRun.get": "PipelineRun",
    "PipelineRun.get_pipeline_runs": "list:PipelineRun",
    "Datastore.get": "Datastore",
    "Datastore.get_default": "Datastore",
    "Datastore.register_azure_blob_container": "Datastore",
    "Datastore.register_azure_file_share": "Datastore",
    "Datastore.register_azure_data_lake_gen2": "Datastore",
    "Datastore.register_azure_data_lake": "Datastore",
    "Datastore.register_azure_sql_database": "Datastore",
    "Datastore.path": "DataReference",
    "Datastore.as_mount": "DataReference",
    "Datastore.as_download": "DataReference",
    "Datastore.upload": "DataReference",
    "Datastore.upload_files": "DataReference",
    "Datastore.workspace": "Workspace",
    "DataReference.as_mount": "DataReference",
    "DataReference.as_download": "DataReference",
    "DataReference.path": "DataReference",
    "Dataset.get": "Dataset",
    # Of the first versions: no rule converts them, and what is made of them stays with them.
    "Dataset.auto_read_files": "Dataset",
    "Dataset.from_binary_files": "Dataset",
    "Dataset.from_delimited_files": "Dataset",
    "Dataset.from_excel_files": "Dataset",
    "Dataset.from_json_files": "Dataset",
    "Dataset.from_pandas_dataframe": "Dataset",
    "Dataset.from_parquet_files": "Dataset",
    "Dataset.from_sql_query": "Dataset",
    "Dataset.get_by_name": "Dataset",
    "Dataset.get_by_id": "Dataset",
    "Dataset.get_all": "dict:Dataset",
    "Dataset.Tabular": "DatasetFactory",
    "Dataset.File": "DatasetFactory",
    "Dataset.Tabular.from_delimited_files": "TabularDataset",
    "Dataset.Tabular.from_parquet_files": "TabularDataset",
    "Dataset.Tabular.from_json_lines_files": "TabularDataset",
    "Dataset.Tabular.from_sql_query": "TabularDataset",
    "Dataset.Tabular.register_pandas_dataframe": "TabularDataset",
    "Dataset.File.from_files": "FileDataset",
    "Dataset.File.upload_directory": "FileDataset",
    "Dataset.register": "Dataset",
    "Dataset.as_named_input": "DatasetConsumptionConfig",
    "Dataset.as_mount": "DatasetConsumptionConfig",
    "Dataset.as_download": "DatasetConsumptionConfig",
    "Dataset.as_hdfs": "DatasetConsumptionConfig",
    "Dataset.mount": "MountContext",
    "Dataset.take": "Dataset",
    "Dataset.skip": "Dataset",
    "Dataset.take_sample": "Dataset",
    "Dataset.keep_columns": "Dataset",
    "Dataset.drop_columns": "Dataset",
    "Dataset.with_timestamp_columns": "Dataset",
    "Dataset.random_split": "list:Dataset",
    "Dataset.time_before": "Dataset",
    "Dataset.time_after": "Dataset",
    "Dataset.time_between": "Dataset",
    "Dataset.time_recent": "Dataset",
    "Dataset.filter": "Dataset",
    "DatasetConsumptionConfig.as_mount": "DatasetConsumptionConfig",
    "DatasetConsumptionConfig.as_download": "DatasetConsumptionConfig",
    "DatasetConsumptionConfig.as_hdfs": "DatasetConsumptionConfig",
    "DatasetConsumptionConfig.as_direct": "DatasetConsumptionConfig",
    "ComputeTarget.create": "ComputeTarget",
    "ComputeTarget.attach": "ComputeTarget",
    "ComputeTarget.list": "list:ComputeTarget",
    "RemoteCompute.attach_configuration": "RemoteComputeAttachConfiguration",
    "AksCompute.attach_configuration": "AksAttachConfiguration",
    "KubernetesCompute.attach_configuration": "KubernetesComputeAttachConfiguration",
    "AdlaCompute.attach_configuration": "DataLakeAnalyticsAttachConfiguration",
    "BatchCompute.attach_configuration": "BatchAttachConfiguration",
    "DatabricksCompute.attach_configuration": "DatabricksAttachConfiguration",
    "DataFactoryCompute.attach_configuration": "DataFactoryAttachConfiguration",
    "DataFactoryCompute.provisioning_configuration": "DataFactoryProvisioningConfiguration",
    "HDInsightCompute.attach_configuration": "HDInsightAttachConfiguration",
    "SynapseCompute.attach_configuration": "SynapseAttachConfiguration",
    "LinkedService.register": "LinkedService",
    "LinkedService.get": "LinkedService",
    "KustoCompute.attach_configuration": "KustoAttachConfiguration",
    "AmlCompute.provisioning_configuration": "AmlComputeProvisioningConfiguration",
    # A virtual machine of one's own becomes a cluster of one node.
    "DsvmCompute.provisioning_configuration": "AmlComputeProvisioningConfiguration",
    "AksCompute.provisioning_configuration": "AksComputeProvisioningConfiguration",
    "ComputeInstance.provisioning_configuration": "ComputeInstanceProvisioningConfiguration",
    "ComputeTarget.get_status": "ComputeStatus",
    "ComputeTarget.status": "ComputeStatus",
    "ComputeStatus.scale_settings": "ScaleSettings",
    "ComputeTarget.scale_settings": "ScaleSettings",
    "ComputeTarget.workspace": "Workspace",
    "Environment.get": "Environment",
    "Environment.list": "dict:Environment",
    "Environment.from_conda_specification": "Environment",
    "Environment.from_pip_requirements": "Environment",
    "Environment.from_docker_image": "Environment",
    "Environment.from_dockerfile": "Environment",
    "Environment.from_existing_conda_environment": "Environment",
    "Environment.clone": "Environment",
    "Environment.register": "Environment",
    "Environment.load_from_directory": "Environment",
    "Environment.python": "PythonSection",
    "Environment.r": "RSection",
    "Environment.docker": "DockerSection",
    "Environment.spark": "SparkSection",
    "Environment.build": "ImageBuildDetails",
    "DockerSection.base_image_registry": "ContainerRegistry",
    "PythonSection.conda_dependencies": "CondaDependencies",
    "CondaDependencies.create": "CondaDependencies",
    "DockerBuildContext.from_local_directory": "DockerBuildContext",
    "Environment.from_docker_build_context": "Environment",
    "RunConfiguration.environment": "Environment",
    "RunConfiguration.load": "RunConfiguration",
    "RunConfiguration.spark": "SparkConfiguration",
    "RunConfiguration.docker": "DockerConfiguration",
    "RunConfiguration.amlcompute": "AmlComputeConfiguration",
    "ScriptRunConfig.run_config": "RunConfiguration",
    "Estimator.run_config": "RunConfiguration",
    "Estimator._estimator_config": "RunConfiguration",
    "Estimator.conda_dependencies": "CondaDependencies",
    "ParallelRunConfig.load_yaml": "ParallelRunConfig",
    "PipelineData.as_dataset": "PipelineOutputDataset",
    "PipelineData.as_mount": "PipelineData",
    "PipelineData.as_download": "PipelineData",
    "PipelineData.as_input": "PipelineData",
    "PipelineOutputDataset.as_named_input": "PipelineOutputDataset",
    "PipelineOutputDataset.as_mount": "PipelineOutputDataset",
    "PipelineOutputDataset.as_download": "PipelineOutputDataset",
    "PipelineOutputDataset.as_direct": "PipelineOutputDataset",
    "PipelineOutputDataset.parse_delimited_files": "PipelineOutputDataset",
    "PipelineOutputDataset.parse_parquet_files": "PipelineOutputDataset",
    "PipelineOutputDataset.keep_columns": "PipelineOutputDataset",
    "PipelineOutputDataset.drop_columns": "PipelineOutputDataset",
    "OutputFileDatasetConfig.as_input": "OutputFileDatasetConfig",
    "OutputFileDatasetConfig.as_mount": "OutputFileDatasetConfig",
    "OutputFileDatasetConfig.as_upload": "OutputFileDatasetConfig",
    "OutputFileDatasetConfig.as_named_input": "OutputFileDatasetConfig",
    "OutputFileDatasetConfig.as_download": "OutputFileDatasetConfig",
    "OutputFileDatasetConfig.register_on_complete": "OutputFileDatasetConfig",
    "OutputFileDatasetConfig.read_delimited_files": "OutputFileDatasetConfig",
    "OutputFileDatasetConfig.read_parquet_files": "OutputFileDatasetConfig",
    "OutputFileDatasetConfig.keep_columns": "OutputFileDatasetConfig",
    "OutputFileDatasetConfig.drop_columns": "OutputFileDatasetConfig",
    "Pipeline.publish": "PublishedPipeline",
    "Pipeline.submit": "PipelineRun",
    "Pipeline.load_yaml": "Pipeline",
    "PublishedPipeline.get": "PublishedPipeline",
    "PublishedPipeline.list": "list:PublishedPipeline",
    "PublishedPipeline.get_all": "list:PublishedPipeline",
    "PublishedPipeline.submit": "PipelineRun",
    "PipelineEndpoint.get": "PipelineEndpoint",
    "PipelineEndpoint.publish": "PipelineEndpoint",
    "PipelineEndpoint.list": "list:PipelineEndpoint",
    "PipelineEndpoint.get_all": "list:PipelineEndpoint",
    "PipelineEndpoint.submit": "PipelineRun",
    "PipelineEndpoint.get_pipeline": "PublishedPipeline",
    "PipelineEndpoint.list_versions": "list:PipelineVersion",
    "PipelineVersion.pipeline": "PublishedPipeline",
    "Schedule.create": "Schedule",
    "Schedule.create_for_pipeline_endpoint": "Schedule",
    "Schedule.get": "Schedule",
    "Schedule.get_schedule": "Schedule",
    "Schedule.list": "list:Schedule",
    "Schedule.get_all": "list:Schedule",
    "Schedule.get_schedules_for_pipeline_id": "list:Schedule",
    "Schedule.get_last_pipeline_run": "PipelineRun",
    "Schedule.get_pipeline_runs": "list:PipelineRun",
    "Model.register": "Model",
    "Model.list": "list:Model",
    "DataDriftDetector.create_from_datasets": "DataDriftDetector",
    "DataDriftDetector.get_by_name": "DataDriftDetector",
    "DataDriftDetector.update": "DataDriftDetector",
    "DataDriftDetector.list": "list:DataDriftDetector",
    "DataDriftDetector.backfill": "Run",
    "DataDriftDetector.run": "Run",
    "Model.deploy": "Webservice",
    "Model.package": "ModelPackage",
    "Model.workspace": "Workspace",
    "AciWebservice.deploy_configuration": "AciServiceDeploymentConfiguration",
    "AksWebservice.deploy_configuration": "AksServiceDeploymentConfiguration",
    "LocalWebservice.deploy_configuration": "LocalWebserviceDeploymentConfiguration",
    "AksEndpoint.deploy_configuration": "AksEndpointDeploymentConfiguration",
    "Webservice.deploy": "Webservice",
    "Webservice.deploy_from_model": "Webservice",
    "Webservice.deploy_local_from_model": "Webservice",
    "Webservice.deploy_from_image": "Webservice",
    "ContainerImage.create": "ContainerImage",
    "Image.create": "ContainerImage",
    "ContainerImage.list": "list:Image",
    "Image.list": "list:Image",
    "Workspace.images": "dict:Image",
    "ContainerImage.image_configuration": "ContainerImageConfig",
    "Webservice.list": "list:Webservice",
}

#: Classes of azureml-opendatasets, whose files are public.
OPEN_DATASETS = (
    *("MNIST", "OjSalesSimulated", "Diabetes", "PublicHolidays", "NycTlcGreen", "NycTlcYellow", "NycTlcFhv"),
    *("NoaaIsdWeather", "BostonSafety", "ChicagoSafety", "NycSafety", "SanFranciscoSafety", "SeattleSafety"),
)
RESULTS |= {f"{name}.get_file_dataset": "FileDataset" for name in OPEN_DATASETS}
RESULTS |= {f"{name}.get_tabular_dataset": "TabularDataset" for name in OPEN_DATASETS}

#: What gives another object, not the same one: it has the class that is given above.
_RELATIVES = frozenset({"Run.parent", "Run.child_run", "Run.submit_child", "Run.get"})

#: What is submitted -> type of its run. Anything else gives a plain run.
SUBMITTED = {"HyperDriveConfig": "HyperDriveRun", "AutoMLConfig": "AutoMLRun", "AutoMLImageConfig": "AutoMLRun"}
SUBMITTED["HyperDriveRunConfig"] = "HyperDriveRun"  # its name in earlier releases

# Types of columns: what stays SDK v1 takes those of SDK v1.
RESULTS |= {f"DataType.to_{name}": "DataType" for name in ("bool", "datetime", "float", "long", "stream", "string")}

#: Types of our own -> the class that reports name.
REPORTED = {
    "ComponentPipeline": "Pipeline",
    "RunContext": "Run",
    "InteractiveRun": "Run",
    "ParentRun": "Run",
    "ChildRun": "Run",
    "PassedRun": "Run",
    "InputDataset": "Dataset",
    "dict:InputDataset": "Run.input_datasets",
    "ContextExperiment": "Experiment",
    "AutoMLChildRun": "AutoMLRun",
    "tuple:AutoMLChildRun|": "AutoMLRun.get_output",
    "ProxyPredictions": "TabularDataset",
    "tuple:ProxyPredictions|": "ModelProxy.test",
}

#: Classes with so many members that one handler, "TimeZone.*", converts all.
ENUMERATIONS = frozenset({"TimeZone"})

#: Inner attributes that scripts read -> the public name of the same.
PUBLIC = {
    "Workspace._subscription_id": "subscription_id",
    "Workspace._resource_group": "resource_group",
    "Workspace._workspace_name": "name",
    "Run._run_id": "id",
    "Run._experiment": "experiment",
    "Experiment._name": "name",
    "Experiment._workspace": "workspace",
    "PortDataReference._path_on_datastore": "path_on_datastore",
    "Webservice._wait_for_operation_to_complete": "wait_for_deployment",
}

#: Static namespaces of classes: ``Dataset.Tabular.from_delimited_files`` is one symbol of three parts.
NAMESPACES = frozenset({"Dataset.Tabular", "Dataset.File"})


@lru_cache(maxsize=4096)
def lineage(type_name: str) -> tuple[str, ...]:
    """A type and its bases, nearest first."""
    found = [type_name]
    while found[-1] in BASES:
        found.append(BASES[found[-1]])
    return tuple(found)


def member_of(type_name: str, attribute: str) -> str:
    """The symbol of a member of a type, under its public name."""
    known = (PUBLIC.get(f"{base}.{attribute}") for base in lineage(type_name)) if attribute[:1] == "_" else ()
    return f"{type_name}.{next(filter(None, known), attribute)}"


@lru_cache(maxsize=8192)
def result_of(symbol: str) -> str | None:
    """The type of what a symbol gives when it is read or called, or None when that is not known."""
    if "." not in symbol:
        return symbol if symbol[:1].isupper() or symbol.startswith("_Offline") else RESULTS.get(symbol)
    owner, member = symbol.rsplit(".", 1)
    for base in lineage(owner):
        found = RESULTS.get(f"{base}.{member}")
        if found is not None:
            # A fluent method of a subclass keeps the subclass: OutputTabularDatasetConfig.as_input().
            return owner if found == base and f"{base}.{member}" not in _RELATIVES else found
    return None


def element_of(type_name: str) -> str | None:
    """The type of the elements of a collection type, or None when it is no collection."""
    kind, _, element = type_name.partition(":")
    return element if element and kind in ("list", "dict") else None


def part_of(type_name: str, index: int) -> str | None:
    """The type of one element of a tuple type, or None."""
    kind, _, elements = type_name.partition(":")
    parts = elements.split("|")
    return (parts[index] or None) if kind == "tuple" and -len(parts) <= index < len(parts) else None

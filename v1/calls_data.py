"""Datastores, datasets, and data between steps."""

from __future__ import annotations

from amlbridge.v1.call_table import client, refused, served

_CHANGED = "v1/test_datasets.py::test_tabular_transformations_and_writing_out"
_CORE = "azureml.core."
_DATA = "azureml.data."
_FILESETS = "v1/test_datasets.py::test_file_datasets"
_FLOW = "v1/pipelines/test_pipeline_runs.py::test_data_flows_through_a_pipeline"
_LAKES = "v1/test_datastores.py::test_registered_blob_and_lake_stores_hold_files"
_PARAMS = "v1/pipelines/test_pipeline_runs.py::test_data_parameters_and_module_steps"
_PIPE = "azureml.pipeline.core."
_REGISTERED = "v1/test_datasets.py::test_registration_versions_tags_and_ids"
_SAVE = "datasets.save_dataset"
_STORES = "v1/test_datastores.py::test_default_datastore_takes_and_gives_files"
_TABULAR = "v1/test_datasets.py::test_tabular_readers_and_their_options"

DATA = (
    served(_CORE + "Datastore.get", "datastores.get_datastore", _LAKES),
    served(
        _CORE + "Datastore.register_azure_blob_container",
        "datastores.register_datastore",
        _LAKES,
        "a folder stands behind it",
    ),
    served(
        _CORE + "Datastore.register_azure_file_share",
        "datastores.register_datastore",
        _LAKES,
        "a folder stands behind it",
    ),
    served(
        _CORE + "Datastore.register_azure_data_lake_gen2",
        "datastores.register_datastore",
        _LAKES,
        "a folder stands behind it",
    ),
    served(
        _CORE + "Datastore.register_azure_sql_database",
        "datastores.register_datastore",
        "v1/test_datastores.py::test_databases_are_listed_and_reading_them_says_why_not",
        "listed; reading it is refused",
    ),
    served(_DATA + "azure_storage_datastore.AzureBlobDatastore.upload", "datastores.get_datastore", _STORES),
    served(_DATA + "azure_storage_datastore.AzureBlobDatastore.upload_files", "datastores.get_datastore", _STORES),
    served(_DATA + "azure_storage_datastore.AzureBlobDatastore.download", "datastores.get_datastore", _STORES),
    client(_DATA + "azure_storage_datastore.AzureBlobDatastore.path"),
    served(_DATA + "azure_storage_datastore.AzureBlobDatastore.unregister", "datastores.delete_datastore", _LAKES),
    served(_DATA + "dataset_factory.TabularDatasetFactory.from_delimited_files", "datasets.save_dataset", _TABULAR),
    served(_DATA + "dataset_factory.TabularDatasetFactory.from_parquet_files", _SAVE, _TABULAR),
    served(_DATA + "dataset_factory.TabularDatasetFactory.from_json_lines_files", _SAVE, _TABULAR),
    served(
        _DATA + "dataset_factory.TabularDatasetFactory.register_pandas_dataframe", "datasets.register_dataset", _CHANGED
    ),
    refused(
        _DATA + "dataset_factory.TabularDatasetFactory.from_sql_query",
        "",
        "a database elsewhere cannot be reached: export the table to a file",
        "v1/test_datastores.py::test_databases_are_listed_and_reading_them_says_why_not",
    ),
    served(_DATA + "dataset_factory.FileDatasetFactory.from_files", _SAVE, _FILESETS),
    served(_DATA + "dataset_factory.FileDatasetFactory.upload_directory", _SAVE, _FILESETS),
    served(_DATA + "TabularDataset.to_pandas_dataframe", "data-versions.get_data_version", _TABULAR),
    client(_DATA + "TabularDataset.take", test=_CHANGED),
    client(_DATA + "TabularDataset.skip", test=_CHANGED),
    client(_DATA + "TabularDataset.filter", test=_CHANGED),
    client(_DATA + "TabularDataset.keep_columns", test=_CHANGED),
    client(_DATA + "TabularDataset.drop_columns", test=_CHANGED),
    client(_DATA + "TabularDataset.random_split", test=_CHANGED),
    client(_DATA + "TabularDataset.with_timestamp_columns", test=_CHANGED),
    client(_DATA + "TabularDataset.time_before", test=_CHANGED),
    client(_DATA + "TabularDataset.time_after", test=_CHANGED),
    client(_DATA + "TabularDataset.time_between", test=_CHANGED),
    client(_DATA + "TabularDataset.to_csv_files", test=_CHANGED),
    client(_DATA + "TabularDataset.to_parquet_files", test=_CHANGED),
    served(_DATA + "TabularDataset.register", "datasets.register_dataset", _REGISTERED),
    served(_DATA + "FileDataset.register", "datasets.register_dataset", _REGISTERED),
    served(_DATA + "FileDataset.download", "data-versions.get_data_version", _FILESETS),
    served(_DATA + "FileDataset.to_path", "data-versions.get_data_version", _FILESETS),
    client(_DATA + "FileDataset.mount", "mounts with FUSE on the client's machine; as_mount() of a step needs none"),
    served(_CORE + "Dataset.get_by_name", "datasets.get_dataset_by_name", _REGISTERED),
    served(_CORE + "Dataset.get_by_id", "datasets.get_saved_dataset", _REGISTERED),
    served(_DATA + "TabularDataset.unregister_all_versions", "datasets.unregister_dataset", _REGISTERED),
    client(_DATA + "TabularDataset.as_named_input", test=_FLOW),
    client(_DATA + "FileDataset.as_mount", "the path of the data themselves", _FLOW),
    client(_DATA + "FileDataset.as_download", "a copy", _PARAMS),
    refused(
        _DATA + "FileDataset.as_hdfs",
        "",
        "there is no Spark cluster: use as_mount",
        "v1/test_graph.py::test_modes_that_cannot_be_had",
    ),
    client(_DATA + "dataset_consumption_config.DatasetConsumptionConfig", test=_PARAMS),
    client(_DATA + "OutputFileDatasetConfig", test=_FLOW),
    client(_DATA + "OutputFileDatasetConfig.read_delimited_files", test=_FLOW),
    client(_DATA + "OutputFileDatasetConfig.register_on_complete", "registers it when the step is done", _FLOW),
    client(_PIPE + "PipelineData", test=_FLOW),
    client(_PIPE + "PipelineData.as_dataset", test="v1/test_graph.py::test_inputs_of_the_real_client"),
    client(_DATA + "data_reference.DataReference", test=_FLOW),
    client(_DATA + "datapath.DataPath", test=_PARAMS),
    client(_DATA + "datapath.DataPathComputeBinding", test=_PARAMS),
)

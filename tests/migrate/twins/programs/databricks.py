from azureml.core import Experiment, Workspace
from azureml.core.databricks import JarLibrary, MavenLibrary, PyPiLibrary
from azureml.pipeline.core import Pipeline, PipelineParameter
from azureml.pipeline.steps import DatabricksStep

ws = Workspace.from_config()
rows = PipelineParameter("rows", default_value="5")
compute = ws.compute_targets["databricks"]
notebook = DatabricksStep(
    name="Clean data",
    notebook_path="/Shared/clean",
    notebook_params={"rows": rows, "mode": "fast"},
    run_name="nightly",
    spark_version="15.4.x-scala2.12",
    num_workers=2,
    spark_env_variables={"LEVEL": "3"},
    spark_conf={"spark.speculation": "true"},
    pypi_libraries=[PyPiLibrary("pandas")],
    maven_libraries=[MavenLibrary("org.example:rows:1.0")],
    timeout_seconds=600,
    compute_target=compute,
    allow_reuse=False,
)
script = DatabricksStep(
    name="count",
    python_script_name="count.py",
    source_directory="src",
    python_script_params=["--limit", "7", rows],
    spark_version="15.4.x-scala2.12",
    spark_env_variables={"LEVEL": "3"},
    min_workers=1,
    max_workers=3,
    instance_pool_id="pool-1",
    compute_target=compute,
    allow_reuse=False,
)
file = DatabricksStep(
    name="file",
    python_script_path="dbfs:/jobs/file.py",
    python_script_params=["a b", ""],
    existing_cluster_id="0321-cluster",
    compute_target=compute,
    allow_reuse=False,
)
job = DatabricksStep(
    name="job",
    main_class_name="org.example.Rows",
    jar_params=["x", rows],
    jar_libraries=[JarLibrary("dbfs:/jars/rows.jar")],
    existing_cluster_id="0321-cluster",
    compute_target=compute,
    allow_reuse=False,
)
pipeline = Pipeline(ws, steps=[notebook, script, file, job])
run = Experiment(ws, "trials").submit(pipeline, pipeline_parameters={"rows": "9"})
run.wait_for_completion(show_output=False)

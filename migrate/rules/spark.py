"""Spark: ``SynapseSparkStep``, run configurations with the framework "pyspark" -> ``azure.ai.ml.spark``.

The cores, the memory and the number of driver and executors come from the step or from ``run_config.spark``; all other
settings go to ``conf``. Data is read and written at its address (``mode="direct"``): Spark has no other mode. A script
that ran on HDInsight, or names no pool, runs on serverless Spark. ``HDFSOutputDatasetConfig`` is an output of the job,
``as_hdfs`` is no more than its mode. The local service refuses Spark jobs by name: it has no pool.
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.jobs import spark as spark_model
from amlbridge.migrate.registry import Case, Outcome, Rule
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.pipeline_steps import step as component

rule = Rule(
    "spark",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import ScriptRunConfig, Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.data import HDFSOutputDatasetConfig
from azureml.pipeline.steps import SynapseSparkStep

store = Workspace.from_config().get_default_datastore()
run_config = RunConfiguration(framework="pyspark")
run_config.target = "pool"
run_config.spark.configuration["spark.driver.memory"] = "1g"
run_config.spark.configuration["spark.driver.cores"] = 2
run_config.spark.configuration["spark.yarn.dist.jars"] = "wasbs://jars/count.jar"
output = HDFSOutputDatasetConfig(destination=(store, "counts"))
config = ScriptRunConfig(".", "count.py", arguments=["--rows", 5, "--out", output], run_config=run_config)
step = SynapseSparkStep(
    "count.py",
    source_directory=".",
    compute_target="pool",
    driver_memory="7g",
    driver_cores=4,
    executor_memory="7g",
    executor_cores=2,
    num_executors=1,
    arguments=["--rows", 5],
    jars="count.jar",
    name="count",
)
""",
            """\
from azure.ai.ml import MLClient, Output, spark
from azure.identity import DefaultAzureCredential

store = MLClient.from_config(
    credential=DefaultAzureCredential()
).datastores.get_default()
config = spark(
    code=".",
    entry={"file": "count.py"},
    driver_cores=2,
    driver_memory="1g",
    executor_cores=2,
    executor_memory="2g",
    executor_instances=2,
    conf={"spark.yarn.dist.jars": "wasbs://jars/count.jar"},
    outputs={
        "out": Output(
            type="uri_folder",
            path="azureml://datastores/workspaceblobstore/paths/counts",
            mode="direct",
        )
    },
    args="--rows 5 --out ${{outputs.out}}",
    compute="pool",
)
step_component = spark(
    name="count",
    code=".",
    entry={"file": "count.py"},
    jars=["count.jar"],
    driver_cores=4,
    driver_memory="7g",
    executor_cores=2,
    executor_memory="7g",
    executor_instances=1,
    args="--rows 5",
    compute="pool",
)
""",
        ),
    ],
)


@rule.converts(*spark_model.STEPS)
def step(use: Use, to: Rewriter) -> Outcome:
    """The component, where the step was made."""
    return component(use, to)

"""Steps that need machines elsewhere: the real client is told why, what to do instead, and what SDK v2 has."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow

#: Computes of these kinds cannot be attached here, so the steps are given ones that an older script may have.
SCRIPT = """
import warnings
warnings.simplefilter("ignore")
from azureml.core import Experiment, Workspace
from azureml.core.compute import AdlaCompute, AmlCompute, BatchCompute, ComputeTarget, SynapseCompute
from azureml.core.environment import RSection
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import AdlaStep, AzureBatchStep, KustoStep, RScriptStep, SynapseSparkStep
ws = Workspace.from_config()
cpu = ComputeTarget.create(ws, "cpu", AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=2))
data = PipelineData("data", datastore=ws.get_default_datastore())
code = dict(name="s", source_directory="src")
r = RunConfiguration()
r.environment.r, r.environment.docker.enabled = RSection(), True

def elsewhere(kind, resource="x"):
    made = object.__new__(kind)
    place = "/subscriptions/s/resourceGroups/g/providers/Microsoft." + resource
    vars(made).update(name="elsewhere", type=kind._compute_type, cluster_resource_id=place)
    return made

steps = {
    "ADLA": lambda: AdlaStep("a.usql", compute_target=elsewhere(AdlaCompute, "DataLakeAnalytics/accounts/a"), **code),
    "BATCH": lambda: AzureBatchStep(create_pool=True, pool_id="p", outputs=[data], arguments=[data], executable="a.sh",
                                    compute_target=elsewhere(BatchCompute, "Batch/batchAccounts/b"), **code),
    "KUSTO": lambda: KustoStep(name="s", compute_target="kusto", database_name="d", query_directory="src", output=data),
    "R": lambda: RScriptStep("a.R", compute_target=cpu, runconfig=r, **code),
    "SYNAPSE": lambda: SynapseSparkStep("a.py", compute_target=elsewhere(SynapseCompute), driver_memory="1g",
        driver_cores=1, executor_memory="1g", executor_cores=1, num_executors=1, **code),
}
for name, make in steps.items():
    try:
        Experiment(ws, "refused").submit(Pipeline(ws, [make()]))
        print(name, "SUBMITTED")
    except Exception as error:
        print(name, " ".join(str(error).split()))
print("RUNS", len(list(Experiment(ws, "refused").get_runs())))
"""

EXPECTED = {
    "ADLA": ("Azure Data Lake Analytics", "rewrite the U-SQL script in Python", "a command or a spark component"),
    "BATCH": ("Azure Batch", "run the executable with CommandStep", "a command or a parallel component"),
    "KUSTO": ("a Kusto cluster", "export the query's result to a file", "no Kusto step"),
    "R": ("the retired R runtime of Azure ML", "Rscript your_script.R", "a command component with the same command"),
    "SYNAPSE": ("a Synapse Spark pool", "local Spark from a CommandStep", "a spark component"),
}


def test_each_is_refused_at_submit(live: LiveService) -> None:
    names = ("a.usql", "a.sh", "a.R", "a.py", "q.kql")
    out = live.run(SCRIPT, files={f"src/{name}": "x" for name in names}).stdout
    told = {line.split(" ", 1)[0]: line for line in out.splitlines() if " " in line}
    for name, words in EXPECTED.items():
        assert "step 's' (" in told[name], out
        assert all(word in told[name] for word in ("cannot run on this machine: it needs", *words)), told[name]
    assert told["RUNS"] == "RUNS 0"

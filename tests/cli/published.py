"""What a real v1 client publishes for the tests of `amlbridge published`."""

from __future__ import annotations

import json

from tests.support.command import Command

WORKSPACE = {"subscription_id": "11", "resource_group": "rg", "workspace_name": "first"}

STEP = """
    import os, sys
    from azureml.core import Run
    import helper
    table = Run.get_context().input_datasets["table"].to_pandas_dataframe()
    fixed = Run.get_context().input_datasets["fixed"].to_pandas_dataframe()
    names = sorted(os.listdir(sys.argv[2])) if os.path.isdir(sys.argv[2]) else os.path.basename(sys.argv[2])
    print("SHOW", [sys.argv[1], len(table), len(fixed), names, os.environ["AML_PARAMETER_count"], helper.NAME])
    os.makedirs(sys.argv[3], exist_ok=True)
    with open(os.path.join(sys.argv[3], "out.txt"), "w") as file:
        file.write("x")
    assert sys.argv[1] != "fail", "told to fail"
"""

PUBLISH = """
    import os
    from azureml.core import Workspace, Dataset, Environment, RunConfiguration
    from azureml.core.compute import AmlCompute, ComputeTarget
    from azureml.data.datapath import DataPath, DataPathComputeBinding
    from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
    from azureml.pipeline.core import Pipeline, PipelineData, PipelineEndpoint, PipelineParameter, Schedule
    from azureml.pipeline.core import ScheduleRecurrence
    from azureml.pipeline.steps import PythonScriptStep
    ws = Workspace.from_config()
    settings = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4)
    cpu = ComputeTarget.create(ws, "cpu", settings)
    store = ws.get_default_datastore()
    store.upload_files(["data.csv", "more.csv"], target_path="in", show_progress=False)
    large = Dataset.Tabular.from_delimited_files((store, "in/data.csv")).register(ws, "large")
    small = Dataset.Tabular.from_delimited_files((store, "in/more.csv"))
    environment = Environment("mine")
    environment.environment_variables = {"MINE": "yes"}
    environment.register(ws)
    config = RunConfiguration()
    config.environment = Environment.get(ws, "mine")
    text, count = PipelineParameter("text", "dflt"), PipelineParameter("count", 3)
    path = PipelineParameter("path", DataPath(store, "in"))
    path = (path, DataPathComputeBinding(mode="mount"))
    table = DatasetConsumptionConfig("table", PipelineParameter("table_param", large))
    fixed = small.as_named_input("fixed")
    out = PipelineData("out", store)
    step = PythonScriptStep("show.py", name="show", source_directory="src", compute_target=cpu,
                            arguments=[text, path, out, table], inputs=[path, table, fixed], outputs=[out],
                            runconfig=config, params={"count": count}, allow_reuse=False)
    pipeline = Pipeline(ws, [step])
    old = pipeline.publish("nightly", "what it does", "1.0")
    new = pipeline.publish("nightly", "what it does", "2.0")
    endpoint = PipelineEndpoint.publish(ws, name="stable", pipeline=new, description="one address")
    endpoint.add(old)
    Schedule.create(ws, "weekly", new.id, "scheduled", ScheduleRecurrence("Week", 1, start_time="2099-01-01T00:00:00"))
    print("IDS", old.id, new.id, endpoint.id, new.endpoint)
"""


def publish(command: Command) -> tuple[str, str, str, str]:
    """Publishes: the ids of version 1.0, 2.0 and the endpoint, and the URL of 2.0."""
    command.write("config.json", json.dumps(WORKSPACE))
    command.write("data.csv", "a,b\n1,2\n3,4\n")
    command.write("more.csv", "a,b\n5,6\n")
    command.write("src/show.py", STEP)
    command.write("src/helper.py", "NAME = 'helped'\n")
    command.write("src/.env", "KEY=secret\n")
    command.write("publish.py", PUBLISH)
    out = command("run", "--no-progress", "publish.py").stdout
    old, new, endpoint, url = next(line for line in out.splitlines() if line.startswith("IDS ")).split()[1:]
    return old, new, endpoint, url

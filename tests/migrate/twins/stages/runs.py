"""Rules of the workspace, of computes and of runs that were submitted."""

from __future__ import annotations

from tests.migrate.twins.setups import FINISHED, STORES
from tests.migrate.twins.twin import Twin

_RUN = "from setup_workspace import RUN_ID\n"

_JOB = """\
from azureml.core import ScriptRunConfig

job = ScriptRunConfig("src", script="train.py", compute_target="cpu")
"""
_SRC = {"src/train.py": 'with open("outputs/model.pkl", "w") as file:\n    file.write("a model")\n'}
_SUBSCRIPTION = "from setup_workspace import SUBSCRIPTION\n"

_TABLE = """\
paths:
  - file: ./table.csv
transformations:
  - read_delimited:
      delimiter: ","
      encoding: utf8
      header: all_files_same_headers
"""
_LEFT = [(30 + number % 25, 20 + number * 7 % 40, int(number % 25 > 12)) for number in range(80)]
_CHURN = "hours,age,left\n" + "".join(f"{hours},{age},{left}\n" for hours, age, left in _LEFT)
_ROWS = "hours,age\n" + "".join(f"{hours},{age}\n" for hours, age, _ in _LEFT[:7])
_AUTOML = """\
from azure.ai.ml import Input, automl
from azure.ai.ml.entities import Data

ml.data.create_or_update(Data(name="rows", path="rows", type="mltable"))
table = ml.data.create_or_update(Data(name="churn", path="table", type="mltable"))
job = automl.classification(
    compute="cpu",
    experiment_name="churn",
    training_data=Input(type="mltable", path=f"azureml:churn:{table.version}"),
    target_column_name="left",
    primary_metric="accuracy",
)
job.set_limits(max_trials=1, max_concurrent_trials=1)
job.set_training(
    allowed_training_algorithms=["LogisticRegression"], enable_stack_ensemble=False, enable_vote_ensemble=False
)
job = ml.jobs.create_or_update(job)
ml.jobs.stream(job.name)
RUN_ID = job.name
"""

TWINS = [
    Twin("workspace", 0, printed=True, foot="print(ws.location, ws.subscription_id)\n"),
    Twin(
        "workspace",
        1,
        head=_SUBSCRIPTION,
        setup="SUBSCRIPTION = ml.subscription_id\n",
        foot='print("=", workspace.name, workspace.resource_group)\n',
    ),
    Twin(
        "workspace-management",
        0,
        head="""\
            from azureml.core import Workspace

            print("=", Workspace.from_config().tags, Workspace.from_config().sku)
            """,
    ),
    Twin("versions", 0, foot='print("=", azureml.core.VERSION > "1")\n'),
    Twin("versions", 1),
    Twin(
        "authentication",
        0,
        head='TENANT, ID, SECRET = "0abcdef0-2222-3333-4444-555555555555", "client", "secret"\n',
        foot='print("=", ws.name, sorted(ws.compute_targets))\n',
        cluster="cpu",
        intercepted=True,
    ),
    Twin(
        "keyvault",
        needs="azure.keyvault.secrets",
        head='VALUE = "s3cret"\n',
        printed=True,
        intercepted=True,
        foot="""\
            print("=", keyvault.list_secrets())
            keyvault.set_secrets({"a": "1"})
            keyvault.delete_secret("token")
            print("=", keyvault.get_secrets(["a"]))
            """,
    ),
    Twin(
        "authentication",
        1,
        head="""\
            from setup_workspace import ask
            """,
        setup="""\
def ask(audience):
    return DefaultAzureCredential().get_token(f"{audience}/.default").token
""",
        foot='print("=", ws.name, len(token) > 0, len(ws.compute_targets))\n',
    ),
    Twin("exceptions", 0, foot='print("=", "service" in dir())\n'),
    Twin("exceptions", 1, printed=True, setup='os.remove("config.json")\n'),
    Twin(
        "compute-operations",
        0,
        setup="""\
from azure.ai.ml.entities import ComputeInstance

ml.compute.begin_create_or_update(ComputeInstance(name="notebooks", size="STANDARD_DS3_V2", tags={"a": "b"})).result()
""",
        printed=True,
        foot="""\
            print(instance.get_status().state == "Stopped", len(sizes) > 0)
            instance.start(wait_for_completion=True)
            """,
    ),
    Twin(
        "computes",
        0,
        differs={"computes/cpu/scaleSettings/nodeIdle*": "each SDK has a default of its own"},
        foot="""\
            print("=", cluster.name, cluster.vm_size, cluster.type in ("AKS", "Databricks"))
            print("=", cluster.provisioning_state == "Succeeded")
            print("=", [compute.name for compute in AmlCompute.list(ws)], sorted(ws.compute_targets))
            small = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=1)
            other = ComputeTarget.create(ws, "other", small)
            other.wait_for_completion()
            other.delete()
            """,
    ),
    Twin("computes", 1, cluster="cpu", printed=True),
    Twin("compute-instances", 0, foot='print("=", instance.name, instance.vm_size, sorted(ws.compute_targets))\n'),
    Twin(
        "run-details",
        1,
        head="""\
            from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace

            ws = Workspace.from_config()
            rows = Dataset.File.from_files((ws.get_default_datastore(), "rows"))
            arguments = ["--rows", rows.as_mount()]
            config = ScriptRunConfig("src", script="train.py", arguments=arguments, compute_target="cpu")
            RUN_ID = Experiment(ws, "trials").submit(config).id
            """,
        setup=STORES,
        files={**_SRC, "stored/rows/a.csv": "a\n1\n"},
        cluster="cpu",
        foot='print("=", len(found))\n',
    ),
    Twin(
        "tensorboard",
        needs="azureml.tensorboard",
        head=_RUN,
        setup=f"""\
{FINISHED}
client.log_text(RUN_ID, "events", "logs/a.txt")
os.environ["PATH"] += f":{{os.path.dirname(os.sys.executable)}}"
""",
    ),
    Twin(
        "model-proxy",
        head=_RUN,
        setup=_AUTOML,
        files={"table/MLTable": _TABLE, "table/table.csv": _CHURN, "rows/MLTable": _TABLE, "rows/table.csv": _ROWS},
        cluster="cpu",
        foot='print("=", len(predicted), set(predicted.iloc[:, 0]) <= {0, 1})\n',
        differs={
            "jobs/churn/0/children/0/children": "SDK v1 predicts in a run of its own",
            "stored/workspaceblobstore/automl/predictions/*": "which stores what it has found",
            "jobs/*/outputs/*": "models are pickled, and say which run they are of",
            "jobs/*/tags/automl_best_child_run_id": "the name of a run",
        },
    ),
    Twin(
        "attached-computes",
        head="from setup_workspace import CLUSTER, VM\n",
        files={".ssh/id_rsa": "a key"},
        setup="""\
_PROVIDERS = f"/subscriptions/{ml.subscription_id}/resourceGroups/group/providers"
VM = f"{_PROVIDERS}/Microsoft.Compute/virtualMachines/machine"
CLUSTER = f"{_PROVIDERS}/Microsoft.ContainerService/managedClusters/cluster"
""",
        foot="""\
            print("=", sorted(compute.name for compute in ws.compute_targets.values()))
            """,
    ),
    Twin(
        "linked-services",
        head='SUBSCRIPTION, GROUP = "22222222-2222-2222-2222-222222222222", "group"\n',
        foot="""\
            print("=", compute.name, sorted(ws.compute_targets))
            """,
    ),
    Twin("runs", 1, setup=FINISHED, foot='print(open("report.txt").read())\n', printed=True),
    Twin("runs", 0, head=_RUN, setup=FINISHED, foot='print("=", run.get_status(), run.get_metrics())\n'),
    Twin(
        "run-details", 0, head=_RUN, setup=FINISHED, foot='print("=", details["runId"] == RUN_ID, details["status"])\n'
    ),
    Twin(
        "run-statuses",
        0,
        head=_RUN,
        setup=FINISHED,
        foot="""\
            print("=", run.get_status() == RunStatus.COMPLETED, run.get_status() == RunStatus.FAILED)
            """,
    ),
    Twin(
        "experiments",
        0,
        head=_JOB,
        cluster="cpu",
        files=_SRC,
        foot="""\
            print("=", experiment.name, [found.get_status() == "Completed" for found in experiment.get_runs()])
            """,
    ),
    Twin("experiments", 1, foot='found = Experiment(ws, "train").tags\nprint("=", found["stage"], found["team"])\n'),
    Twin(
        "models",
        1,
        head=_JOB,
        cluster="cpu",
        files=_SRC,
        foot="""\
            print("=", model.name, int(model.version))
            """,
    ),
    Twin(
        "inner-clients",
        head="""\
            import uuid
            from azureml.core import Environment
            from setup_workspace import RUN_ID as OLD_ID

            NEW_ID = str(uuid.uuid4())
            env = Environment("plain")
            env.docker.base_image = "ubuntu:22.04"
            env.python.user_managed_dependencies = True
            """,
        setup=FINISHED,
        cluster="cpu",
        files={
            "generated/train.py": """\
                from azureml.core import Run

                Run.get_context().log("score", 0.75)
                """
        },
        foot="""\
            run.wait_for_completion(show_output=False)
            print("=", run.id == NEW_ID, run.get_status() == "Completed", run.get_metrics())
            """,
        differs={"jobs/churn": "SDK v1 shows the run below the other one, which is of another experiment"},
    ),
    Twin(
        "widgets",
        0,
        # The widget shows itself in notebooks only, and breaks on IPython 9.
        packages=("azureml-widgets>=1.62", "ipython<9", "nbclient>=0.10"),
        notebook=True,
        head="import time\n" + _JOB,
        cluster="cpu",
        files=_SRC,
        foot="""\
            while run.get_status() not in ("Completed", "Failed"):
                time.sleep(0.1)
            print("=", run.get_status() == "Completed")
            """,
    ),
    Twin(
        "service-computes",
        0,
        head="""\
            from azureml.core import Workspace

            ws = Workspace.from_config()
            token = "a token"
            """,
        foot='print("=", ws.name)\n',
        differs={"computes/databricks": "SDK v2 attaches no Databricks workspace: its API is called"},
    ),
]

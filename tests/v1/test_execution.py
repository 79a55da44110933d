"""Runs of one script or command, submitted by the real client."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow

PRELUDE = """
import os, sys
from azureml.core import Environment, Experiment, Run, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
ws = Workspace.from_config()
size = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=2)
compute = ComputeTarget.create(ws, "cpu", size)
"""

TRAIN = """
import os, sys
from azureml.core import Run
run = Run.get_context()
print("hello", *sys.argv[1:])
run.log("score", 0.5)
run.tag("colour", "red")
os.makedirs("outputs", exist_ok=True)
open("outputs/model.txt", "w").write("model")
print("bye")
"""


def test_script_run_from_submission_to_model(live: LiveService) -> None:
    done = live.run(
        PRELUDE
        + """
environment = Environment("mine")
environment.python.user_managed_dependencies = True
config = ScriptRunConfig(
    "src", script="train.py", arguments=["--n", 3, "--name", "two words"], compute_target=compute,
    environment=environment, max_run_duration_seconds=600,
)
run = Experiment(ws, "exp").submit(config, tags={"kind": "test"})
print("CLASS", type(run).__name__, run.id.startswith("exp_"))
run.wait_for_completion(show_output=True)
details = run.get_details()
print("DETAILS", details["status"], details["target"], sorted(details["logFiles"]), "endTimeUtc" in details)
print("DEFINITION", details["runDefinition"]["script"], details["runDefinition"]["maxRunDurationSeconds"])
same = run.get_properties()["ContentSnapshotId"] == run.get_snapshot_id()
print("METRICS", run.get_metrics(), sorted(run.get_tags().items()), same)
print("FILES", run.get_file_names())
run.download_file("outputs/model.txt", "got.txt")
run.download_files("outputs", "all")
print("GOT", open("got.txt").read(), open("all/outputs/model.txt").read())
print("LOGS", run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"].startswith("hello"))
# As azureml-widgets reads it.
import urllib.request
print("OPENED", urllib.request.urlopen(details["logFiles"]["user_logs/std_log.txt"]).read().startswith(b"hello"))
print("ALL", [os.path.basename(path) for path in run.get_all_logs(destination="logs")])
model = run.register_model("m", model_path="outputs/model.txt")
print("MODEL", model.name, model.version, model.run_id == run.id)
print("ZIP", os.path.basename(run.restore_snapshot(path="back")))
again = Run.get(ws, run.id)
print("AGAIN", type(again).__name__, again.status, again.experiment.name, list(again.get_children()))
print("ENVIRONMENT", again.get_environment().name, again.get_environment().version, "mine" in ws.environments)
""",
        files={"src/train.py": TRAIN},
    )
    out = done.stdout
    assert "CLASS ScriptRun True" in out
    assert out.count("Streaming user_logs/std_log.txt") == 1
    for line in ("hello --n 3 --name two words", "bye"):
        assert out.count(f"\n{line}\n") == 1, out
    assert "DETAILS Completed cpu ['user_logs/std_log.txt'] True" in out
    assert "DEFINITION train.py 600" in out
    assert "METRICS {'score': 0.5} [('colour', 'red'), ('kind', 'test')] True" in out
    assert "FILES ['outputs/model.txt', 'user_logs/std_log.txt']" in out
    assert "GOT model model" in out
    assert "LOGS True" in out
    assert "OPENED True" in out
    assert "ALL ['std_log.txt']" in out
    assert "MODEL m 1 True" in out
    assert "AGAIN ScriptRun Completed exp []" in out
    assert "ENVIRONMENT mine 1 True" in out


def test_data_in_arguments_and_outputs(live: LiveService) -> None:
    done = live.run(
        PRELUDE
        + """
from azureml.core import Dataset
from azureml.core.runconfig import RunConfiguration
from azureml.data import OutputFileDatasetConfig
from azureml.data.data_reference import DataReference
from azureml.data.datapath import DataPath
store = ws.get_default_datastore()
store.upload_files(["in/rows.csv"], target_path="in", show_progress=False)
table = Dataset.Tabular.from_delimited_files((store, "in/rows.csv"))
files = Dataset.File.from_files((store, "in")).register(ws, "files")
out = OutputFileDatasetConfig("result", destination=(store, "made/{run-id}")).register_on_complete("made")
plain = OutputFileDatasetConfig("plain").as_upload()
config = ScriptRunConfig(
    "src", "use.py", compute_target="cpu", resume_from=DataPath(store, "in"),
    arguments=[
        "--table", table.as_named_input("table"), "--mounted", files.as_named_input("mounted").as_mount(),
        "--copied", files.as_named_input("copied").as_download(), "--out", out, "--plain", plain,
        "--ref", DataReference(store, "ref", path_on_datastore="in", mode="mount"), "--last", 1.5,
    ],
)
reference = DataReference(store, "ref", path_on_datastore="in", mode="mount")
config.arguments[config.arguments.index("--ref") + 1] = str(reference)
config.run_config.data_references["ref"] = reference.to_config()
config.run_config.environment_variables["MINE"] = "own"
run = Experiment(ws, "data").submit(config)
run.wait_for_completion(show_output=True)
print("MADE", Dataset.get_by_name(ws, "made").download("got"), open("got/sum.txt").read())
print("INPUTS", sorted(item["consumptionDetails"]["inputName"] for item in run.get_details()["inputDatasets"]))
latest = files.as_named_input("latest").as_mount()
command = ScriptRunConfig(
    "src", command=["python", "said.py", "--where", latest, "&&", "echo", "$MINE", "| tr a-z A-Z"],
    compute_target=compute, environment=Environment("shell"),
)
command.run_config.environment_variables = {"MINE": "loud"}
run = Experiment(ws, "data").submit(command)
run.wait_for_completion(show_output=True)
print("COMMAND", run.get_metrics(), run.get_details()["status"])
text = ScriptRunConfig("src", command="python said.py --where . ; exit 3", compute_target="cpu")
run = Experiment(ws, "data").submit(text)
try:
    run.wait_for_completion(show_output=True)
except Exception as error:
    print("FAILED", type(error).__name__, "exit code 3" in str(error), run.get_status())
""",
        files={
            "in/rows.csv": "a,b\n1,2\n3,4\n",
            "src/use.py": """
                import argparse, os
                from azureml.core import Run
                parser = argparse.ArgumentParser()
                for name in ("table", "mounted", "copied", "out", "plain", "ref", "last", "resume-from"):
                    parser.add_argument("--" + name)
                args = parser.parse_args()
                run = Run.get_context()
                frame = run.input_datasets["table"].to_pandas_dataframe()
                print("TABLE", list(frame.columns), len(frame), os.environ["MINE"], args.last)
                for place in (args.mounted, args.copied, args.ref, args.resume_from, run.input_datasets["mounted"]):
                    print("READ", open(os.path.join(place, "rows.csv")).read().split())
                open(os.path.join(args.out, "sum.txt"), "w").write(str(int(frame.a.sum())))
                open(os.path.join(args.plain, "other.txt"), "w").write("x")
            """,
            "src/said.py": """
                import sys
                from azureml.core import Run
                print("said", sys.argv[1])
                Run.get_context().log("shell", 7)
            """,
        },
    )
    out = done.stdout
    assert "TABLE ['a', 'b'] 2 own 1.5" in out
    assert out.count("READ ['a,b', '1,2', '3,4']") == 5
    assert "INPUTS ['copied', 'mounted', 'table']" in out
    assert "sum.txt'] 4" in out
    assert "\nLOUD\n" in out
    assert "COMMAND {'shell': 7} Completed" in out
    assert "FAILED ActivityFailedException True Failed" in out


def test_failure_cancel_timeout_and_children(live: LiveService) -> None:
    done = live.run(
        PRELUDE
        + """
import time
experiment = Experiment(ws, "ends")
def config(script, **more):
    return ScriptRunConfig("src", script, compute_target="cpu", **more)
def wait(run, status):
    while run.get_status() != status:
        time.sleep(0.2)
run = experiment.submit(config("bad.py"))
try:
    run.wait_for_completion(show_output=True)
except Exception as error:
    print("BAD", "ZeroDivisionError" in str(error), run.get_details()["error"]["error"]["code"])
slow = experiment.submit(config("slow.py"))
wait(slow, "Running")
slow.cancel()
wait(slow, "Canceled")
print("CANCELED", slow.get_details()["status"], Run.get(ws, slow.id).get_status())
timed = experiment.submit(config("slow.py", max_run_duration_seconds=1))
try:
    timed.wait_for_completion()
except Exception as error:
    print("TIMED", "longer than its 1 s" in str(error), timed.get_status())
parent = experiment.start_logging(snapshot_directory=None)
child = parent.submit_child(config("quick.py"), tags={"child": "yes"})
child.wait_for_completion()
print("CHILD", child.parent.id == parent.id, [run.id for run in parent.get_children()] == [child.id], child.tags)
parent.complete()
nested = experiment.submit(config("nested.py"))
nested.wait_for_completion()
grown = list(nested.get_children())
print("NESTED", [(run.name, run.get_metrics()) for run in grown], nested.get_metrics())
again = experiment.submit(config("submits.py"), run_id="chosen-id")
again.wait_for_completion(show_output=True)
print("INSIDE", again.id, [(type(run).__name__, run.get_status()) for run in again.get_children()])
print("LISTED", sorted(run.get_status() for run in experiment.get_runs(type="azureml.scriptrun")))
""",
        files={
            "src/bad.py": "print('before')\n1 / 0\n",
            "src/slow.py": "import time\nprint('up', flush=True)\ntime.sleep(300)\n",
            "src/quick.py": "print('quick')\n",
            "src/nested.py": """
                from azureml.core import Run
                run = Run.get_context()
                with run.child_run("one") as child:
                    child.log("deep", 1)
                run.log("own", 2)
            """,
            "src/submits.py": """
                import os
                from azureml.core import Run, ScriptRunConfig
                child = Run.get_context().submit_child(ScriptRunConfig(".", "quick.py", compute_target="cpu"))
                child.wait_for_completion(show_output=True)
            """,
        },
    )
    out = done.stdout
    assert out.count("\nbefore\n") == 1
    assert "BAD True UserError" in out
    assert "CANCELED Canceled Canceled" in out
    assert "TIMED True Failed" in out
    assert "CHILD True True {'child': 'yes'}" in out
    assert "NESTED [('>one', {'deep': 1})] {'own': 2}" in out
    assert "\nquick\n" in out
    assert "INSIDE chosen-id [('ScriptRun', 'Completed')]" in out
    assert "LISTED ['Canceled', 'Completed', 'Completed', 'Failed', 'Failed']" in out


def test_a_run_is_submitted_under_the_id_of_a_record_that_its_client_has_made(live: LiveService) -> None:
    done = live.run(
        PRELUDE
        + """
from azureml._restclient.models import RunTypeV2
from azureml._restclient.models.create_run_dto import CreateRunDto
from azureml._restclient.run_client import RunClient

experiment = Experiment(ws, "made-before")
above = experiment.start_logging(snapshot_directory=None)
client = RunClient(ws.service_context, experiment.name, "made")
dto = CreateRunDto(
    run_id="made", parent_run_id=above.id, run_type="trial", run_type_v2=RunTypeV2(traits=["again"]),
    tags={"colour": "red"}, properties={"who": "me"},
)
client.create_run(run_id="made", create_run_dto=dto)
print("MADE", Run.get(ws, "made").get_status(), sorted(run.id for run in above.get_children()))
config = ScriptRunConfig("src", script="train.py", arguments=["again"], compute_target="cpu")

def attempt(label, experiment, run_id):
    try:
        experiment.submit(config, run_id=run_id)
    except Exception as error:
        print(label, [part for part in ("made in another experiment", "exists already") if part in str(error)])

attempt("MOVED", Experiment(ws, "elsewhere"), "made")
attempt("BEGUN", experiment, above.id)
run = experiment.submit(config, run_id="made", tags={"size": "big"})
run.wait_for_completion(show_output=True)
attempt("AGAIN", experiment, "made")
print("RUN", type(run).__name__, run.id, run.parent.id == above.id, run.get_status(), run.get_metrics())
print("TOLD", sorted(run.get_tags().items()), run.get_properties()["who"], run.get_file_names())
print("DETAILS", run.get_details()["runDefinition"]["script"], run.get_details()["target"])
print("LISTED", [found.id for found in experiment.get_runs(type="azureml.scriptrun", include_children=True)])
above.complete()
""",
        files={"src/train.py": TRAIN},
    )
    out = done.stdout
    assert "MADE NotStarted ['made']" in out
    assert "MOVED ['made in another experiment']" in out
    assert "BEGUN ['exists already']" in out
    assert "AGAIN ['exists already']" in out
    assert "\nhello again\n" in out
    assert "RUN ScriptRun made True Completed {'score': 0.5}" in out
    assert "TOLD [('colour', 'red'), ('size', 'big')] me ['outputs/model.txt', 'user_logs/std_log.txt']" in out
    assert "DETAILS train.py cpu" in out
    assert "LISTED ['made']" in out


def test_what_cannot_be_had_is_refused_at_submission(live: LiveService) -> None:
    done = live.run(
        PRELUDE
        + """
from azureml.core.runconfig import (
    DockerConfiguration, MpiConfiguration, PyTorchConfiguration, RunConfiguration, TensorflowConfiguration,
)
experiment = Experiment(ws, "refused")
def attempt(label, **options):
    config = ScriptRunConfig("src", **{"script": "quick.py", "compute_target": "cpu", **options})
    try:
        run = experiment.submit(config)
    except Exception as error:
        print(label, "REFUSED", str(error).replace("\\n", " ")[:600])
        return
    run.wait_for_completion(show_output=True)
    print(label, run.get_status(), (run.get_details()["warnings"] or [{}])[-1].get("message"))
attempt("MPI1", distributed_job_config=MpiConfiguration(process_count_per_node=1))
attempt("NODES", script="nodes.py", distributed_job_config=MpiConfiguration(process_count_per_node=1, node_count=2))
attempt("TORCH1", script="torch.py", distributed_job_config=PyTorchConfiguration("Gloo", process_count=1))
attempt("TORCH2", script="torch.py", distributed_job_config=PyTorchConfiguration("Gloo", process_count=4, node_count=2))
attempt("MANY", distributed_job_config=MpiConfiguration(process_count_per_node=4000))
attempt("TF1", script="tf.py", distributed_job_config=TensorflowConfiguration(worker_count=1, parameter_server_count=0))
attempt("COMPUTE", compute_target="nowhere")
attempt("DOCKER", docker_runtime_config=DockerConfiguration(use_docker=True, arguments=["-v", "/a:/b"]))
spark = RunConfiguration()
spark.framework, spark.target = "PySpark", "cpu"
attempt("SPARK", run_config=spark)
print("RUNS", len(list(experiment.get_runs())))
""",
        files={
            "src/quick.py": "print('quick')\n",
            "src/torch.py": "from os import environ as e\nprint('RANK', e['RANK'], e['WORLD_SIZE'], e['LOCAL_RANK'])\n",
            "src/nodes.py": """
                import os
                print("NODE", os.environ["AZUREML_CR_NODE_RANK"], os.environ["AZUREML_NODE_COUNT"])
                """,
            "src/tf.py": "import json, os\nprint('TASK', json.loads(os.environ['TF_CONFIG'])['task'])\n",
        },
    )
    out = done.stdout
    for label in ("MPI1", "TORCH1", "TF1"):
        assert f"{label} Completed" in out
    assert "\nRANK 0 1 0\n" in out
    assert "\nNODE 0 2\n" in out
    assert "\nRANK 0 4 0\n" in out
    for label, count in (("NODES", 2), ("TORCH2", 4)):
        assert f"{label} Completed the step asks for 2 nodes: all of its {count} processes run on this one mach" in out
    assert "\nTASK {'type': 'worker', 'index': 0}\n" in out
    assert "starts at most 128" in next(line for line in out.splitlines() if line.startswith("MANY REFUSED"))
    assert "there is no compute target 'nowhere'" in out
    assert "DOCKER Completed the run asks for Docker" in out
    assert "SPARK REFUSED" in out
    assert "needs a Spark cluster" in out
    assert "RUNS 6" in out


def test_a_run_that_has_failed_before_the_client_looks_says_why(live: LiveService) -> None:
    """The client changes a run that it has submitted, and takes the status in the answer for the last word."""
    done = live.run(
        PRELUDE
        + """
import time
from azureml._restclient.run_client import RunClient
quick = RunClient.patch_run
def patch_run(self, *arguments, **options):
    time.sleep(4)  # a slow client, or a quick run
    return quick(self, *arguments, **options)
RunClient.patch_run = patch_run
experiment = Experiment(ws, "late")
for number, output in enumerate((False, False, True)):
    run = experiment.submit(ScriptRunConfig("src", "bad.py", compute_target="cpu"))
    if number == 1:
        run.tag("a", "b")
    try:
        run.wait_for_completion(show_output=output)
    except Exception as error:
        print("WHY", "no such thing" in str(error), run.get_details()["status"], run.get_details()["error"] is not None)
fine = experiment.submit(ScriptRunConfig("src", "ok.py", compute_target="cpu"))
print("FINE", fine.wait_for_completion()["status"], fine.get_status())
""",
        files={"src/bad.py": "print('shown once')\nraise RuntimeError('no such thing')\n", "src/ok.py": ""},
    )
    assert done.stdout.count("WHY True Failed True") == 3
    # Who follows a run sees its log, however late.
    assert done.stdout.count("\nshown once\n") == 1
    assert "FINE Completed Completed" in done.stdout


def test_estimators(live: LiveService) -> None:
    done = live.run(
        PRELUDE
        + """
import warnings
warnings.simplefilter("ignore")
from azureml.train.dnn import PyTorch, TensorFlow
from azureml.train.estimator import Estimator
from azureml.train.sklearn import SKLearn
experiment = Experiment(ws, "estimators")
common = dict(source_directory="src", entry_script="train.py", compute_target=compute, script_params={"--n": 3})
for made in (
    Estimator(**common, conda_packages=["scikit-learn"]),
    SKLearn(**common),
    PyTorch(**common, framework_version="1.4", use_gpu=False),
    TensorFlow(**common, framework_version="2.0", use_gpu=False),
):
    run = experiment.submit(made)
    run.wait_for_completion(show_output=False)
    print("RUN", type(made).__name__, type(run).__name__, run.get_status(), run.get_metrics())
""",
        files={"src/train.py": TRAIN},
    )
    for name in ("Estimator", "SKLearn", "PyTorch", "TensorFlow"):
        assert f"RUN {name} ScriptRun Completed {{'score': 0.5}}" in done.stdout


def test_local_runs(live: LiveService) -> None:
    done = live.run(
        PRELUDE
        + """
import time
from azureml.core import Dataset
from azureml.core.runconfig import RunConfiguration
from azureml.data import OutputFileDatasetConfig
os.environ["FROM_CLIENT"] = "inherited"
experiment = Experiment(ws, "local")
environment = Environment("user-managed")
environment.python.user_managed_dependencies = True
run = experiment.submit(ScriptRunConfig("src", "train.py", arguments=["--x", "a b"], environment=environment))
run.wait_for_completion(show_output=True)
details = run.get_details()
print("LOCAL", type(run).__name__, details["status"], details["target"], run.get_metrics(), run.get_tags())
print("FILES", run.get_file_names(), bool(run.get_snapshot_id()))
run.download_file("outputs/model.txt", "local.txt")
print("CONTENT", open("local.txt").read(), run.register_model("local-model", model_path="outputs/model.txt").version)
config = RunConfiguration()
config.target = "local"
bad = experiment.submit(ScriptRunConfig("src", "bad.py", run_config=config))
try:
    bad.wait_for_completion(show_output=True)
except Exception as error:
    print("BAD", "no such thing" in str(error), bad.get_status())
slow = experiment.submit(ScriptRunConfig("src", "slow.py", compute_target="local"))
while "user_logs/std_log.txt" not in slow.get_file_names() or slow.get_status() != "Running":
    time.sleep(0.2)
words = []
while not words:
    slow.download_file("user_logs/std_log.txt", "slow.txt")
    words = open("slow.txt").read().split()
slow.cancel()
print("CANCELED", slow.get_status(), Run.get(ws, slow.id).get_status())
pid, end = int(words[0]), time.time() + 60
while os.path.exists(f"/proc/{pid}") and time.time() < end:
    time.sleep(0.1)
print("GONE", not os.path.exists(f"/proc/{pid}"))
timed = experiment.submit(ScriptRunConfig("src", "slow.py", compute_target="local", max_run_duration_seconds=1))
try:
    timed.wait_for_completion()
except Exception as error:
    print("TIMED", "longer than its 1 s" in str(error))
store = ws.get_default_datastore()
Dataset.File.upload_directory("in", (store, "in"), show_progress=False)
files = Dataset.File.from_files((store, "in"))
out = OutputFileDatasetConfig("result", destination=(store, "made/{run-id}")).register_on_complete("made-here")
mine = files.as_named_input("mine").as_download()
data = experiment.submit(ScriptRunConfig("src", "use.py", arguments=[mine, out], compute_target="local"))
data.wait_for_completion(show_output=True)
made = Dataset.get_by_name(ws, "made-here")
print("MADE", [open(path).read() for path in made.download("got")])
inputs, outputs = data.get_details()["inputDatasets"], data.get_details()["outputDatasets"]
print("LINEAGE", [item["consumptionDetails"]["inputName"] for item in inputs], outputs[0]["dataset"].name)
below = experiment.submit(ScriptRunConfig("src", "sub/below.py", compute_target="local"))
below.wait_for_completion()
print("BELOW", below.get_tags())
line = "echo shell $FROM_CLIENT && python train.py"
shell = experiment.submit(ScriptRunConfig("src", command=line, compute_target="local"))
shell.wait_for_completion(show_output=True)
print("SHELL", shell.get_metrics())
""",
        files={
            "in/rows.csv": "a,b\n",
            "src/train.py": TRAIN,
            "src/bad.py": "raise RuntimeError('no such thing')\n",
            "src/slow.py": "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(300)\n",
            "src/helper.py": "COLOUR = 'green'\n",
            "src/sub/below.py": """
                import helper
                from azureml.core import Run
                Run.get_context().tag("c", helper.COLOUR)
            """,
            "src/use.py": """
                import os, sys
                from azureml.core import Run
                place = sys.argv[1]
                print("READ", open(os.path.join(place, "rows.csv")).read())
                assert Run.get_context().input_datasets["mine"] == place
                open(os.path.join(sys.argv[2], "sum.txt"), "w").write("made on the spot")
            """,
        },
    )
    out = done.stdout
    assert out.count("\nhello --x a b\n") == 1
    assert "LOCAL ScriptRun Completed local {'score': 0.5} {'colour': 'red'}" in out
    assert "FILES ['outputs/model.txt', 'user_logs/std_log.txt'] True" in out
    assert "CONTENT model 1" in out
    assert "BAD True Failed" in out
    assert "CANCELED Canceled Canceled" in out
    assert "GONE True" in out
    assert "TIMED True" in out
    assert "READ a,b" in out
    assert "MADE ['made on the spot']" in out
    assert "LINEAGE ['mine'] made-here" in out
    # As everywhere: a script in a folder finds the modules of the source directory's root.
    assert "BELOW {'c': 'green'}" in out
    assert "\nshell inherited\n" in out
    assert "SHELL {'score': 0.5}" in out


def test_a_killed_service_runs_the_script_again(tmp_path: Path) -> None:
    service = LiveService(tmp_path)
    try:
        started = service.run(
            PRELUDE
            + """
import time
run = Experiment(ws, "kill").submit(ScriptRunConfig("src", "slow.py", arguments=[os.getcwd()], compute_target="cpu"))
while not os.path.exists("started"):
    time.sleep(0.1)
print("ID", run.id)
""",
            files={
                "src/slow.py": """
                    import os, sys, time
                    again = os.path.exists(os.path.join(sys.argv[1], "started"))
                    open(os.path.join(sys.argv[1], "started"), "w").close()
                    print("second time" if again else "first time", flush=True)
                    time.sleep(0 if again else 300)
                """
            },
        )
        run_id = next(line for line in started.stdout.splitlines() if line.startswith("ID ")).split()[1]
        service.kill()
        service.start()
        done = service.run(
            f"""
            from azureml.core import Run, Workspace
            run = Run.get(Workspace.from_config(), {run_id!r})
            run.wait_for_completion()
            run.download_file("user_logs/std_log.txt", "log.txt")
            print(run.get_status(), open("log.txt").read())
            """
        )
    finally:
        service.stop()
    assert "Completed first time" in done.stdout
    assert "run again" in done.stdout
    assert "second time" in done.stdout


def test_bad_requests_write_nothing(live: LiveService) -> None:
    base = f"/execution/v1.0{live.scope('bad')}/experiments/e"
    good = {"Configuration": {"script": "a.py", "target": "cpu"}, "SnapshotId": "00000000-0000-0000-0000-00000000000a"}
    files = {"files": ("definition.json", b"{")}
    with live.client() as client:
        answers = [
            client.post(f"{base}/snapshotrun", json=good),
            client.post(f"{base}/snapshotrun?runId=a/b", json=good),
            client.post(f"{base}/snapshotrun?runId=r1", json=good),
            client.post(f"{base}/snapshotrun?runId=r1", json={**good, "SnapshotId": None}),
            client.post(f"{base}/snapshotrun?runId=r1", json={**good, "Configuration": None}),
            client.post(f"{base}/snapshotrun?runId=r1", json={**good, "Configuration": [1]}),
            client.post(f"{base}/snapshotrun?runId=r1", json=[1]),
            client.post(f"{base}/localrun?runId=r1", json=good),
            client.post(f"{base}/localrun?runId=r1", files=files),
            client.post(f"{base}/localrun?runId=r1", files={"files": ("other.json", b"{}")}),
            client.post(f"{base}/localrun?runId=r1", files={"files": ("definition.json", b'{"Configuration": {}}')}),
        ]
        assert [answer.status_code for answer in answers] == [400] * len(answers)
        assert all(answer.json()["error"]["details"] == [] for answer in answers)
        assert "not there: submit again" in answers[2].json()["error"]["message"]
        assert client.post(f"{base}/localrun/nobody/end", json={}).status_code == 404
        refused = client.post(f"{base}/startrun?runId=r1", json=good)
        assert refused.status_code == 501
        assert "AML_FORCE_EXECUTE_WITH_ZIP" in refused.json()["error"]["message"]
        runs = client.post(f"/history/v1.0{live.scope('bad')}/runs:query", json={}).json()
        experiments = client.post(f"/history/v1.0{live.scope('bad')}/experiments:query", json={}).json()
    assert runs["value"] == []
    assert experiments["value"] == []

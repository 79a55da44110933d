"""ParallelRunStep as the real client submits it: files, rows, partitions, parameters, side inputs, bad scripts."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow

HEAD = """
import io, json, os, tempfile, time, contextlib, warnings
warnings.simplefilter("ignore")
from azureml.core import Dataset, Environment, Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.data import OutputFileDatasetConfig
from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import ParallelRunConfig, ParallelRunStep, PythonScriptStep
ws = Workspace.from_config()
store = ws.get_default_datastore()
cpu = ComputeTarget.create(ws, "cpu", AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4))
environment = Environment("mine")
environment.python.user_managed_dependencies = True
experiment = Experiment(ws, "parallel")

def config(script, **changes):
    settings = dict(source_directory="src", entry_script=script, error_threshold=0, output_action="append_row",
                    environment=environment, compute_target=cpu, node_count=2, process_count_per_node=1)
    return ParallelRunConfig(**{**settings, **changes})

def upload(folder, **files):
    os.makedirs("data/" + folder, exist_ok=True)
    for name, text in files.items():
        with open(os.path.join("data", folder, name + ".csv"), "w") as file:
            file.write(text)
    with contextlib.redirect_stdout(io.StringIO()):
        store.upload("data/" + folder, folder, overwrite=True, show_progress=False)

def run(*steps, raises=True, **parameters):
    submitted = experiment.submit(Pipeline(ws, list(steps)), pipeline_parameters=parameters)
    with contextlib.redirect_stdout(io.StringIO()):
        submitted.wait_for_completion(raise_on_error=raises)
    return submitted

def rows(submitted, step, output, name="parallel_run_step.txt"):
    found = submitted.find_step_run(step)[0]
    target = tempfile.mkdtemp()
    data = found.get_output_data(output)
    data.download(target)
    return open(os.path.join(target, data.path_on_datastore, name)).read().splitlines()
"""

SCRIPTS = {
    "src/files.py": """
        import argparse, os
        from azureml.core import Run
        from azureml_user.parallel_run import EntryScript

        def init():
            global labels, factor
            parser = argparse.ArgumentParser()
            parser.add_argument("--labels")
            parser.add_argument("--factor", type=int)
            found = parser.parse_known_args()[0]
            labels, factor = found.labels, found.factor
            EntryScript().logger.info("init() is called")
            print("printed by init")

        def run(mini_batch):
            Run.get_context().log("seen", len(mini_batch))
            label = open(os.path.join(labels, "l.csv")).read()
            return [f"{os.path.basename(path)} {label} {factor * len(open(path).read())}" for path in mini_batch]
    """,
    "src/rows.py": """
        def run(mini_batch):
            mini_batch["total"] = mini_batch["n"].sum()
            mini_batch["size"] = len(mini_batch)
            return mini_batch
    """,
    "src/partitions.py": """
        def run(mini_batch, context):
            values = context.partition_key_value
            count = len(context.dataset.to_path()) if isinstance(mini_batch, list) else len(mini_batch)
            return [f"{values} {len(mini_batch)} {count}"] * len(mini_batch)
    """,
    "src/few.py": "def run(mini_batch):\n    return mini_batch[1:]\n",
    "src/sleep.py": """
        import os, sys, time
        def run(mini_batch):
            open(os.path.join(sys.argv[sys.argv.index("--pids") + 1], str(os.getpid())), "w").close()
            time.sleep(600)
        """,
    "src/no_run.py": "def init():\n    pass\n",
    "src/bad_init.py": "def init():\n    raise RuntimeError('there is no model')\ndef run(batch):\n    return batch\n",
    "src/count.py": """
        import sys
        print("ROWS", len(open(sys.argv[1] + "/parallel_run_step.txt").readlines()))
    """,
}

FILES = """
upload("in", **{name: name * 3 for name in "abcde"})
upload("labels", l="L")
parameter = PipelineParameter("data", Dataset.File.from_files((store, "in")))
labels = Dataset.File.from_files((store, "labels")).as_named_input("labels").as_mount()
output = OutputFileDatasetConfig("scores")
step = ParallelRunStep(
    name="score", inputs=[DatasetConsumptionConfig("images", parameter).as_mount()], output=output,
    side_inputs=[labels], arguments=["--labels", labels, "--factor", PipelineParameter("factor", 2)],
    parallel_run_config=config("files.py", mini_batch_size=PipelineParameter("size", "2"),
                               process_count_per_node=PipelineParameter("processes", 2)))
counted = PythonScriptStep("count.py", arguments=[output.as_input("scores")], source_directory="src",
                           compute_target=cpu, runconfig=None)
first = run(step, counted)
score = first.find_step_run("score")[0]
print("FIRST", rows(first, "score", "scores"))
print("METRICS", score.get_metrics())
print("LOGS", sorted(name for name in score.get_file_names() if "user/" in name or "overview" in name))
print("COUNT", [line for line in first.find_step_run("count.py")[0].get_stdout_log().splitlines() if "ROWS" in line])
again = run(step, counted)
print("AGAIN", again.find_step_run("score")[0].get_properties().get("azureml.isreused"))
single = Dataset.File.from_files((store, "in/b.csv"))
other = run(step, counted, data=single, size="5", factor=3, processes=1)
print("OTHER", rows(other, "score", "scores"))
published = Pipeline(ws, [step, counted]).publish("published")
last = published.submit(ws, "parallel", pipeline_parameters={"size": "1", "factor": 10})
with contextlib.redirect_stdout(io.StringIO()):
    last.wait_for_completion()
print("PUBLISHED", rows(last, "score", "scores"))
try:
    experiment.submit(Pipeline(ws, [step]), pipeline_parameters={"size": "many"})
except Exception as error:
    print("REFUSED", str(error).replace("\\n", " ")[:400])
"""

ROWS = """
upload("table", one="n,w\\n1,a\\n2,b\\n3,c\\n4,a b\\n", two="n,w\\n10,x\\n20,y\\n")
table = Dataset.Tabular.from_delimited_files((store, "table/*.csv"))
path = os.path.abspath("config.yml")
config("rows.py", append_row_file_name="named.txt").save_to_yaml(path)
loaded = ParallelRunConfig.load_yaml(ws, path)
for user, genre, count in (("u1", "x", 2), ("u2", "x", 1), ("u1", "y", 1)):
    upload(f"parts/{user}/{genre}", **{str(number): f"n,w\\n{number},{user}\\n" for number in range(count)})
files = Dataset.File.from_files((store, "parts/*/*/*.csv"), partition_format="parts/{user}/{genre}/{name}.csv")
with contextlib.redirect_stdout(io.StringIO()):
    parts = table.partition_by(["w"], (store, "by_w"), "parts", show_progress=False)
def step(name, dataset, settings):
    outputs[name] = PipelineData("out_" + name, datastore=store)
    return ParallelRunStep(name=name, inputs=[dataset.as_named_input("given")], output=outputs[name],
                           parallel_run_config=settings)
outputs = {}
done = run(
    step("small", table, config("rows.py", mini_batch_size="15")),
    step("whole", table, loaded),
    step("genres", files, config("partitions.py", partition_keys=["user", "genre"])),
    step("users", files, config("partitions.py", partition_keys=["user"])),
    step("table", parts, config("partitions.py", partition_keys=["w"])))
for name, file in (("small", None), ("whole", "named.txt"), ("genres", None), ("users", None), ("table", None)):
    print(name.upper(), rows(done, name, outputs[name].name, *filter(None, [file])))
"""

BAD = """
upload("three", **{name: name * 3 for name in "abc"})
data = Dataset.File.from_files((store, "three")).as_named_input("d")
output = PipelineData("out", datastore=store)
for script in ("few.py", "no_run.py", "bad_init.py"):
    name = script[:-3].replace("_", "-")
    step = ParallelRunStep(name=name, inputs=[data], output=output, parallel_run_config=config(script))
    failed = run(step, raises=False)
    found = failed.find_step_run(name)[0]
    print("BAD", script, found.get_status(), found.get_details()["error"]["error"]["message"].splitlines()[0])
summary = ParallelRunStep(name="summary", inputs=[data], parallel_run_config=config("few.py",
                          output_action="summary_only", error_threshold=-1))
print("SUMMARY", run(summary).get_status())
place = os.path.abspath("pids")
os.makedirs(place)
sleeps = ParallelRunStep(name="sleeps", inputs=[data], output=output, arguments=["--pids", place],
                         parallel_run_config=config("sleep.py", mini_batch_size="1", process_count_per_node=2))
cancelled = experiment.submit(Pipeline(ws, [sleeps]))
while len(os.listdir(place)) < 2:
    time.sleep(0.1)
cancelled.cancel()
with contextlib.redirect_stdout(io.StringIO()):
    cancelled.wait_for_completion(raise_on_error=False)
print("CANCELED", cancelled.get_status(), cancelled.find_step_run("sleeps")[0].get_status())
print("PIDS", *os.listdir(place))
try:
    many = config("few.py", process_count_per_node=500)
    step = ParallelRunStep(name="many", inputs=[data], output=output, parallel_run_config=many)
    experiment.submit(Pipeline(ws, [step]))
except Exception as error:
    print("MANY", str(error).replace("\\n", " ")[:400])
"""


def lines(text: str) -> dict[str, str]:
    """Label -> the rest of its line."""
    return {line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in text.splitlines() if " " in line}


def value(found: dict[str, str], label: str) -> Any:
    return ast.literal_eval(found[label])


def test_files_parameters_side_inputs_and_publishing(live: LiveService) -> None:
    found = lines(live.run(HEAD + FILES, files=SCRIPTS).stdout)
    assert value(found, "FIRST") == [f"{name}.csv L 6" for name in "abcde"]
    assert sorted(value(found, "METRICS")["seen"]) == [1, 2, 2]
    logs = value(found, "LOGS")
    assert "logs/job_progress_overview.txt" in logs
    assert "logs/user/stdout/0/process001.stdout.txt" in logs
    assert "logs/user/entry_script_log/0/process000.log.txt" in logs
    assert found["COUNT"] == "['ROWS 5']"
    assert found["AGAIN"] == "true"
    assert value(found, "OTHER") == ["b.csv L 9"]
    assert value(found, "PUBLISHED") == [f"{name}.csv L 30" for name in "abcde"]
    assert "step 'score': mini_batch_size must be a number of files, or a size such as" in found["REFUSED"]


def test_rows_and_partitions(live: LiveService) -> None:
    found = lines(live.run(HEAD + ROWS, files=SCRIPTS).stdout)
    # 'one' has 21 bytes, so two parts; 'two' has 14.
    assert value(found, "SMALL") == ["1 a 3 2", "2 b 3 2", "3 c 7 2", '4 "a b" 7 2', "10 x 30 2", "20 y 30 2"]
    assert value(found, "WHOLE") == ["1 a 10 4", "2 b 10 4", "3 c 10 4", '4 "a b" 10 4', "10 x 30 2", "20 y 30 2"]
    assert value(found, "GENRES") == [
        *["{'user': 'u1', 'genre': 'x'} 2 2"] * 2,
        "{'user': 'u1', 'genre': 'y'} 1 1",
        "{'user': 'u2', 'genre': 'x'} 1 1",
    ]
    assert value(found, "USERS") == [*["{'user': 'u1'} 3 3"] * 3, "{'user': 'u2'} 1 1"]
    words = ("a", "a b", "b", "c", "x", "y")
    assert sorted(value(found, "TABLE")) == sorted(f"{{'w': '{word}'}} 1 1" for word in words)


def test_bad_scripts_say_why(live: LiveService) -> None:
    out = live.run(HEAD + BAD, files=SCRIPTS).stdout
    bad = {line.split()[1]: line for line in out.splitlines() if line.startswith("BAD ")}
    assert all(" Failed the parallel run failed: " in line for line in bad.values())
    assert "1 items failed, more than error_threshold (0) allows; the last: mini batch 0" in bad["few.py"]
    assert "run() returned 2 results for 3 items" in bad["few.py"]
    assert "no_run.py has no function run(): define run(mini_batch)" in bad["no_run.py"]
    assert "failed before its first mini batch: RuntimeError: there is no model" in bad["bad_init.py"]
    found = lines(out)
    assert found["SUMMARY"] == "Finished"
    assert found["CANCELED"] == "Canceled Canceled"
    pids = found["PIDS"].split()
    assert len(pids) >= 2
    assert not [pid for pid in pids if Path("/proc", pid).exists()]
    assert "process_count_per_node wants 500 processes; amlbridge starts at most 128" in found["MANY"]

"""Command jobs, changes to jobs, lists, cancels, failures and refusals with the real client."""

from __future__ import annotations

import ast

import pytest

from tests.support.live import LiveService
from tests.v2.jobs.scripts import COMPONENTS, FILES, HEAD
from tests.v2.jobs.test_pipelines import values

pytestmark = pytest.mark.slow

COMMANDS = """
job = follow(command(command="echo hi ${{inputs.x}} && mkdir -p outputs && echo kept > outputs/r.txt", inputs={"x": 3},
                     environment=ENV, compute="local", display_name="mine", experiment_name="cmd", tags={"k": "v"},
                     environment_variables={"A": "1"}, timeout=100, instance_type="Standard_D2_V2"))
print("JOB", (job.status[:], job.compute, job.display_name, job.experiment_name, job.tags, job.inputs["x"]._data))
print("MORE", (job.environment_variables["A"], job.limits.timeout, job.resources["instance_type"], job.command[:7]))
ml.jobs.download(job.name, download_path="files")
print("FILES", tree("files"))
job.tags["more"] = "1"
job.display_name = "other"
changed = ml.jobs.create_or_update(job)
print("CHANGED", (changed.tags, changed.display_name))
updated = ml.jobs.update(job.name, description="said", tags={"k": "w"})
print("UPDATED", (updated.description, updated.tags))
mounted = Input(type="uri_file", path="file.txt", mode="ro_mount")
many = follow(command(command='echo "$NODE_RANK.$LOCAL_RANK of $WORLD_SIZE"', environment=ENV, instance_count=2,
                      distribution={"type": "pytorch", "process_count_per_instance": 2}))
print("MANY", (many.status[:], many.resources.instance_count))
second = follow(command(command="echo ${{inputs.d}}", inputs={"d": mounted}, environment=ENV,
                        distribution={"type": "mpi", "process_count_per_instance": 2}))
print("MPI", (second.status[:], second.distribution.process_count_per_instance, second.inputs["d"]._data.mode))
ml.jobs.archive(job.name)
names = [item.name for item in ml.jobs.list()]
gone = [item.name for item in ml.jobs.list(list_view_type="ArchivedOnly")]
print("LISTS", (names == [second.name, many.name], gone == [job.name], len(list(ml.jobs.list(list_view_type="All")))))
ml.jobs.restore(job.name)
print("RESTORED", len(list(ml.jobs.list())))
failing = follow(command(command='python -c "print(5); raise SystemExit(3)"', environment=ENV))
print("FAILED", failing.status[:])
late = follow(command(command="sleep 30", environment=ENV, timeout=1))
print("LATE", late.status[:])
slow = ml.jobs.create_or_update(command(command="sleep 60", environment=ENV))
ml.jobs.begin_cancel(slow.name).result()
started = time.time()
while ml.jobs.get(slow.name).status not in ("Canceled", "Failed") and time.time() - started < 90:
    time.sleep(0.1)
print("CANCELED", ml.jobs.get(slow.name).status[:])
refused(lambda: ml.jobs.begin_delete(slow.name).result())

@dsl.pipeline(compute="serverless")
def failing_pipeline():
    good = write(t="x")
    reads = command(name="bad", command="exit 4", environment=ENV, inputs={"a": Input(type="uri_folder")})
    bad = reads(a=good.outputs.o)

@dsl.pipeline(compute="serverless")
def reads_nothing():
    lazy = command(name="lazy", command="true", environment=ENV, outputs={"o": Output(type="uri_file")})()
    reads = command(name="reads", command="cat ${{inputs.a}}", environment=ENV,
                    inputs={"a": Input(type="uri_file")})(a=lazy.outputs.o)

failed = follow(failing_pipeline())
lost = follow(reads_nothing())
print("LOST", {key: c.status[:] for key, c in children(lost).items()})
print("PIPELINE", (failed.status[:], {key: c.status[:] for key, c in children(failed).items()}))
"""


def test_command_jobs_and_what_can_be_done_with_jobs(empty_live: LiveService) -> None:
    done = empty_live.run(HEAD + COMPONENTS + COMMANDS, files=FILES)
    found = values(done.stdout)
    assert "hi 3" in done.stdout
    assert found["JOB"] == "('Completed', 'local', 'mine', 'cmd', {'k': 'v'}, '3')"
    assert found["MORE"] == "('1', 100, 'Standard_D2_V2', 'echo hi')"
    assert ast.literal_eval(found["FILES"]) == {
        "artifacts/outputs/r.txt": "kept",
        "artifacts/user_logs/std_log.txt": "hi 3",
    }
    assert found["CHANGED"] == "({'k': 'v', 'more': '1'}, 'other')"
    assert found["UPDATED"] == "('said', {'k': 'w', 'more': '1'})"
    assert found["MPI"] == "('Completed', 2, 'ro_mount')"
    assert found["MANY"] == "('Completed', 2)"
    assert "the step asks for 2 nodes: all of its 4 processes run on this one machine" in done.stdout
    assert "\n0.0 of 4\n" in done.stdout
    assert found["LISTS"] == "(True, True, 3)"
    assert (found["RESTORED"], found["FAILED"], found["LATE"], found["CANCELED"]) == (
        "3",
        "Failed",
        "Failed",
        "Canceled",
    )
    assert "exit code 3" in done.stdout and "longer than its 1 s" in done.stdout
    assert "amlbridge keeps every job" in done.stdout
    assert found["LOST"] == "{'lazy': 'Completed', 'reads': 'Failed'}"
    assert "the step 'lazy' has completed, but has written nothing to its output 'o' (uri_file)" in done.stdout
    assert found["PIPELINE"] == "('Failed', {'good': 'Completed', 'bad': 'Failed'})"
    assert "RAISED JobException" in done.stdout and "step 'bad' failed" in done.stdout


REFUSALS = """
from azure.ai.ml import spark
before = len(list(ml.jobs.list()))

@dsl.pipeline(compute="serverless")
def mismatch():
    first = write(t="x")
    last = join(a=first.outputs.o, b=first.outputs.o)

@dsl.pipeline(compute="serverless")
def too_large():
    first = number(t=12)

@dsl.pipeline(compute="serverless")
def many():
    first = write(t="x")
    first.resources = ResourceConfiguration(instance_count=50)
    first.distribution = {"type": "pytorch", "process_count_per_instance": 4}

def plain(**more):
    return command(**{"command": "ls", "environment": ENV, **more})

for job in (mismatch(), too_large(), many()):
    refused(lambda: ml.jobs.create_or_update(job))
for job in (plain(environment="nope:1"), plain(compute="nocompute"),
            plain(inputs={"x": Input(type="uri_file", path="azureml:none:3")}),
            plain(inputs={"x": Input(type="uri_file", path="azureml://datastores/nostore/paths/x")})):
    refused(lambda: ml.jobs.create_or_update(job))

@dsl.pipeline(compute="serverless")
def lacking():
    first = join(b=Input(type="uri_file", path="file.txt"))

for job in (lacking(), plain(code="nofolder"), load_job("circle.yml"), load_job("unknown.yml"),
            spark(code="src", entry={"file": "write.py"}, driver_cores=1, driver_memory="2g", executor_cores=1,
                  executor_memory="2g", executor_instances=1,
                  resources={"instance_type": "standard_e4s_v3", "runtime_version": "3.4"})):
    refused(lambda: ml.jobs.create_or_update(job))
print("AFTER", len(list(ml.jobs.list())) - before)
"""
_NODE = """
          {}:
            type: command
            command: cp -r ${{{{inputs.a}}}} ${{{{outputs.o}}}}
            environment: azureml:AzureML-sklearn-1.0-ubuntu20.04-py38-cpu@latest
            compute: azureml:serverless
            inputs: {{a: "${{{{parent.jobs.{}.outputs.o}}}}"}}
            outputs: {{o: {{type: uri_folder}}}}"""
_PIPELINES = {
    "circle.yml": f"""
        type: pipeline
        jobs:{_NODE.format("one", "two")}{_NODE.format("two", "one")}
        """,
    "unknown.yml": """
        type: pipeline
        settings: {default_compute: "azureml:serverless"}
        jobs: {n: {type: command, component: "azureml:nope:7"}}
        """,
}


def test_what_cannot_run_is_refused_at_submit_and_not_recorded(live: LiveService) -> None:
    done = live.run(HEAD + COMPONENTS + REFUSALS, files={**FILES, **_PIPELINES})
    lines = [line for line in done.stdout.splitlines() if "REFUSED" in line]
    expected = (
        "jobs.last.inputs.b: wants uri_file, but the output 'o' of 'first' is uri_folder",
        "12 is more than the maximum 9",
        "jobs.first.distribution: wants 200 processes; amlbridge starts at most 128 for a node",
        "environmentId: Could not find environment",
        "compute: there is no compute 'nocompute'",
        "inputs.x: Could not find data asset",
        "inputs.x: Could not find datastore: nostore",
        "Required input 'a' for component 'first' not provided.",
        "find directory or file in resolved absolute path",
        "jobs: the steps depend on each other in a circle: one, two",
        "jobs.n.componentId: Could not find component",
        "jobType: the type 'spark' cannot run on this machine: it needs a Spark pool",
    )
    assert len(lines) == len(expected)
    for line, part in zip(lines, expected, strict=True):
        assert line.startswith("REFUSED") and part in line, line
    assert "AFTER 0" in done.stdout


BOTH = """
import subprocess, sys
made = follow(PIPELINE())
client = dict(os.environ)
for name in ("AZUREML_RUN_POLLING_INTERVAL_MIN", "AZUREML_RUN_POLLING_INTERVAL_MAX"):
    # SDK v1 takes them for numbers.
    del client[name]
print(subprocess.run([sys.executable, "read.py"], env=client, capture_output=True, text=True, check=True).stdout)
"""
SHARED = """
logs = command(name="logs", code="src", environment=ENV, command="python log.py ${{outputs.o}}",
               outputs={"o": Output(type="uri_folder")})

@dsl.pipeline
def part():
    step = logs()

@dsl.pipeline(compute="serverless", experiment_name="shared")
def PIPELINE():
    nested = part()
"""
READ = {
    "src/log.py": """
        from azureml.core import Run
        Run.get_context().log("metric", 5)
        print("logged")
        """,
    "read.py": """
        from azureml.core import Experiment, Workspace
        for run in Experiment(Workspace.from_config(), "shared").get_runs():
            run.wait_for_completion(show_output=True)
            print("RUN", (type(run).__name__, run.get_status()))
            for part in run.get_children():
                print("PART", (type(part).__name__, part.name, part.get_status(), [s.name for s in part.get_steps()]))
            for child in part.get_children():
                print("STEP", (type(child).__name__, child.name, child.get_metrics(), child.get_file_names()))
                print("LOGS", list(child.get_details()["logFiles"]))
        """,
}


def test_sdk_v1_reads_a_pipeline_of_v2(live: LiveService) -> None:
    done = live.run(HEAD + COMPONENTS + SHARED + BOTH, files={**FILES, **READ})
    found = values(done.stdout)
    assert found["RUN"] == "('PipelineRun', 'Finished')"
    assert found["PART"] == "('PipelineRun', 'nested', 'Finished', ['step'])"
    assert found["STEP"] == "('StepRun', 'step', {'metric': 5}, ['user_logs/std_log.txt'])"
    assert found["LOGS"] == "['user_logs/std_log.txt']"
    assert "PipelineRun Status: Finished" in done.stdout

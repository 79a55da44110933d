"""Pipeline jobs from the real client: submitted, followed, read back, downloaded, reused, changed."""

from __future__ import annotations

import ast

import pytest

from tests.support.live import LiveService
from tests.v2.jobs.scripts import COMPONENTS, FILES, HEAD

pytestmark = pytest.mark.slow

TWO_STEPS = """
write = ml.create_or_update(write.component)
join = ml.create_or_update(join)

@dsl.pipeline(compute="serverless", description="two steps")
def two(text, file):
    first = write(t=text)
    second = join(a=first.outputs.o, b=file)
    second.environment_variables = {"X": "y"}
    return {"joined": second.outputs.o, "written": first.outputs.o}

file = Input(type="uri_file", path="file.txt")
made = ml.jobs.create_or_update(two("0.25", file), experiment_name="exp", tags={"a": "b"})
started = time.time()
ml.jobs.stream(made.name)
print("STREAMED", time.time() - started)
job = ml.jobs.get(made.name)
print("JOB", (job.status[:], job.experiment_name, job.display_name, job.description, job.tags, job.compute))
print("INPUTS", (job.inputs["text"]._data, job.inputs["file"]._data.type, sorted(job.outputs)))
print("NODES", {name: (node.type, node.component) for name, node in job.jobs.items()})
found = children(job)
module = "azureml.moduleName"
print("CHILDREN", {key: (c.display_name, c.status[:], c.compute, c.properties[module]) for key, c in found.items()})
print("CHILD", (ml.jobs.get(found["first"].name).display_name, found["first"].experiment_name != ""))
ml.jobs.download(job.name, all=True, download_path="all")
print("ALL", {k: v if "log" not in k else "…" for k, v in tree("all").items()})
ml.jobs.download(job.name, output_name="written", download_path="one")
print("ONE", tree("one"))
ml.jobs.download(found["second"].name, all=True, download_path="step")
print("STEP", tree("step"))
refused(lambda: ml.jobs.stream(found["first"].name))
refused(lambda: ml.jobs.get("nothing"))
again = follow(two("0.25", Input(type="uri_file", path="file.txt")))
print("AGAIN", {key: c.properties.get("azureml.isreused") for key, c in children(again).items()})
ml.jobs.download(children(again)["second"].name, output_name="o", download_path="reused")
print("REUSED", tree("reused"))
fresh = two("0.25", Input(type="uri_file", path="file.txt"))
fresh.settings.force_rerun = True
fresh = follow(fresh)
print("FORCED", {key: c.properties.get("azureml.isreused") for key, c in children(fresh).items()})
print("SETTING", fresh.settings.force_rerun)
"""


def values(text: str) -> dict[str, str]:
    return {
        line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in text.splitlines() if line[:2].isupper() and " " in line
    }


def test_a_pipeline_is_followed_read_back_and_downloaded(live: LiveService) -> None:
    done = live.run(HEAD + COMPONENTS + TWO_STEPS, files=FILES)
    found = values(done.stdout)
    assert float(found["STREAMED"]) < 5
    assert "Node first has completed" in done.stdout and "The pipeline is completed." in done.stdout
    assert found["JOB"] == "('Completed', 'exp', 'two', 'two steps', {'a': 'b'}, 'serverless')"
    assert found["INPUTS"] == "('0.25', 'uri_file', ['joined', 'written'])"
    assert ast.literal_eval(found["NODES"]) == {"first": ("command", "write:1"), "second": ("command", "join:1")}
    assert ast.literal_eval(found["CHILDREN"]) == {
        "first": ("first", "Completed", "serverless", "write"),
        "second": ("second", "Completed", "serverless", "join"),
    }
    assert found["CHILD"] == "('first', True)"
    assert ast.literal_eval(found["ALL"]) == {
        "artifacts/logs/azureml/executionlogs.txt": "…",
        "named-outputs/joined/t.txt": "0.25+FILE",
        "named-outputs/written/t.txt": "0.25",
    }
    assert ast.literal_eval(found["ONE"]) == {"named-outputs/written/t.txt": "0.25"}
    assert ast.literal_eval(found["STEP"]) == {
        "artifacts/user_logs/std_log.txt": "joined 0.25+FILE",
        "named-outputs/o/t.txt": "0.25+FILE",
    }
    assert "REFUSED PipelineChildJobError" in done.stdout
    assert "Job nothing not found" in done.stdout
    assert ast.literal_eval(found["AGAIN"]) == {"first": "true", "second": "true"}
    assert ast.literal_eval(found["REUSED"]) == {"named-outputs/o/t.txt": "0.25+FILE"}
    assert found["FORCED"] == "{'first': None, 'second': None}"
    assert found["SETTING"] == "True"


NESTED = """
ml.compute.begin_create_or_update(AmlCompute(name="cpu", size="STANDARD_D2_V2", max_instances=4)).result()
ml.data.create_or_update(Data(name="stored", version="1", type="uri_file", path="file.txt"))

@dsl.pipeline
def inner(x: str, k: int = 4):
    p = write(t=x)
    q = number(t=k)
    s = join(a=p.outputs.o, b=q.outputs.o)
    return {"best": s.outputs.o}

@dsl.pipeline(default_compute="cpu")
def outer(x, k, f):
    i = inner(x=x, k=k)
    j = inner(x="two")
    named = join(a=i.outputs.best, b=f)
    named.outputs.o = Output(type="uri_folder", name="registered", version="5")
    last = join(a=j.outputs.best)
    return {"end": last.outputs.o}

job = outer("one", k=7, f=Input(type="uri_file", path="azureml:stored:1"))
place = "azureml://datastores/workspaceblobstore/paths/mine/${{name}}/x"
job.outputs.end = Output(type="uri_folder", path=place, mode="upload")
job.settings.continue_on_step_failure = True
print("VALID", ml.jobs.validate(job).passed)
job = follow(job)
said = job.settings
print("JOB", (job.status[:], said.default_compute, said.continue_on_step_failure, job.outputs["end"].mode))
found = children(job)
print("CHILDREN", {key: (c.display_name, c.status[:], c.compute, c.properties["azureml.moduleName"])
                   for key, c in found.items()})
inside = children(found["i"])
print("INSIDE", {key: (c.display_name, c.status[:]) for key, c in inside.items()})
print("NESTED", (ml.jobs.get(found["i"].name).display_name, ml.jobs.get(inside["i.s"].name).display_name))
ml.jobs.download(found["i"].name, output_name="best", download_path="nested")
print("NESTED_OUT", tree("nested"))
ml.jobs.download(inside["i.q"].name, all=True, download_path="nested_step")
print("NESTED_STEP", sorted(tree("nested_step")))
refused(lambda: ml.jobs.stream(found["i"].name))
asset = ml.data.get("registered", "5")
print("ASSET", (asset.type, asset.path.split("/paths/azureml/")[1].split("/", 1)[1]))
ml.jobs.download(job.name, output_name="end", download_path="end")
print("END", tree("end"))
print("INNER", list(job.jobs))
comp = ml.components.create_or_update(inner(x="a").component)
part = ml.components.get(comp.name)(x="whole")
part.settings.default_compute = "serverless"
part = follow(part)
print("WHOLE", (part.status[:], sorted(children(part))))
ml.jobs.download(part.name, output_name="best", download_path="best")
print("BEST", tree("best"))
use = command(command="cat ${{inputs.a}}/t.txt; ls ${{inputs.d}}; cat ${{inputs.f}}; echo ${{inputs.u}}; "
              "echo 'flavors: {own: {a: 1}}' > ${{outputs.m}}/MLmodel; ls -d $AZURE_ML_INPUT_a", environment=ENV,
              inputs={"a": Input(type="uri_folder", path=f"azureml://jobs/{part.name}/outputs/best"),
                      "d": Input(type="uri_folder", path="src", mode="download"),
                      "f": Input(type="uri_file", path="stored@latest"),
                      "u": Input(type="uri_file", path="azureml:stored:1", mode="direct")},
              outputs={"m": Output(type="mlflow_model", name="made_model")})
use = follow(use)
made = ml.models.get("made_model", label="latest")
print("MODEL", (use.status[:], made.type, made.flavors))
for tail in ("outputs/m", "outputs/m/paths/"):
    said = Model(name="by_path", path=f"azureml://jobs/{use.name}/{tail}", type="mlflow_model")
    again = ml.models.create_or_update(said)
    ml.models.download(again.name, again.version, download_path=f"by_path{again.version}")
    files = sorted(tree(f"by_path{again.version}"))
    print("BY_PATH" + again.version, (again.flavors, again.job_name == use.name, files))
"""


def test_nested_pipelines_registered_outputs_and_outputs_of_jobs(live: LiveService) -> None:
    done = live.run(HEAD + COMPONENTS + NESTED, files=FILES)
    found = values(done.stdout)
    assert found["VALID"] == "True"
    assert found["JOB"] == "('Completed', 'cpu', True, 'upload')"
    assert ast.literal_eval(found["CHILDREN"]) == {
        "i": ("i", "Completed", "cpu", "inner"),
        "j": ("j", "Completed", "cpu", "inner"),
        "last": ("last", "Completed", "cpu", "join"),
        "named": ("named", "Completed", "cpu", "join"),
    }
    inside = {"i.p": ("Write", "Completed"), "i.q": ("q", "Completed"), "i.s": ("s", "Completed")}
    assert ast.literal_eval(found["INSIDE"]) == inside
    assert found["NESTED"] == "('i', 's')"
    assert ast.literal_eval(found["NESTED_OUT"]) == {"named-outputs/best/t.txt": "one+7"}
    assert "named-outputs/o" in found["NESTED_STEP"]
    assert "REFUSED PipelineChildJobError" in done.stdout, "the client itself follows no child"
    assert "Node i.p has completed" in done.stdout
    assert found["ASSET"] == "('uri_folder', 'o/')"
    assert ast.literal_eval(found["END"]) == {"named-outputs/end/t.txt": "two+4"}
    assert ast.literal_eval(found["INNER"]) == ["i", "j", "named", "last"]
    assert found["WHOLE"] == "('Completed', ['p', 'q', 's'])"
    assert ast.literal_eval(found["BEST"]) == {"named-outputs/best/t.txt": "whole+4"}
    assert "whole+4join.py" in done.stdout and "FILEazureml://subscriptions/" in done.stdout
    assert found["MODEL"] == "('Completed', 'mlflow_model', {'own': {'a': '1'}})"
    assert found["BY_PATH1"] == "({'own': {'a': '1'}}, True, ['by_path/m/MLmodel'])"
    assert found["BY_PATH2"] == found["BY_PATH1"]

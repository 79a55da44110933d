"""Parallel nodes as the real client submits them: files, MLTables, thresholds, YAML, registered components."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from tests.support.live import LiveService
from tests.v2.batch.test_pipelines import lines
from tests.v2.jobs.scripts import HEAD

pytestmark = pytest.mark.slow

FILES = {
    "src/score.py": """
        import argparse, os
        import mlflow

        def init():
            global factor, side
            parser = argparse.ArgumentParser()
            parser.add_argument("--factor", type=int, default=1)
            parser.add_argument("--side")
            found = parser.parse_known_args()[0]
            factor, side = found.factor, found.side
            os.makedirs(side, exist_ok=True)

        def run(mini_batch):
            mlflow.log_metric("size", len(mini_batch))
            rows = []
            for path in mini_batch:
                name, text = os.path.basename(path), open(path).read()
                if text == "bad":
                    raise ValueError("cannot read " + name)
                open(os.path.join(side, name), "w").write(text)
                rows.append(f"{name} {factor * int(text)}")
            return rows
    """,
    "src/rows.py": """
        def run(mini_batch, context):
            mini_batch["sum"] = mini_batch["n"].sum()
            mini_batch["key"] = str(context.partition_key_value)
            return mini_batch
    """,
    "src/show.py": """
        import sys
        print("GOT", open(sys.argv[1]).read().split("\\n"))
    """,
    "table/one.csv": "n,w\n1,a\n2,b\n3,a\n",
    "table/two.csv": "n,w\n10,a\n",
    "table/MLTable": """
        paths:
          - pattern: ./*.csv
        transformations:
          - read_delimited:
              delimiter: ','
              encoding: utf8
              header: all_files_same_headers
    """,
    "parallel.yml": """
        $schema: http://azureml/sdk-2-0/ParallelComponent.json
        type: parallel
        name: scorer
        version: "1"
        inputs:
          data: {type: uri_folder}
          factor: {type: integer, default: 2}
        outputs:
          scores: {type: uri_file}
          side: {type: uri_folder}
        input_data: ${{inputs.data}}
        mini_batch_size: "2"
        error_threshold: 0
        max_concurrency_per_instance: 2
        retry_settings: {max_retries: 1, timeout: 30}
        resources: {instance_count: 2}
        task:
          type: run_function
          code: ./src
          entry_script: score.py
          program_arguments: --factor ${{inputs.factor}} --side ${{outputs.side}}
          append_row_to: ${{outputs.scores}}
          environment: azureml:AzureML-sklearn-1.0-ubuntu20.04-py38-cpu@latest
    """,
}

TOOLS = """
from azure.ai.ml.parallel import RunFunction, parallel_run_function

def folder(name, **files):
    os.makedirs(name)
    for key, text in files.items():
        open(os.path.join(name, key + ".txt"), "w").write(text)
    return Input(type="uri_folder", path=name)

def scores(job, name="scores", file=None):
    ml.jobs.download(job.name, output_name=name, download_path=job.name)
    found = tree(f"{job.name}/named-outputs/{name}")
    return found if file is None else found[file].split("\\n")

def score(arguments="", output="uri_file", data="uri_folder", script="score.py", mode=None, **changes):
    settings = dict(
        inputs={"data": Input(type=data, mode=mode), "factor": Input(type="integer", default=1)},
        outputs={"scores": Output(type=output), "side": Output(type="uri_folder")}, input_data="${{inputs.data}}",
        mini_batch_size="1", error_threshold=0, max_concurrency_per_instance=2, instance_count=1,
        retry_settings={"max_retries": 0, "timeout": 30}, logging_level="DEBUG",
        task=RunFunction(code="src", entry_script=script, environment=ENV, append_row_to="${{outputs.scores}}",
                         program_arguments="--factor ${{inputs.factor}} --side ${{outputs.side}} " + arguments))
    return parallel_run_function(**{"name": "score", **settings, **changes})

def pipeline(node, **given):
    @dsl.pipeline(compute="serverless")
    def job(data, factor: int = 1):
        made = node(data=data, factor=factor)
        made.name = "score"
        return {"scores": made.outputs.scores, "side": made.outputs.side}
    return job(**given)
"""

NODES = """
import mlflow
component = ml.components.create_or_update(load_component("parallel.yml"))
show = command(code="src", command="python show.py ${{inputs.s}}", environment=ENV,
               inputs={"s": Input(type="uri_file")})

@dsl.pipeline(compute="serverless")
def all_kinds(data, table, factor: int):
    made = component(data=data, factor=factor)
    shown = show(s=made.outputs.scores)
    folder = score("--append_row_file_name rows.txt", "uri_folder", name="folder")(data=data, factor=2)
    direct = score(name="direct", data="mltable", script="rows.py", mini_batch_size="10", mode="direct")(data=table)
    mounted = score(name="mounted", data="mltable", script="rows.py", mini_batch_size="10",
                    mode="eval_mount")(data=table)
    keys = score(name="keys", data="mltable", script="rows.py", mini_batch_size=None, partition_keys=["w"])(data=table)
    return {"made": made.outputs.scores, "side": made.outputs.side, "folder": folder.outputs.scores,
            "direct": direct.outputs.scores, "mounted": mounted.outputs.scores, "keys": keys.outputs.scores}

data = folder("numbers", a="1", b="2", c="3")
job = follow(all_kinds(data=data, table=Input(type="mltable", path="table"), factor=3))
print("STATUS", job.status[:], sorted({child.status for child in children(job).values()}))
ml.jobs.download(job.name, all=True, download_path="all")
found = tree("all/named-outputs")
for name in ("made", "direct", "mounted", "keys", "folder"):
    print(name.upper(), [text.splitlines() for path, text in found.items() if path.split("/")[0] == name])
print("SIDE", sorted((path, text) for path, text in found.items() if path.startswith("side/")))
print("NAMES", sorted(found))
made = children(job)["made"]
ml.jobs.download(made.name, download_path="made", all=True)
print("LOGS", sorted(name for name in tree("made") if "user/stdout" in name or "overview" in name))
mlflow.set_tracking_uri(ml.workspaces.get(ml.workspace_name).mlflow_tracking_uri)
print("METRIC", mlflow.get_run(made.name).data.metrics)
"""

BAD = """
data = folder("bad", a="1", b="bad", c="3")
tolerant = score(error_threshold=-1, mini_batch_error_threshold=1)
print("TOLERANT", scores(follow(pipeline(tolerant, data=data))))
for changes in ({"mini_batch_error_threshold": 0, "error_threshold": None}, {"error_threshold": 0}):
    job = follow(pipeline(score(**changes), data=data))
    print("FAILED", list(changes)[0], job.status[:])
refused(lambda: ml.jobs.create_or_update(pipeline(score("--allowed_failed_percent 300"), data=data)))
refused(lambda: ml.jobs.create_or_update(pipeline(score(partition_keys=["w"]), data=data)))
refused(lambda: ml.jobs.create_or_update(pipeline(score(script="none.py"), data=data)))
refused(lambda: ml.jobs.create_or_update(pipeline(score(input_data="${{inputs.nothing}}"), data=data)))
"""


def value(found: dict[str, str], label: str) -> Any:
    return ast.literal_eval(found[label])


def test_nodes_of_all_kinds(live: LiveService) -> None:
    out = live.run(HEAD + TOOLS + NODES, files=FILES).stdout
    found = lines(out)
    assert found["STATUS"] == "Completed ['Completed']", out
    assert value(found, "MADE") == [["a.txt 3", "b.txt 6", "c.txt 9"]]
    assert [text for _, text in value(found, "SIDE")] == ["1", "2", "3"]
    assert value(found, "FOLDER") == [["a.txt 2", "b.txt 4", "c.txt 6"]]
    assert "folder/rows.txt" in value(found, "NAMES")
    for label in ("DIRECT", "MOUNTED"):
        # 'one' has 16 bytes: two parts of one and two rows.
        assert value(found, label) == [["1 a 1 None", "2 b 5 None", "3 a 5 None", "10 a 10 None"]]
    a, b = """"{'w': 'a'}\"""", """"{'w': 'b'}\""""
    assert value(found, "KEYS") == [[f"1 a 14 {a}", f"3 a 14 {a}", f"10 a 14 {a}", f"2 b 2 {b}"]]
    assert [name.rpartition("/")[2] for name in value(found, "LOGS")] == [
        "job_progress_overview.txt",
        "process000.stdout.txt",
        "process001.stdout.txt",
    ]
    assert value(found, "METRIC")["size"] in (1.0, 2.0)


def test_failures_and_bad_settings(live: LiveService) -> None:
    out = live.run(HEAD + TOOLS + BAD, files=FILES).stdout
    found = lines(out)
    assert list(value(found, "TOLERANT").values()) == ["a.txt 1\nc.txt 3"]
    failed = [line for line in out.splitlines() if line.startswith("FAILED ")]
    assert failed == ["FAILED mini_batch_error_threshold Failed", "FAILED error_threshold Failed"]
    assert "1 mini batches failed, more than allowed_failed_count (0) allows" in out
    assert "1 items failed, more than error_threshold (0) allows; the last: mini batch 1 (b.txt): ValueError" in out
    refusals = [line for line in out.splitlines() if line.startswith("REFUSED ")]
    for told, words in zip(
        refusals,
        (
            "jobs.score: allowed_failed_percent must be from 0 to 100, not '300'",
            "jobs.score.partition_keys: needs an mltable; the input 'data' is of the type uri_folder",
            "jobs.score.task.entry_script: the script 'none.py' is not in the code of the node",
            "nothing",
        ),
        strict=True,
    ):
        assert words in told

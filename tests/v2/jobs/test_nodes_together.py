"""Nodes of all kinds in one pipeline, with edges between them: as a job, in a sub-pipeline, behind a batch endpoint."""

from __future__ import annotations

import ast

import pytest

from tests.support.live import LiveService
from tests.v2.batch.test_pipelines import lines
from tests.v2.jobs.scripts import HEAD

pytestmark = pytest.mark.slow

FILES = {
    "src/prepare.py": """
        import os, sys
        table, texts = sys.argv[1:3]
        with open(os.path.join(table, "t.csv"), "w") as file:
            file.write("a,b,y\\n" + "".join(f"{n * 7 % 11},{n % 5},{int(n * 7 % 11 > 5)}\\n" for n in range(60)))
        with open(os.path.join(table, "MLTable"), "w") as file:
            file.write("paths:\\n  - file: ./t.csv\\ntransformations:\\n  - read_delimited:\\n      delimiter: ','\\n")
        for name in "abc":
            open(os.path.join(texts, name + ".txt"), "w").write(name)
        """,
    "src/predict.py": """
        import os, sys
        import mlflow.pyfunc, pandas as pd
        table = pd.read_csv(os.path.join(sys.argv[2], "t.csv"))
        found = mlflow.pyfunc.load_model(sys.argv[1]).predict(table[["a", "b"]])
        open(sys.argv[3], "w").write(f"{len(found)} {sorted(set(map(int, found)))}")
        """,
    "src/train.py": """
        import os, sys
        import mlflow
        mlflow.log_metric("score", -abs(int(sys.argv[1]) - 2))
        open(os.path.join(sys.argv[2], "factor.txt"), "w").write(sys.argv[1])
        """,
    "src/entry.py": """
        import argparse, os
        def init():
            global factor
            parser = argparse.ArgumentParser()
            parser.add_argument("--model")
            folder = parser.parse_known_args()[0].model
            factor = int(open(os.path.join(folder, "factor.txt")).read())
        def run(files):
            return [open(path).read() * factor for path in files]
        """,
}
SCRIPT = """
from azure.ai.ml import automl
from azure.ai.ml.entities import BatchEndpoint, PipelineComponentBatchDeployment
from azure.ai.ml.parallel import RunFunction, parallel_run_function
from azure.ai.ml.sweep import Choice

folder, table = Output(type="uri_folder"), Output(type="mltable")
prepare = command(name="prepare", code="src", environment=ENV, inputs={"n": Input(type="integer", default=1)},
                  command="python prepare.py ${{outputs.table}} ${{outputs.texts}} ${{inputs.n}}",
                  outputs={"table": table, "texts": folder})
predict = command(name="predict", code="src", environment=ENV, outputs={"scores": Output(type="uri_file")},
                  inputs={"model": Input(type="mlflow_model"), "table": Input(type="mltable")},
                  command="python predict.py ${{inputs.model}} ${{inputs.table}} ${{outputs.scores}}")
train = command(name="train", code="src", environment=ENV, inputs={"n": Input(type="integer")},
                outputs={"model": folder}, command="python train.py ${{inputs.n}} ${{outputs.model}}")
score = parallel_run_function(
    name="score", inputs={"texts": Input(type="uri_folder"), "model": Input(type="uri_folder")},
    outputs={"rows": Output(type="uri_file")}, input_data="${{inputs.texts}}", mini_batch_size="2", instance_count=1,
    task=RunFunction(code="src", entry_script="entry.py", environment=ENV, append_row_to="${{outputs.rows}}",
                     program_arguments="--model ${{inputs.model}}"))

@dsl.pipeline()
def part(n: int = 1):
    prepared = prepare(n=n)
    search = automl.classification(
        training_data=prepared.outputs.table, target_column_name="y", primary_metric="accuracy",
        n_cross_validations=2, outputs={"best_model": Output(type="mlflow_model")})
    search.set_limits(max_trials=2, timeout_minutes=10)
    search.set_training(enable_stack_ensemble=False, enable_vote_ensemble=False)
    predicted = predict(model=search.outputs.best_model, table=prepared.outputs.table)
    tune = train(n=Choice([1, 2, 3])).sweep(primary_metric="score", goal="maximize", sampling_algorithm="grid")
    tune.set_limits(max_total_trials=3, max_concurrent_trials=3)
    rows = score(texts=prepared.outputs.texts, model=tune.outputs.model)
    return {"rows": rows.outputs.rows, "scores": predicted.outputs.scores}

def show(label, job):
    for name in ("rows", "scores"):
        ml.jobs.download(job, output_name=name, download_path="got-" + label)
    print(label, sorted(tree("got-" + label).values()))

@dsl.pipeline(compute="serverless")
def whole(n: int):
    inner = part(n=n)
    return {"rows": inner.outputs.rows, "scores": inner.outputs.scores}

job = follow(whole(n=1))
print("STATUS", job.status[:])
show("NESTED", job.name)
inner = children(job)["inner"]
nodes = {name.removeprefix("inner."): child for name, child in children(inner).items()}
print("INNER", inner.status[:], sorted((name, child.status[:]) for name, child in nodes.items()))
trials = {name: sorted(item.name.removeprefix(child.name) for item in ml.jobs.list(parent_job_name=child.name))
          for name, child in nodes.items() if name in ("search", "tune")}
print("TRIALS", trials)

ml.batch_endpoints.begin_create_or_update(BatchEndpoint(name="all-kinds")).result()
ml.batch_deployments.begin_create_or_update(PipelineComponentBatchDeployment(
    name="first", endpoint_name="all-kinds", component=part(n=1).component,
    settings={"default_compute": "serverless"})).result()
called = ml.batch_endpoints.invoke("all-kinds", deployment_name="first", inputs={"n": Input(type="integer", default=1)})
ml.jobs.stream(called.name)
print("CALLED", ml.jobs.get(called.name).status[:])
show("BATCH", called.name)
"""


def test_automl_sweep_and_parallel_nodes_feed_each_other(live: LiveService) -> None:
    found = lines(live.run(HEAD + SCRIPT, files=FILES, timeout=400).stdout)
    assert found["STATUS"] == "Completed"
    assert ast.literal_eval(found["NESTED"]) == ["60 [0, 1]", "aa\nbb\ncc"]
    names = ("predicted", "prepared", "score", "search", "tune")
    assert found["INNER"] == f"Completed {[(name, 'Completed') for name in names]}"
    assert ast.literal_eval(found["TRIALS"]) == {"search": ["_0", "_1"], "tune": ["_0", "_1", "_2"]}
    assert found["CALLED"] == "Completed"
    assert found["BATCH"] == found["NESTED"]

"""Bad tables, metrics and scripts with the real client: the sentence is in what it prints or raises, and in the run."""

from __future__ import annotations

import json

import pytest

from tests.support.bad_input import SCRIPTS, SENTENCES, TABLES, TWICE
from tests.support.live import LiveService

pytestmark = pytest.mark.slow

_SCRIPT = """
    import contextlib, io, json, os
    from azureml.core import Dataset, Environment, Experiment, Workspace
    from azureml.core.compute import AmlCompute, ComputeTarget
    from azureml.pipeline.core import Pipeline, PipelineData
    from azureml.pipeline.steps import AutoMLStep, ParallelRunConfig, ParallelRunStep
    from azureml.pipeline.steps.automl_step import AutoMLStepRun
    from azureml.train.automl import AutoMLConfig
    from azureml.train.automl._remote_console_interface import RemoteConsoleInterface

    # Its console looks every 10 s.
    RemoteConsoleInterface.__init__.__defaults__ = (None, 0.5)

    ws = Workspace.from_config()
    experiment = Experiment(ws, "bad-input")
    sizes = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=2)
    cpu = ComputeTarget.create(ws, "cpu", sizes)
    store = ws.get_default_datastore()
    Dataset.File.upload_directory("data", (store, "data"), show_progress=False)
    submitted = {}

    def dataset(table):
        return Dataset.Tabular.from_delimited_files((store, f"data/{table}.csv"), validate=False,
                                                     infer_column_types=False)

    def submit(name, table="good", step=False, **changes):
        settings = dict(task="classification", training_data=dataset(table), label_column_name="y",
                        primary_metric="accuracy", compute_target=cpu, iterations=1, n_cross_validations=2,
                        enable_voting_ensemble=False, enable_stack_ensemble=False)
        try:
            config = AutoMLConfig(**{**settings, **changes})
            submitted[name] = experiment.submit(Pipeline(ws, [AutoMLStep(name, config)]) if step else config)
        except Exception as error:
            print("RAISED", json.dumps([name, str(error)]))

    submit("twice", "twice", validation_data=dataset("held"), weight_column_name="n_1", n_cross_validations=None)
    submit("label", label_column_name="lable")
    submit("classes", "one_class")
    submit("constant", "constant", step=True, task="regression", primary_metric="r2_score")
    submit("missing", "missing")
    submit("empty", "empty")
    submit("metric", primary_metric="r2_score")

    environment = Environment("mine")
    environment.python.user_managed_dependencies = True
    three = Dataset.File.from_files([(store, f"data/{name}.csv") for name in ("good", "empty", "missing")])
    for name in ("few", "no_run"):
        config = ParallelRunConfig(source_directory="src", entry_script=name + ".py", error_threshold=0,
                                   output_action="append_row", environment=environment, compute_target=cpu,
                                   node_count=1, process_count_per_node=1)
        step = ParallelRunStep(name=name.replace("_", "-"), inputs=[three.as_named_input("d")],
                               output=PipelineData("out", datastore=store), parallel_run_config=config)
        submitted[name] = experiment.submit(Pipeline(ws, [step]))

    for name, run in submitted.items():
        seen = io.StringIO()
        if name == "constant":
            run.wait_for_completion(show_output=False, raise_on_error=False)
            run = AutoMLStepRun(next(run.get_steps()))
        with contextlib.redirect_stdout(seen):
            try:
                run.wait_for_completion(show_output=True)
            except Exception as error:
                print(error)
        steps = list(run.get_steps()) if hasattr(run, "get_steps") else [run]
        details = steps[0].get_details()
        warnings = [item["message"] for item in details.get("warnings", [])]
        told = [name, run.get_status(), seen.getvalue(), json.dumps(details.get("error")), warnings]
        print("ENDED", json.dumps(told))

    best = submitted["twice"].get_best_child()
    best.download_file("confusion_matrix", "matrix.json")
    print("MATRIX", json.load(open("matrix.json"))["data"]["matrix"])
"""

_FILES = {**{f"data/{name}.csv": text for name, text in TABLES.items()}, **SCRIPTS}


def test_each_bad_input_says_what_to_change(live: LiveService) -> None:
    lines = [line.partition(" ") for line in live.run(_SCRIPT, files=_FILES).stdout.splitlines()]
    ended = {found[0]: found[1:] for found in (json.loads(text) for word, _, text in lines if word == "ENDED")}
    # The client knows by itself which metrics fit.
    [[name, refusal]] = [json.loads(text) for word, _, text in lines if word == "RAISED"]
    assert name == "metric"
    assert "'primary_metric' specified. Supported value(s): " in refusal
    status, shown, _, warnings = ended.pop("twice")
    assert (status, "MaxAbsScaler LightGBM" in shown) == ("Completed", True)
    assert TWICE in warnings
    # The rows that it is measured with are those of validation_data.
    matrix = next(json.loads(text) for word, _, text in lines if word == "MATRIX")
    assert sum(map(sum, matrix)) == 12
    assert "DATA GUARDRAILS" in shown
    assert TWICE in shown
    assert ended.keys() == SENTENCES.keys()
    for name, sentence in SENTENCES.items():
        status, shown, error, _ = ended[name]
        assert status == "Failed", name
        assert sentence in shown, name
        assert sentence in error, name
    assert "columns with no value are left out: n, m" in ended["missing"][3]

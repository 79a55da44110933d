"""AutoML in SDK v1 beyond one search: steps of published pipelines, reuse, regression and forecasting."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService
from tests.v1.test_automl_runs import _HEAD, _told

pytestmark = pytest.mark.slow

_STEP = """
    import requests
    from azureml.core.authentication import InteractiveLoginAuthentication
    from azureml.data import OutputFileDatasetConfig
    from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter, PipelineRun, TrainingOutput
    from azureml.pipeline.steps import AutoMLStep, PythonScriptStep
    from azureml.pipeline.steps.automl_step import AutoMLStepRun

    prepared = OutputFileDatasetConfig("prepared").read_delimited_files()
    prepare = PythonScriptStep("prepare.py", name="prepare", source_directory="src", compute_target=cpu,
                               arguments=[PipelineParameter("rows", 60), prepared])
    config = AutoMLConfig(task="regression", training_data=prepared.as_input("training"), label_column_name="y",
                          primary_metric="r2_score", compute_target=cpu, iterations=2, n_cross_validations=2,
                          enable_voting_ensemble=False, enable_stack_ensemble=False)
    model = PipelineData("model", datastore=store, pipeline_output_name="best_model",
                         training_output=TrainingOutput("Model"))
    search = AutoMLStep("search", config, outputs=[model], enable_default_model_output=False, allow_reuse=True)
    published = Pipeline(ws, [prepare, search]).publish("searches", "searches for a model")
    headers = InteractiveLoginAuthentication().get_authentication_header()

    def called(rows):
        body = {"ExperimentName": "published", "ParameterAssignments": {"rows": rows}}
        answer = requests.post(published.endpoint, headers=headers, json=body)
        run = PipelineRun(Experiment(ws, "published"), answer.json()["Id"])
        run.wait_for_completion(show_output=False)
        return run, run.find_step_run("search")[0]

    first, step = called(80)
    told("STATES", first.get_status(), step.get_status(), step.properties["StepType"])
    automl = AutoMLStepRun(step_run=step)
    automl.wait_for_completion()
    best, fitted = automl.get_output()
    told("MEMBERS", type(automl).__name__, automl.get_status(), len(list(automl.get_children())),
         best.id == automl.get_best_child().id, len(automl.summary()))
    told("SCORES", best.get_metrics()["r2_score"], automl.get_metrics()["r2_score"])
    charts = {}
    for name in ("residuals", "predicted_true"):
        best.download_file(name, f"{name}.json")
        charts[name] = json.load(open(f"{name}.json"))
    for name, chart in charts.items():
        bins, edges = chart["data"]["bin_counts"], chart["data"]["bin_edges"]
        address = best.get_metrics()[name].rpartition("/")[2]
        told(name.upper().replace("_", ""), address, chart["schema_type"], sum(bins), len(edges) - len(bins))
    told("PREDICTED", len(fitted.predict(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}))))
    told("METRICS", automl.get_default_metrics_output().get_port_data_reference().download("metrics"))
    told("MODEL", first.get_pipeline_output("best_model").download("model"))
    told("REGISTERED", automl.register_model(best.properties["model_name"]).name[:6])
    second, again = called(80)
    copy = AutoMLStepRun(step_run=again)
    told("REUSED", again.properties.get("azureml.isreused"), copy.get_output()[0].id == best.id.replace(
        automl.id, copy.id), copy.get_output()[1].predict(pd.DataFrame({"a": [1], "b": ["x"]})).shape)
    third, other = called(90)
    told("OTHER", third.get_status(), other.properties.get("azureml.isreused"))
"""
_PREPARE = """
    import os, sys
    rows, out = int(sys.argv[1]), sys.argv[2]
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "table.csv"), "w") as file:
        file.write("a,b,y\\n")
        for n in range(rows):
            file.write(f"{n * 7 % 11},{'xy'[n % 2]},{3 * (n * 7 % 11) + n % 2 + n % 3}\\n")
"""
_FORECAST = """
    from azureml.automl.core.forecasting_parameters import ForecastingParameters
    days = pd.date_range("2024-01-01", periods=70, freq="D")
    series = pd.concat(pd.DataFrame({"day": days, "shop": shop, "sold": [10 + shop + day.dayofweek for day in days]})
                       for shop in (1, 2))
    # The path as notebooks write it: with a slash at its end.
    known = Dataset.Tabular.register_pandas_dataframe(
        series[series.day < "2024-03-01"], (store, "dataset/"), "sold", show_progress=False)
    future = series[series.day >= "2024-03-01"].reset_index(drop=True)
    parameters = ForecastingParameters(time_column_name="day", forecast_horizon=7, freq="D",
                                       time_series_id_column_names=["shop"], cv_step_size="auto")
    run = experiment.submit(AutoMLConfig(
        task="forecasting", training_data=known, label_column_name="sold", compute_target=cpu, iterations=2,
        primary_metric="normalized_root_mean_squared_error", n_cross_validations=2, forecasting_parameters=parameters,
        enable_voting_ensemble=False, enable_stack_ensemble=False))
    run.wait_for_completion()
    best, fitted = run.get_output()
    wanted = future.groupby("shop").head(7).reset_index(drop=True)
    found, table = fitted.forecast(wanted.drop(columns="sold"))
    told("FORECAST", run.get_status(), len(found), max(abs(found - wanted["sold"])), list(table.index.names))
    names = ("engineered_feature_names", "featurization_summary")
    for name in names:
        best.download_file(f"outputs/{name}.json", f"{name}.json")
    features, summary = (json.load(open(f"{name}.json")) for name in names)
    told("FEATURES", type(features).__name__, {item["RawFeatureName"]: item["Dropped"] for item in summary})
"""


def test_a_search_in_a_published_pipeline_is_called_reused_and_read(live: LiveService) -> None:
    found = _told(live.run(_HEAD + _STEP, files={"src/prepare.py": _PREPARE}).stdout)
    assert found["STATES"] == ["Finished", "Finished", "AutoMLStep"]
    assert found["MEMBERS"] == ["AutoMLStepRun", "Completed", 2, True, 2]
    assert found["SCORES"][0] == found["SCORES"][1]
    # All rows of both folds are in the bins.
    assert found["RESIDUALS"] == ["residuals", "residuals", 80, 1]
    assert found["PREDICTEDTRUE"] == ["predicted_true", "predictions", 80, 1]
    assert found["PREDICTED"] == [2]
    assert found["METRICS"] == found["MODEL"] == [1]
    assert found["REGISTERED"] == ["AutoML"]
    assert found["REUSED"] == ["true", True, [1]]
    assert found["OTHER"] == ["Finished", None]


def test_a_forecast_and_what_notebooks_read_of_it(live: LiveService) -> None:
    found = _told(live.run(_HEAD + _FORECAST).stdout)
    status, rows, worst, names = found["FORECAST"]
    assert (status, rows) == ("Completed", 14)
    assert worst < 5
    assert {"day", "shop"} <= set(names)
    # A model that looks at the past of the target alone has no features, and drops all columns.
    kind, dropped = found["FEATURES"]
    assert kind == "list"
    assert set(dropped) >= {"day", "shop"}

"""Published pipelines with the real client: publish with and without a run, list, submit, switch data, disable."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService
from tests.v1.pipelines.scripts import FILES, HEAD, lines

pytestmark = pytest.mark.slow

SHOW = """
    import os, sys
    from azureml.core import Run
    table = Run.get_context().input_datasets["table"].to_pandas_dataframe()
    names = sorted(os.listdir(sys.argv[2])) if os.path.isdir(sys.argv[2]) else os.path.basename(sys.argv[2])
    print("SHOW", [sys.argv[1], len(table), names, os.environ["AML_PARAMETER_count"], os.environ["AML_PARAMETER_on"]])
"""
BUILD = """
import requests
from azureml.core.authentication import InteractiveLoginAuthentication
from azureml.pipeline.core import PublishedPipeline
store.upload_files(["data.csv", "more.csv"], target_path="in", show_progress=False)
small = Dataset.Tabular.from_delimited_files((store, "in/more.csv"))
large = Dataset.Tabular.from_delimited_files((store, "in/data.csv")).register(ws, "large")
text, count, on = PipelineParameter("text", "dflt"), PipelineParameter("count", 3), PipelineParameter("on", False)
path = PipelineParameter("path", DataPath(store, "in")), DataPathComputeBinding(mode="mount")
table = DatasetConsumptionConfig("table", PipelineParameter("table_param", small))
show = step("show.py", "show", arguments=[text, path, table], inputs=[path, table], allow_reuse=True,
            runconfig=RunConfiguration(), params={"count": count, "on": on})
pipeline = Pipeline(ws, [show])

def shown(run):
    run.wait_for_completion(show_output=False)
    log = run.find_step_run("show")[0].get_stdout_log()
    return next(line for line in log.splitlines() if line.startswith("SHOW "))
"""


def test_publish_and_submit_with_the_sdk(live: LiveService) -> None:
    done = live.run(
        HEAD
        + BUILD
        + """
published = pipeline.publish("first", "what it does", "1.0", continue_on_step_failure=True)
print("DTO", published.name, published.version, published.description, published.status, published.total_run_steps,
      published.continue_on_step_failure, published.endpoint.endswith("/PipelineRuns/PipelineSubmit/" + published.id))
print("RUNS", len(list(exp.get_runs())))
print("GRAPH", published.get_step_names(), sorted(published.get_graph().params), len(published.graph_id))
print("DEFAULT", shown(published.submit(ws, "by_sdk")))
values = {"text": "a b", "count": 5, "on": True, "table_param": large, "path": DataPath(store, "in/data.csv")}
run = exp.submit(published, pipeline_parameters=values)
print("SWITCHED", shown(run))
print("PROPERTIES", run.get_properties()["azureml.pipelineid"] == published.id,
      run.get_properties()["azureml.continue_on_step_failure"], run.get_properties()["runType"])
again = PipelineRun.get(ws, run.id)
print("AGAIN", again.experiment.name, again.get_status(), sorted(again.get_graph().params))
print("OF", [item.id == run.id for item in PipelineRun.get_pipeline_runs(ws, published.id)])
same = published.submit(ws, "exp", pipeline_parameters=values)
same.wait_for_completion(show_output=False)
print("REUSED", same.find_step_run("show")[0].get_properties().get("azureml.reusedpipelinerunid") == run.id)
second = run.publish_pipeline("second", "from a run", "2")
print("SECOND", second.id != published.id, second.continue_on_step_failure, shown(second.submit(ws, "by_sdk")))
parent = exp.start_logging(snapshot_directory=None)
child = published.submit(ws, "exp", parent_run_id=parent.id, continue_on_step_failure=False)
print("CHILD", child.parent.id == parent.id, child.get_properties()["azureml.continue_on_step_failure"])
attempt("PARENT", lambda: published.submit(ws, "exp", parent_run_id="nothing"))
parent.complete()
published.disable()
print("LISTS", [item.name for item in PublishedPipeline.list(ws)],
      sorted((item.name, item.status) for item in PublishedPipeline.list(ws, active_only=False)))
attempt("DISABLED", lambda: published.submit(ws, "by_sdk"))
PublishedPipeline.get(ws, published.id).enable()
print("ENABLED", published.submit(ws, "by_sdk").wait_for_completion(show_output=False))
attempt("UNKNOWN", lambda: published.submit(ws, "by_sdk", {"tex": "x", "other": 1}))
attempt("TYPE", lambda: published.submit(ws, "by_sdk", {"count": "abc"}))
attempt("GONE", lambda: PublishedPipeline.get(ws, "068f4885-7088-424b-8ce2-eeb9ba5381a6"))
gone = ComputeTarget.create(ws, "gone", settings)
bad = Pipeline(ws, [PythonScriptStep("ok.py", name="bad", source_directory="src", compute_target=gone)])
gone.delete()
attempt("BAD", lambda: bad.publish("bad"))
print("LISTED", len(PublishedPipeline.list(ws, active_only=False)))
""",
        files={**FILES, "src/show.py": SHOW},
    ).stdout
    assert lines(done, "DTO") == ["first 1.0 what it does Active 1 True True"]
    assert lines(done, "RUNS") == ["0"], "publishing needs no run"
    assert lines(done, "GRAPH") == ["['show'] ['count', 'on', 'path', 'text'] 36"]
    everything = "['data.csv', 'more.csv']"
    assert lines(done, "DEFAULT SHOW") == [f"['dflt', 1, {everything}, '3', 'False']"]
    assert lines(done, "SWITCHED SHOW") == ["['a b', 2, 'data.csv', '5', 'True']"]
    assert lines(done, "PROPERTIES") == ["True True SDK"]
    assert lines(done, "AGAIN") == ["exp Finished ['count', 'on', 'path', 'text']"]
    assert lines(done, "OF") == ["[True, False]"]
    assert lines(done, "REUSED") == ["True"], "the same values: the step is not run again"
    # The graph's own defaults, and the dataset of the run that was published (as the client sends it).
    assert lines(done, "SECOND") == [f"True False SHOW ['dflt', 2, {everything}, '3', 'False']"]
    assert lines(done, "CHILD") == ["True False"]
    assert "the parent run nothing is not there" in lines(done, "PARENT")[0]
    assert lines(done, "LISTS") == ["['second'] [('first', 'Disabled'), ('second', 'Active')]"]
    assert "is disabled: enable it" in lines(done, "DISABLED")[0]
    assert lines(done, "ENABLED") == ["Finished"]
    unknown = (
        "the pipeline has no parameter 'other', 'tex'; it has: count, on, path (path), table_param (dataset), text"
    )
    assert unknown in lines(done, "UNKNOWN")[0]
    assert "'count' must be a whole number, not 'abc'" in lines(done, "TYPE")[0]
    assert "there is no published pipeline 068f4885" in lines(done, "GONE")[0]
    assert "there is no compute target 'gone'" in lines(done, "BAD")[0]
    assert lines(done, "LISTED") == ["2"]

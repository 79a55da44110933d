"""Pipeline drafts with the real client: made of everything that it takes, changed, run, published."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService
from tests.v1.pipelines.scripts import FILES, HEAD, lines

pytestmark = pytest.mark.slow

_HEAD = (
    HEAD
    + """
from azureml.pipeline.core import PipelineDraft, PublishedPipeline

def build(word, default="default"):
    path = PipelineParameter("path", DataPath(store, "in/data.csv")), DataPathComputeBinding(mode="mount")
    files = PipelineParameter("files", Dataset.File.from_files((store, "in/data.csv")))
    bound = DatasetConsumptionConfig("bound", files).as_mount()
    arguments = [word, PipelineParameter("word", default), path, bound]
    return Pipeline(ws, [step("show.py", "show", arguments=arguments, inputs=[path, bound])])

def shown(run):
    run.wait_for_completion(show_output=False)
    return next(run.get_steps()).get_stdout_log().strip().splitlines()[-1]

store.upload_files(["data.csv", "more.csv"], target_path="in", show_progress=False)
"""
)
_FILES = {
    **FILES,
    "src/show.py": """
        import sys, os
        def read(path):
            names = [os.path.join(path, name) for name in sorted(os.listdir(path))] if os.path.isdir(path) else [path]
            return [open(name).read().split()[-1] for name in names]
        print("SHOWN", sys.argv[1:3], read(sys.argv[3]), read(sys.argv[4]))
    """,
}


def test_create_update_submit_publish_delete(live: LiveService) -> None:
    done = live.run(
        _HEAD
        + """
draft = PipelineDraft.create(ws, build("one"), name="first", description="d", experiment_name="drafted",
                             continue_on_step_failure=True, tags={"team": "x"}, properties={"p": "q"})
print("MADE", [draft.name, draft.description, draft.tags, draft.properties, draft._experiment_name])
run = draft.submit_run()
last = PipelineDraft.get(ws, draft.id).last_submitted_pipeline_run_id
print("RUN", [run.experiment.name, shown(run), last == run.id])
print("GRAPH", sorted(node.name for node in draft.get_graph().nodes))
draft.update(name="second", pipeline_parameters={"word": "chosen", "path": DataPath(store, "in")})
print("CHANGED", shown(Experiment(ws, "drafted").submit(draft)))
draft.update(pipeline=build("two", "newer"), description="d2", tags={"team": "y"})
again = PipelineDraft.get(ws, draft.id)
print("AGAIN", [again.name, again.description, again.tags, shown(again.submit_run())])
draft.update(pipeline_parameters={"files": Dataset.File.from_files((store, "in/more.csv"))})
print("DATA", shown(draft.submit_run()))
draft.update(pipeline=build("three", "newest"))
print("DEFAULT", shown(draft.submit_run()))
published = draft.publish()
print("PUBLISHED", [published.name, published.description, PublishedPipeline.get(ws, published.id).name])
print("PUBLISHED", shown(published.submit(ws, "published")))
draft.update(pipeline_parameters={"wrod": "w"})
attempt("WRONG", draft.submit_run)
plain = Pipeline(ws, [step("ok.py", "say", arguments=[PipelineParameter("word", "w")])])
other = PipelineDraft.create(ws, plain, name="other", experiment_name="drafted", tags={"team": "y", "a": "b"})
names = lambda **more: [item.name for item in PipelineDraft.list(ws, **more)]
print("LIST", [names(), names(tags={"team": "y", "a": "b"}), names(tags={"team": "x"})])
other.delete()
attempt("GONE", lambda: PipelineDraft.get(ws, other.id))
attempt("TWICE", other.delete)
print("LIST", names())
""",
        files=_FILES,
    ).stdout
    assert lines(done, "MADE") == ["['first', 'd', {'team': 'x'}, {'p': 'q'}, 'drafted']"]
    assert lines(done, "RUN") == ["['drafted', \"SHOWN ['one', 'default'] ['3,4'] ['3,4']\", True]"]
    assert lines(done, "GRAPH") == ["['files', 'path', 'show']"]
    assert lines(done, "CHANGED") == ["SHOWN ['one', 'chosen'] ['3,4', '5,6'] ['3,4']"]
    assert lines(done, "AGAIN") == [
        "['second', 'd2', {'team': 'y'}, \"SHOWN ['two', 'chosen'] ['3,4', '5,6'] ['3,4']\"]"
    ]
    assert lines(done, "DATA") == ["SHOWN ['two', 'newer'] ['3,4'] ['5,6']"], "what is not assigned is the default"
    assert lines(done, "DEFAULT") == ["SHOWN ['three', 'newest'] ['3,4'] ['5,6']"]
    assert lines(done, "PUBLISHED") == ["['second', 'd2', 'second']", "SHOWN ['three', 'newest'] ['3,4'] ['5,6']"]
    assert "wrod" in lines(done, "WRONG")[0]
    assert "it has: word" in lines(done, "WRONG")[0]
    assert lines(done, "LIST")[0] == "[['other', 'second'], ['other'], []]"
    assert "there is no pipeline draft" in lines(done, "GONE")[0]
    assert "ERROR" in lines(done, "TWICE")[0]
    assert lines(done, "LIST")[1] == "['second']"


def test_clones_outlive_a_kill(own_live: LiveService) -> None:
    live = own_live
    done = live.run(
        _HEAD
        + """
run = exp.submit(build("one"), pipeline_parameters={"word": "of the run"})
print("OF", shown(run))
of_run = PipelineDraft.create(ws, run)
print("RUN", [of_run.parent_pipeline_run_id == run.id, len(of_run.parent_step_run_ids), of_run._experiment_name])
pipeline = build("two").publish("some pipeline", "d")
of_published = PipelineDraft.create(ws, pipeline)
print("PIPELINE", [of_published.parent_pipeline_id == pipeline.id, of_published.name, of_published._experiment_name])
of_published.update(pipeline_parameters={"word": "mine"})
copy = PipelineDraft.create(ws, of_published)
print("COPY", [copy.parent_pipeline_draft_id == of_published.id, copy.id != of_published.id])
of_published.delete()
of_submit = PipelineDraft.create(ws, pipeline.submit(ws, "published", pipeline_parameters={"word": "rest"}))
print("IDS", of_run.id, copy.id, of_submit.id)
""",
        files=_FILES,
    ).stdout
    assert lines(done, "OF") == ["SHOWN ['one', 'of the run'] ['3,4'] ['3,4']"]
    assert lines(done, "RUN") == ["[True, 1, 'exp']"]
    assert lines(done, "PIPELINE") == ["[True, 'some pipeline', 'some-pipeline']"]
    assert lines(done, "COPY") == ["[True, True]"]
    live.kill()
    live.start()
    done = live.run(
        _HEAD
        + """
import sys
for draft_id in sys.argv[1:]:
    draft = PipelineDraft.get(ws, draft_id)
    print("AGAIN", shown(draft.submit_run()))
    draft.update(pipeline=build("new", "newest"), pipeline_parameters={})
    print("RESET", shown(draft.submit_run()))
""",
        *lines(done, "IDS")[0].split(),
        files=_FILES,
    ).stdout
    assert lines(done, "AGAIN") == [
        "SHOWN ['one', 'of the run'] ['3,4'] ['3,4']",
        "SHOWN ['two', 'mine'] ['3,4'] ['3,4']",
        "SHOWN ['two', 'rest'] ['3,4'] ['3,4']",
    ]
    assert lines(done, "RESET") == ["SHOWN ['new', 'newest'] ['3,4'] ['3,4']"] * 3


def test_wrong_bodies_change_nothing(live: LiveService) -> None:
    base = f"/pipelines/v1.0{live.scope('bodies')}"
    with live.client() as client:
        graph = client.post(f"{base}/GraphDrafts", json={"ModuleNodes": [], "EntityInterface": {}}).json()
        body = {"Name": "d", "GraphDraftId": graph["Id"], "PipelineSubmissionInfo": {"ExperimentName": "e"}}
        draft = client.post(f"{base}/PipelineDrafts/Create", json=body).json()
        changed = client.put(f"{base}/PipelineDrafts/{draft['Id']}", json={**draft, "Description": "new"}).json()
        refused = {
            "no name": (client.post(f"{base}/PipelineDrafts/Create", json={"GraphDraftId": graph["Id"]}), 400, "Name"),
            "no graph": (client.post(f"{base}/PipelineDrafts/Create", json={**body, "GraphDraftId": "x"}), 400, "x"),
            "stale": (client.put(f"{base}/PipelineDrafts/{draft['Id']}", json=draft), 409, "repeat the change"),
            "stale submit": (client.post(f"{base}/PipelineRuns/PipelineDraftSubmit", json=draft), 409, "changed by"),
            "empty graph": (client.post(f"{base}/PipelineRuns/PipelineDraftSubmit", json=changed), 400, "ModuleNodes"),
            "empty publish": (client.post(f"{base}/Pipelines/PipelineDraftCreate", json=changed), 400, "ModuleNodes"),
            "other id": (client.put(f"{base}/PipelineDrafts/{draft['Id']}", json={"Id": "other"}), 400, "other"),
            "nodes": (client.post(f"{base}/GraphDrafts", json={"ModuleNodes": "none"}), 400, "ModuleNodes"),
            "node": (client.put(f"{base}/GraphDrafts/{graph['Id']}", json={"ModuleNodes": [{}]}), 400, "Id"),
            "tags": (client.post(f"{base}/PipelineDrafts", json={"a": []}), 400, "a"),
            "gone": (client.get(f"{base}/PipelineDrafts/Clone/nobody"), 404, "nobody"),
            "no run": (client.get(f"{base}/PipelineDrafts/ClonePipelineRun/nobody"), 404, "nobody"),
            "no pipeline": (client.get(f"{base}/PipelineDrafts/ClonePublished/nobody"), 404, "nobody"),
        }
        for label, (answer, status, words) in refused.items():
            assert answer.status_code == status, (label, answer.text)
            assert words in answer.json()["error"]["message"], label
        assert client.get(f"{base}/PipelineDrafts/{draft['Id']}").json() == changed
        assert len(client.post(f"{base}/PipelineDrafts", json={}).json()) == 1
        assert client.get(f"{base}/GraphDrafts/{graph['Id']}").json() == graph
        assert client.delete(f"{base}/PipelineDrafts/{draft['Id']}").status_code == 200
        assert client.get(f"{base}/GraphDrafts/{graph['Id']}").status_code == 404

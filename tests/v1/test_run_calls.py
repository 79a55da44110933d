"""The calls of control and run scripts that tests of single services leave: portal pages, lineage, offline runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.live import LiveService
from tests.v1.pipelines.scripts import FILES, HEAD, lines

pytestmark = pytest.mark.slow


def test_run_calls(live: LiveService) -> None:
    done = live.run(
        """
        import json, os, requests
        from azureml.core import Experiment, Run, Workspace
        ws = Workspace.from_config()
        experiment = Experiment(ws, "calls")
        run = experiment.start_logging(snapshot_directory="code", display_name="<b>shown</b>")
        child = run.child_run("kid")
        child.log("deep", 1)
        child.complete()
        run.log("accuracy", 0.5)
        run.log_row("row", x=1, y=2)
        run.set_tags({"tag": "<script>"})
        os.makedirs("fold/sub")
        open("fold/sub/x.txt", "w").write("content of x")
        run.upload_folder("up", "fold")
        run.upload_file("user_logs/std_log.txt", "fold/sub/x.txt")
        run.flush()
        out = {"parent": child.parent.id == run.id, "metrics": run.get_metrics(recursive=True)[child.id]}
        base, _, query = run.get_portal_url().partition("/runs/")
        page = requests.get(run.get_portal_url())
        out["page"] = [page.status_code, page.headers["content-type"], page.text]
        out["of child"] = requests.get(child.get_portal_url()).text
        out["of experiment"] = requests.get(experiment.get_portal_url()).text
        out["of workspace"] = requests.get(base).text
        log = requests.get(f"{base}/runs/{run.id}/files/user_logs/std_log.txt")
        out["log"] = [log.text, log.headers["content-type"]]
        file = requests.get(f"{base}/runs/{run.id}/files/up/sub/x.txt")
        out["file"] = [file.text, file.headers["content-disposition"]]
        bad = base[:-1] + ("0" if base[-1] != "0" else "1")
        missing = (f"{bad}/runs/{run.id}", f"{base}/runs/nope", f"{base}/runs/{run.id}/files/nope",
                   f"{base}/runs/{run.id}/files/%2e%2e/%2e%2e/x", f"{base}/experiments/nope")
        out["missing"] = [requests.get(url).status_code for url in missing]
        run.complete()
        out["logs"] = sorted(run.get_details_with_logs()["logFiles"])
        out["all logs"] = [os.path.basename(path) for path in run.get_all_logs("logs")]
        zipped = run.restore_snapshot(path="restored")
        out["restored"] = os.path.getsize(zipped) > 0
        ws.get_default_keyvault().set_secret("secret", "value")
        out["secret"] = [run.get_secret("secret"), run.get_secrets(["secret"])]
        names = lambda **view: sorted(item.name for item in Experiment.list(ws, **view))
        out["listed"] = [names(), sorted(ws.experiments)]
        experiment.archive()
        out["archived"] = [names(), names(view_type="ArchivedOnly"), names(view_type="All")]
        experiment.reactivate()
        gone = Experiment(ws, "gone")
        gone.start_logging(snapshot_directory=None).complete()
        Experiment.delete(ws, gone.id)
        out["deleted"] = names(view_type="All")
        offline = Run.get_context()
        offline.log("x", 1)
        offline.tag("a", "b")
        offline.complete()
        out["offline"] = [type(offline).__name__, offline.id.startswith("OfflineRun")]
        print(json.dumps(out))
        """,
        files={"code/main.py": "print('hello')\n"},
    )
    out: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    assert out["parent"] is True
    assert out["metrics"] == {"deep": 1}
    status, kind, page = out["page"]
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert "&lt;b&gt;shown&lt;/b&gt;" in page
    assert "<script>" not in page and "<b>shown" not in page
    for shown in ("Running", "accuracy", "0.5", "kid", "user_logs/std_log.txt", "up/sub/x.txt", 'http-equiv="refresh"'):
        assert shown in page
    assert "part of" in out["of child"] and "refresh" not in out["of child"]
    assert "Experiment calls" in out["of experiment"] and "&lt;b&gt;shown" in out["of experiment"]
    assert "Workspace ws" in out["of workspace"]
    assert out["log"] == ["content of x", "text/plain; charset=utf-8"]
    assert out["file"] == ["content of x", 'attachment; filename="x.txt"']
    assert out["missing"][:3] == [401, 404, 404]
    assert all(code in (400, 404) for code in out["missing"][3:])
    assert out["logs"] == ["user_logs/std_log.txt"]
    assert out["all logs"] == ["std_log.txt"]
    assert out["restored"] is True
    assert out["secret"] == ["value", {"secret": "value"}]
    assert out["listed"] == [["calls"], ["calls"]]
    assert out["archived"] == [[], ["calls"], ["calls"]]
    assert out["deleted"] == ["calls"]
    assert out["offline"] == ["_OfflineRun", True]


def test_pipeline_run_calls(live: LiveService) -> None:
    before = _laid_out(live)
    done = live.run(
        HEAD
        + """
store.upload_files(["data.csv"], target_path="lineage", show_progress=False)
table = Dataset.Tabular.from_delimited_files((store, "lineage/data.csv"))
folder = Dataset.File.from_files((store, "lineage"))
out = OutputFileDatasetConfig("out").register_on_complete("lineage_out")
data = PipelineData("model", datastore=store)
first = step("both.py", "first", inputs=[table.as_named_input("table")], outputs=[data],
             arguments=[folder.as_named_input("m").as_mount(), folder.as_named_input("d").as_download(), out, data])
second = step("register.py", "second", inputs=[data], arguments=[data])
again = data.as_dataset().parse_delimited_files()
third = step("third.py", "third", inputs=[again.as_named_input("parsed")])
done = Pipeline(ws, [first, second, third]).submit("exp")
print("STATUS", done.wait_for_completion(show_output=False))
steps = {item.name: item for item in done.get_steps()}
details = steps["first"].get_details()
for item in details["inputDatasets"]:
    print("IN", item["consumptionDetails"]["inputName"], item["consumptionDetails"]["mechanism"],
          item["dataset"].id in (table.id, folder.id))
for item in details["outputDatasets"]:
    print("OUT", item["outputDetails"]["outputName"], item["dataset"].id == Dataset.get_by_name(ws, "lineage_out").id)
print("MODEL", [(model.name, model.version, model.run_id == steps["second"].id) for model in ws.models.values()])
print("THIRD", steps["third"].get_stdout_log().splitlines())
print("STDERR", repr(steps["third"].get_stderr_log()))
print("PARENT", steps["third"].parent.id == done.id)
import requests
print("PAGE", all(word in requests.get(done.get_portal_url()).text for word in ("first", "second", "third", "Steps")))
""",
        files={
            **FILES,
            "src/both.py": "import os, sys\n_, mounted, downloaded, out, model = sys.argv\n"
            "for path in (mounted, downloaded): print(os.listdir(path))\n"
            "open(os.path.join(downloaded, 'data.csv'), 'a').write('changed')\n"
            "open(os.path.join(out, 'o.csv'), 'w').write('a\\n1\\n')\nos.makedirs(model)\n"
            "open(os.path.join(model, 'm.csv'), 'w').write('p,q\\n1,2\\n3,4\\n')\n",
            "src/register.py": "import sys\nfrom azureml.core import Model, Run\nrun = Run.get_context()\n"
            "Model.register(run.experiment.workspace, sys.argv[1], 'from_mount')\n"
            "run.upload_folder('model', sys.argv[1])\nrun.register_model('from_run', 'model')\n",
            "src/third.py": "from azureml.core import Run\n"
            "print('FRAME', Run.get_context().input_datasets['parsed'].to_pandas_dataframe().shape)\n",
        },
    ).stdout
    assert lines(done, "STATUS") == ["Finished"]
    assert sorted(lines(done, "IN")) == ["d Download True", "m Mount True", "table Direct True"]
    assert lines(done, "OUT") == ["out True"]
    assert "('from_mount', 1, False)" in lines(done, "MODEL")[0]
    assert "('from_run', 1, True)" in lines(done, "MODEL")[0]
    assert "'FRAME (2, 2)'" in lines(done, "THIRD")[0]
    assert lines(done, "PARENT") == ["True"]
    assert lines(done, "PAGE") == ["True"]
    assert _laid_out(live) <= before, "laid out inputs are removed"


def _laid_out(live: LiveService) -> set[Path]:
    return set((live.home.root / "work").glob("*/*.inputs"))

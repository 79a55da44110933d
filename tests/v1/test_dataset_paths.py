"""File datasets as local paths, laid out as the dataset engine itself would."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine.errors import InvalidNameError
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.server.assembly import build_service
from amlbridge.server.home import Home
from amlbridge.v1 import dataflow, dataset_paths, dataset_records, dataset_sources
from amlbridge.wire import storage
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError
from tests.support.live import GROUP, SUBSCRIPTION, LiveService

NAMES = (
    "in/a.csv",
    "in/b.txt",
    "in/sub/b.csv",
    "in/sub/deep/c.csv",
    "in/s2/d.csv",
    "in/x y.csv",
    "in/sub.csv",
    "in/[z].csv",
    "in/.hid",
    "top.csv",
)
PATTERNS = (
    "in/*",
    "in/**",
    "in/*/",
    "in/*/*",
    "in/**/*",
    "in/**/b.csv",
    "in/s*",
    "in/s*/*.csv",
    "in/a*.csv",
    "in/x y.csv",
    "in/[z].csv",
    "in/**/*.csv",
    "**/*.csv",
    "*",
    "**",
    "/",
    "in",
    "in/sub",
    "in/sub/",
    "in/sub*",
    "in/sub**",
    "/in/a.csv",
    "in/sub/deep/c.csv",
)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return build_service(Home(tmp_path / "home"))


@pytest.fixture
def workspace(service: Service) -> Workspace:
    return service.records.workspaces.ensure(SUBSCRIPTION, GROUP, "ws")


def _fill(service: Service, workspace: Workspace) -> Path:
    root = storage.resolve(service, workspace, storage.DEFAULT, "")
    for name in NAMES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def _saved(
    service: Service, workspace: Workspace, *paths: str, steps: list[Any] | None = None, kind: str = "file"
) -> str:
    sources = [{"pattern": path if "://" in path else dataflow.uri(workspace, storage.DEFAULT, path)} for path in paths]
    text = dataflow.dump({"paths": sources, "transformations": steps or []})
    return dataset_records.save(service, workspace, dataset_records.of_yaml(kind, text))


def _tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_folder_and_a_file_are_themselves(service: Service, workspace: Workspace, tmp_path: Path) -> None:
    root, scratch = _fill(service, workspace), tmp_path / "scratch"
    for path, place in (("in", "in"), ("in/", "in"), ("/in/**", "in"), ("**", ""), ("in/x y.csv", "in/x y.csv")):
        assert dataset_paths.materialise(service, workspace, _saved(service, workspace, path), scratch) == root / place
    assert not scratch.exists()


def test_globs_and_several_sources_are_laid_out(service: Service, workspace: Workspace, tmp_path: Path) -> None:
    _fill(service, workspace)
    scratch = tmp_path / "scratch"
    globbed = _saved(service, workspace, "in/**/*.csv", steps=[{"skip": 1}, {"take": 3}])
    assert dataset_paths.materialise(service, workspace, globbed, scratch) == scratch
    assert _tree(scratch) == ["a.csv", "s2/d.csv", "sub.csv"]
    several = _saved(service, workspace, "in/sub", "in/a.csv", "in/sub/b.csv")
    # A second attempt of a step finds no leftovers of the first.
    assert dataset_paths.materialise(service, workspace, several, scratch) == scratch
    store = storage.DEFAULT
    assert _tree(scratch) == [f"{store}/in/a.csv", f"{store}/in/sub/b.csv", f"{store}/in/sub/deep/c.csv"]


def test_what_has_no_path_says_why(service: Service, workspace: Workspace, tmp_path: Path) -> None:
    _fill(service, workspace)
    url = "https://example.org/data/a.csv"

    def failure(*paths: str, kind: str = "file") -> str:
        saved = _saved(service, workspace, *paths, kind=kind)
        with pytest.raises((ServiceError, InvalidNameError)) as caught:
            dataset_paths.materialise(service, workspace, saved, tmp_path / "scratch")
        return str(caught.value)

    assert "neither a file nor a folder 'nope'" in failure("nope")
    assert "no files" in failure("in/nope*")
    assert "tabular" in failure("in", kind="tabular")
    assert "map this URL" in failure(url)
    assert "the machine that made it" in failure("file:///etc/passwd")
    assert "Could not find datastore: other" in failure("azureml://datastores/other/paths/x")
    assert "'..'" in failure("../x")
    assert "'..'" in failure("in/../../*")
    mapped = tmp_path / "a.csv"
    mapped.write_text("n")
    service.parts[dataset_sources.URL_MAP] = lambda asked: mapped if asked == url else None
    assert dataset_paths.materialise(service, workspace, _saved(service, workspace, url), tmp_path / "x") == mapped
    mapped = tmp_path / "mine.csv"
    mapped.write_text("n")
    found = dataset_paths.materialise(service, workspace, _saved(service, workspace, url), tmp_path / "x")
    assert (found, found.read_text()) == (tmp_path / "x" / "a.csv", "n")


def test_describe(workspace: Workspace) -> None:
    text = dataflow.compose([], [], dataflow.uri(workspace, "store", "a b/c"))
    kind, sources = dataset_paths.describe({"dataflowJson": dataflow.to_json(text)})
    assert kind == "file"
    assert [(item.how, item.datastore, item.path) for item in sources] == [("pattern", "store", "a b/c/**")]
    assert sources[0].scope == (SUBSCRIPTION, GROUP, "ws")


_TO_PATH = """
import json
from azureml.core import Dataset, Workspace
ws = Workspace.from_config()
store = ws.get_default_datastore()
def paths(dataset):
    try:
        return dataset.to_path()
    except Exception:
        return []
patterns = json.load(open("patterns.json"))
found = {path: paths(Dataset.File.from_files((store, path), validate=False)) for path in patterns}
found["several"] = paths(Dataset.File.from_files([(store, "in/sub"), (store, "in/a.csv")], validate=False))
whole = Dataset.File.from_files((store, "in"))
chosen = {
    "filter": whole.filter((whole.file_metadata("Size") > 8) & (whole.file_metadata("Extension") == ".csv")),
    "sample": whole.take_sample(0.5, seed=4), "split": whole.random_split(0.4, seed=9)[1],
    "take": whole.skip(1).take(2),
}
ids = {}
for name, dataset in chosen.items():
    found[name] = paths(dataset)
    ids[name] = dataset._ensure_saved(ws)
print(json.dumps([found, ids]))
"""


@pytest.mark.slow
def test_layout_is_that_of_the_dataset_engine(live: LiveService, tmp_path: Path) -> None:
    service = build_service(live.home)
    workspace = service.records.workspaces.ensure(SUBSCRIPTION, live.group, "ws")
    _fill(service, workspace)
    done = live.run(_TO_PATH, files={"patterns.json": json.dumps(PATTERNS)})
    found, ids = json.loads(done.stdout.strip().splitlines()[-1])
    for path in PATTERNS:
        content = {"paths": [{"pattern": dataflow.uri(workspace, storage.DEFAULT, path)}]}
        try:
            ours = ["/" + item.relative for item in dataset_paths.files(service, workspace, content)]
        except ServiceError:
            ours = []
        assert sorted(ours) == sorted(found[path]), path
    several = [{"pattern": dataflow.uri(workspace, storage.DEFAULT, path)} for path in ("in/sub", "in/a.csv")]
    ours = ["/" + item.relative for item in dataset_paths.files(service, workspace, {"paths": several})]
    assert ours == found["several"]
    for name, saved_id in ids.items():
        place = dataset_paths.materialise(service, workspace, saved_id, tmp_path / name)
        assert ["/" + item for item in _tree(place)] == sorted(found[name]), name


def test_a_dataset_engine_that_dies_without_a_word_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = tmp_path / "dead"
    dead.write_text("#!/bin/sh\nkill -KILL $$\n")
    dead.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(dead))
    with pytest.raises(ServiceError, match=r"cannot select the files: its process ended with -9"):
        dataset_paths._by_engine([], [{"sample": 1}])

"""Archives of published pipelines: what is rewritten for another workspace, and what a damaged one does: nothing."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.engine.snapshots import SnapshotFile
from amlbridge.server.assembly import build_service
from amlbridge.server.home import Home
from amlbridge.v1 import dataflow, dataset_records, environments, snapshots
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import archive_export, archive_format, archive_import, graphs, modules, published
from amlbridge.v1.pipelines.archive_import import Options
from amlbridge.wire import computes, storage
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import ServiceError

PLAIN = Options(None, {}, {})
SNAPSHOT = "5e3f8a52-9f0a-4b0e-8d0f-3d3f9a0c1b2e"


@dataclass
class Place:
    """A workspace of a service."""

    service: Service
    workspace: Workspace

    def call(self) -> Call:
        return Call(self.service, "POST", "/", {}, {}, {}, b"", None, _workspace=self.workspace)

    def add_compute(self, name: str) -> None:
        self.service.records.resources.put(self.workspace.id, computes.KIND, name, {"computeType": "AmlCompute"})

    def add_store(self, name: str) -> None:
        section = {"accountName": "account", "containerName": name}
        storage.register(self.service, self.workspace, name, storage.BLOB, section, {}, replace=True)

    def dataset(self, name: str, store: str, path: str) -> str:
        """Registers a file dataset. Returns the id of its name."""
        text = dataflow.compose([], [], dataflow.uri(self.workspace, store, path), is_file=True)
        made = dataset_records.of_yaml("file", text)
        return str(dataset_records.register(self.service, self.workspace, name, made).named.body["datasetId"])

    def reads(self, saved_id: str) -> str:
        made = dataset_records.saved(self.service, self.workspace, saved_id)
        return str(dataflow.load(made.yaml)["paths"][0]["file"])

    def imported(self, path: Path, options: Options = PLAIN) -> dict[str, Any]:
        return archive_import.import_archive(self.call(), path, options)

    def count(self) -> dict[str, int]:
        """How many documents there are of each kind that an import writes."""
        kinds = (published.KIND, graphs.KIND, modules.KIND, environments.KIND, dataset_records.SAVED)
        return {kind: self.service.records.resources.count(self.workspace.id, kind) for kind in kinds}

    def graph(self, pipeline_id: str) -> dict[str, Any]:
        pipeline = published.find(self.service, self.workspace, pipeline_id)
        assert pipeline is not None
        return self.service.records.resources.get(self.workspace.id, graphs.KIND, pipeline.body["GraphId"]).body


def place(folder: Path, name: str) -> Place:
    service = build_service(Home(folder))
    return Place(service, service.records.workspaces.ensure("sub", "group", name))


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Place]:
    made = place(tmp_path / "old", "first")
    yield made
    made.service.records.close()


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Place]:
    made = place(tmp_path / "new", "second")
    yield made
    made.service.records.close()


def publish(at: Place) -> Resource:
    """A step whose environment is only named, whose compute is a parameter, and that reads a registered dataset."""
    at.add_compute("cpu")
    at.add_store("lake")
    store = snapshots.store(at.service)
    files = [SnapshotFile(name, *store.add(io.BytesIO(content))) for name, content in _FILES.items()]
    store.name(at.workspace.id, SNAPSHOT, store.create(files), {"root": {"children": {}}})
    environments.ensure(at.service, at.workspace, "mine", {"python": {"condaDependencies": {"dependencies": ["six"]}}})
    registered = at.dataset("sales", "lake", "in/a.csv")
    body = {
        "Name": "step",
        "StorageId": SNAPSHOT,
        "ModuleExecutionType": "escloud",
        "StructuredInterface": {
            "Inputs": [{"Name": "table", "DataTypeIdsList": ["AnyFile"]}],
            "Outputs": [{"Name": "out", "DataTypeId": "AnyFile", "DataStoreName": "lake"}],
            "MetadataParameters": [{"Name": "Target"}, {"Name": "Script", "DefaultValue": "main.py"}],
        },
    }
    document = modules.document(at.call(), Fields(body, "module"))
    at.service.records.resources.put(at.workspace.id, modules.KIND, "m1", document)
    config = {"framework": "Python", "target": "cpu", "environment": {"name": "mine", "version": "1"}}
    target = {"Name": "Target", "ValueType": "GraphParameterName", "Value": "where"}
    reference = {"DataSetReference": {"Id": registered, "Version": "1"}}
    edge = {
        "SourceOutputPort": {"NodeId": "d", "PortName": "out"},
        "DestinationInputPort": {"NodeId": "n", "PortName": "table"},
    }
    graph = {
        "ModuleNodes": [
            {"Id": "n", "ModuleId": "m1", "ModuleMetadataParameters": [target], "Runconfig": json.dumps(config)}
        ],
        "DatasetNodes": [{"Id": "d", "DataSetDefinition": {"Value": reference}}],
        "Edges": [edge],
        "DefaultCompute": {"Name": "cpu"},
    }
    interface = {"Parameters": [{"Name": "where", "DefaultValue": "cpu", "Type": "3"}]}
    sent = {"Name": "p", "Version": "1.0", "Graph": graph, "GraphInterface": interface, "tags": {"a": "b"}}
    return published.create(at.service, at.workspace, Fields(sent, "the body"))


_FILES = {"main.py": b"print('hello')\n", "sub/data.bin": b"\0" * 100_000}


def export(at: Place, path: Path) -> dict[str, Any]:
    return archive_export.export(at.service, at.workspace, publish(at), path, overwrite=False)


def test_export_and_import_with_other_names(old: Place, new: Place, tmp_path: Path) -> None:
    path = tmp_path / "a.amlpipeline"
    told = export(old, path)
    assert told["needs"] == {"computes": ["cpu"], "datastores": ["lake"], "data": ["lake/in/a.csv"]}
    assert (told["environments"], told["datasets"]) == (["mine:1"], [{"name": "sales:1", "reads": ["lake/in/a.csv"]}])
    with pytest.raises(ServiceError, match="exists already"):
        archive_export.export(old.service, old.workspace, published_of(old, told), path, overwrite=False)

    new.add_compute("gpu")
    # Other things under the same names: version 1 of each means something else here.
    environments.ensure(new.service, new.workspace, "mine", {"python": {"interpreterPath": "python"}})
    new.dataset("sales", "workspaceblobstore", "other.csv")
    with pytest.raises(ServiceError) as caught:
        new.imported(path)
    for problem in ("no compute 'cpu' in the workspace second (it has: gpu)", "--compute cpu=NAME", "'lake'"):
        assert problem in caught.value.message
    before = new.count()
    assert before[published.KIND] == 0
    made = new.imported(path, Options("mine", {"cpu": "gpu"}, {"lake": "workspaceblobstore"}))
    assert made["environments"] == [{"name": "mine", "version": "2", "registered": True}]
    assert [item["name"] for item in made["datasets"]] == ["sales:2"]
    assert made["missing_data"] == ["workspaceblobstore/in/a.csv"]
    assert (made["name"], made["version"], made["exported_id"]) == ("mine", "1.0", told["pipeline"]["id"])

    stored = new.graph(made["id"])
    node = stored["Graph"]["ModuleNodes"][0]
    config = json.loads(node["Runconfig"])
    assert (config["target"], config["environment"]["version"]) == ("gpu", "2")
    assert stored["GraphInterface"]["Parameters"][0]["DefaultValue"] == "gpu"
    assert stored["Graph"]["DefaultCompute"]["Name"] == "gpu"
    value = stored["Graph"]["DatasetNodes"][0]["DataSetDefinition"]["Value"]
    assert value == {"DataSetReference": {"Name": "sales", "Version": "2"}}
    saved = dataset_records.get(new.service, new.workspace, "sales", "2").saved_id
    assert new.reads(saved) == dataflow.uri(new.workspace, "workspaceblobstore", "in/a.csv")
    module = modules.find(new.service, new.workspace, node["ModuleId"])
    assert module is not None and module["StructuredInterface"]["Outputs"][0]["DataStoreName"] == "workspaceblobstore"
    target = tmp_path / "checkout"
    snapshots.store(new.service).checkout(new.workspace.id, module["StorageId"], target)
    assert {name: (target / name).read_bytes() for name in _FILES} == _FILES


def published_of(at: Place, told: dict[str, Any]) -> Resource:
    found = published.find(at.service, at.workspace, told["pipeline"]["id"])
    assert found is not None
    return found


def test_importing_twice_keeps_one_of_everything_but_the_pipeline(old: Place, new: Place, tmp_path: Path) -> None:
    path = tmp_path / "a.amlpipeline"
    export(old, path)
    new.add_compute("cpu")
    new.add_store("lake")
    first, second = new.imported(path), new.imported(path)
    assert first["id"] != second["id"]
    assert [item["registered"] for item in second["environments"] + second["datasets"]] == [False, False]
    assert new.count()[environments.KIND] == new.count()[dataset_records.SAVED] == 1
    storage_ids = {
        item.body["StorageId"] for item in new.service.records.resources.list(new.workspace.id, modules.KIND)
    }
    assert len(storage_ids) == 1
    # Back where it came from: everything is there.
    again = old.imported(path)
    assert [item["registered"] for item in again["environments"] + again["datasets"]] == [False, False]


# -- damage ------------------------------------------------------------------------------------------------------------


def changed(source: Path, target: Path, change: Callable[[dict[str, bytes], dict[str, Any]], None]) -> Path:
    """The archive with other entries or another manifest."""
    with zipfile.ZipFile(source) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(entries.pop("manifest.json"))
    change(entries, manifest)
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        for name, content in entries.items():
            archive.writestr(name, content)
    return target


def _tree(manifest: dict[str, Any]) -> Any:
    return manifest["snapshots"][SNAPSHOT]["files"]


def _put(key: str, value: Any) -> Callable[[dict[str, bytes], dict[str, Any]], None]:
    return lambda entries, manifest: manifest.__setitem__(key, value)


def _rename(name: str) -> Callable[[dict[str, bytes], dict[str, Any]], None]:
    return lambda entries, manifest: _tree(manifest)[0].update(name=name)


def _corrupt(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
    name = f"content/{_tree(manifest)[0]['sha256']}"
    entries[name] = entries[name].replace(b"hello", b"HELLO")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_put("format_version", 2), "has the format version 2; this amlbridge reads 1"),
        (_put("format", "other"), "is not the archive of a published pipeline"),
        (_rename("../../evil.py"), "cannot be kept"),
        (_rename("/etc/evil"), "cannot be kept"),
        (_rename("a\\..\\b"), "cannot be kept"),
        (_rename("sub"), "as a file and as a folder"),
        (_rename("sub/data.bin"), "twice"),
        (_corrupt, "is not what was exported"),
        (lambda entries, manifest: entries.__setitem__("../evil", b"x"), "which its manifest does not name"),
        (lambda entries, manifest: entries.clear(), "lacks content/"),
        (lambda entries, manifest: _tree(manifest)[0].update(size=10**15), "the manifest says"),
        (lambda entries, manifest: _tree(manifest)[0].update(sha256="../x"), "is no SHA-256"),
        (lambda entries, manifest: manifest["modules"].clear(), "names a module that the archive does not hold"),
        (lambda entries, manifest: manifest["graph"]["Edges"].clear(), "is connected to nothing"),
        (_put("graph", []), "must be an object"),
    ],
)
def test_a_changed_archive_changes_nothing(
    old: Place, new: Place, tmp_path: Path, change: Callable[[dict[str, bytes], dict[str, Any]], None], problem: str
) -> None:
    export(old, tmp_path / "a.amlpipeline")
    bad = changed(tmp_path / "a.amlpipeline", tmp_path / "bad.amlpipeline", change)
    new.add_compute("cpu")
    new.add_store("lake")
    before = new.count()
    with pytest.raises(ServiceError) as caught:
        new.imported(bad)
    assert 400 <= caught.value.status < 500 and problem in caught.value.message, caught.value.message
    assert new.count() == before
    assert not list(tmp_path.rglob("*evil*"))


def test_what_is_no_archive(new: Place, tmp_path: Path) -> None:
    for name, content in {"empty": b"", "text": b"no archive", "zip": _zip({"a": b"b"})}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ServiceError) as caught:
            new.imported(tmp_path / name)
        assert caught.value.code == "InvalidArchive"
    for path, status in ((tmp_path / "missing", 404), (tmp_path, 404), (Path("relative"), 400)):
        with pytest.raises(ServiceError) as caught:
            new.imported(path)
        assert caught.value.status == status


def _zip(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Path, bytes]]:
    """A workspace that has what the archive needs, a file to write to, and the bytes of a good archive."""
    folder = tmp_path_factory.mktemp("fuzz")
    source = place(folder / "old", "first")
    export(source, folder / "good")
    source.service.records.close()
    target = place(folder / "new", "second")
    target.add_compute("cpu")
    target.add_store("lake")
    target.imported(folder / "good")
    yield target, folder / "bad", (folder / "good").read_bytes()
    target.service.records.close()


_fuzz = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)


@_fuzz
@given(data=st.data())
def test_any_damage_is_told(prepared: tuple[Place, Path, bytes], data: st.DataObject) -> None:
    at, path, good = prepared
    start = data.draw(st.integers(0, len(good) - 1))
    length = data.draw(st.integers(0, 200))
    path.write_bytes(good[:start] + data.draw(st.binary(max_size=200)) + good[start + length :])
    _import_or_refuse(at, path)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@_fuzz
@given(data=st.data())
def test_any_manifest_is_read_or_refused(prepared: tuple[Place, Path, bytes], data: st.DataObject) -> None:
    """One value of the manifest, however deep, is another one."""
    at, path, good = prepared

    def change(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
        item: Any = manifest
        while True:
            keys = sorted(item) if isinstance(item, dict) else range(len(item))
            key = data.draw(st.sampled_from(list(keys)))
            deeper = isinstance(item[key], dict | list) and len(item[key]) > 0
            if not deeper or data.draw(st.integers(0, 3)) == 0:
                item[key] = data.draw(_JSON)
                return
            item = item[key]

    source = path.with_name("good")
    source.write_bytes(good)
    _import_or_refuse(at, changed(source, path, change))


def _import_or_refuse(at: Place, path: Path) -> None:
    before = at.count()
    try:
        at.imported(path)
    except ServiceError as error:
        assert 400 <= error.status < 500 and error.message
        assert at.count() == before
    else:
        assert at.count()[published.KIND] == before[published.KIND] + 1


def test_large_files_are_streamed(tmp_path: Path) -> None:
    """Writing and checking an archive with a large file takes no memory of its size."""
    import hashlib
    import tracemalloc

    large = tmp_path / "large"
    with large.open("wb") as file:
        for index in range(64):
            file.write(bytes([index]) * 1024 * 1024)
    digest = hashlib.sha256(large.read_bytes()).hexdigest()
    files = [{"name": "large", "sha256": digest, "size": large.stat().st_size}]
    manifest = {"format": archive_format.FORMAT, "format_version": 1, "snapshots": {"s": {"files": files}}}
    tracemalloc.start()
    try:
        archive_format.write(tmp_path / "archive", manifest, {digest: large}, overwrite=False)
        with archive_format.opened(tmp_path / "archive", tmp_path) as archive, archive.content(digest) as content:
            assert content.read(2) == b"\0\0"
        assert tracemalloc.get_traced_memory()[1] < 16 * 1024 * 1024
    finally:
        tracemalloc.stop()

"""Files: each kind by what it holds; what cannot be read says why."""

from __future__ import annotations

import dataclasses
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from amlbridge.compare.files import models
from amlbridge.compare.files.compare import compare_files, compare_folders, compare_paths
from amlbridge.compare.references import Origin, References
from amlbridge.compare.result import Check, Verdict
from amlbridge.compare.rules import Rules
from amlbridge.compare.tolerance import parse

GUIDS = [f"{number:08x}-1111-2222-3333-444444444444" for number in range(4)]


class Pair:
    """Two files of one name."""

    def __init__(self, folder: Path) -> None:
        self.left, self.right = folder / "left", folder / "right"
        self.left.mkdir()
        self.right.mkdir()
        self.rules = Rules()
        self.references = References()

    def texts(self, name: str, left: str, right: str) -> Check:
        (self.left / name).write_text(left)
        (self.right / name).write_text(right)
        return self.check(name)

    def check(self, name: str) -> Check:
        return compare_files(self.left / name, self.right / name, name, self.rules, self.references)


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


def test_documents(pair: Pair) -> None:
    assert pair.texts("a.json", '{"x": 1.0, "y": [1]}', '{"y": [1],\n "x": 1.00000000000001}').verdict is Verdict.SAME
    check = pair.texts("a.json", '{"auc": 0.9, "n": {"k": [1, 2]}}', '{"auc": 0.901, "n": {"k": [1]}}')
    assert [(item.place, item.left, item.right) for item in check.differences] == [
        ("$.auc", "0.9", "0.901"),
        ("number of entries of $.n.k", "2", "1"),
    ]
    pair.rules = Rules(parse(("auc=abs:0.01",)))
    assert pair.check("a.json").count == 1
    assert pair.texts("a.yml", "a: 1\nb: [x]\n", "b:\n- x\na: 1\n").verdict is Verdict.SAME
    assert pair.texts("a.yml", "a: true\n", "a: 1\n").verdict is Verdict.DIFFERENT


def test_the_bytes_of_a_models_files_are_no_difference_of_its_description(pair: Pair) -> None:
    """Two pickles of one model need not be equally long."""
    model = "flavors:\n  sklearn:\n    pickled_model: model.pkl\nmodel_size_bytes: {}\n"
    assert pair.texts("MLmodel", model.format(316201), model.format(316276)).verdict is Verdict.SAME
    check = pair.texts("MLmodel", model.format(1), model.format(2).replace("model.pkl", "other.pkl"))
    assert [item.place for item in check.differences] == ["$[0].flavors.sklearn.pickled_model"]
    assert pair.texts("a.yml", model.format(1), model.format(2)).verdict is Verdict.DIFFERENT


def test_arrays(pair: Pair) -> None:
    def arrays(left: Any, right: Any) -> Check:
        np.save(pair.left / "a.npy", left)
        np.save(pair.right / "a.npy", right)
        return pair.check("a.npy")

    values = np.arange(6.0).reshape(2, 3)
    assert arrays(values, values * (1 + 1e-12)).verdict is Verdict.SAME
    off = values.copy()
    off[1, 2] += 1e-3
    check = arrays(values, off)
    assert (check.count, check.differences[0].place, check.spread[""]) == (1, "[1, 2]", pytest.approx(1e-3))
    assert arrays(values, values.astype(np.float32)).differences[0].place == "type"
    assert arrays(values, values.T).differences[0].place == "shape"
    assert arrays(np.array([np.nan]), np.array([np.nan, 1.0])[:1] * 1.0).verdict is Verdict.SAME
    np.savez(pair.left / "a.npz", x=values, y=values)
    np.savez(pair.right / "a.npz", x=values)
    assert pair.check("a.npz").differences[0].place == "array y"


def test_images_by_pixels(pair: Pair) -> None:
    picture = Image.new("RGB", (4, 3), (10, 20, 30))
    picture.save(pair.left / "a.png", compress_level=0)
    picture.save(pair.right / "a.png", compress_level=9)
    assert pair.check("a.png").verdict is Verdict.SAME
    picture.putpixel((2, 1), (11, 20, 30))
    picture.save(pair.right / "a.png")
    assert pair.check("a.png").differences[0].place == "pixel [1, 2, 0]"
    pair.rules = Rules(parse(("pixels*=abs:2",)))
    assert pair.check("a.png").verdict is Verdict.SAME


@pytest.mark.slow
def test_models_by_their_predictions(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.linear_model import LinearRegression

    rows = np.random.default_rng(0).normal(size=(30, 2))
    for folder, weight in ((pair.left, 1.0), (pair.right, 1.0 + 1e-13)):
        (folder / "m.pkl").write_bytes(pickle.dumps(LinearRegression().fit(rows, rows @ [weight, 2.0])))
    check = pair.check("m.pkl")
    assert check.verdict is Verdict.SAME, check
    assert "random rows" in check.facts["compared by"]
    for folder in (pair.left, pair.right):
        (folder / "registered.pkl").write_bytes((folder / "m.pkl").read_bytes())
    with monkeypatch.context() as patched:
        patched.setattr(models.PREDICTOR, "ask", None)
        assert pair.check("registered.pkl") == dataclasses.replace(check, subject="registered.pkl"), "asked once"
    (pair.right / "m.pkl").write_bytes(pickle.dumps(LinearRegression().fit(rows, rows @ [1.01, 2.0])))
    assert pair.check("m.pkl").verdict is Verdict.DIFFERENT
    (pair.left / "model").write_bytes(pickle.dumps({"w": 1.0}))
    (pair.right / "model").write_bytes(pickle.dumps({"w": 1.0}, protocol=2))
    assert pair.check("model").facts == {"compared by": "the values of a dict"}, "a file without a suffix"
    (pair.right / "m.pkl").write_bytes(b"cno_such_module\nModel\n.")
    check = pair.check("m.pkl")
    assert check.verdict is Verdict.NOT_COMPARED
    assert "there is no module no_such_module" in check.reason


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.json", b"{"), ("a.yml", b"a: [1"), ("a.npy", b"x"), ("a.npz", b"PK"), ("a.png", b"\x89PNG"), ("a.pkl", b"x"),
     ("a.parquet", b"PAR1"), ("a.json", b"\xff\xfe\x00")],
)  # fmt: skip
def test_what_cannot_be_read_is_not_compared_and_says_why(pair: Pair, name: str, content: bytes) -> None:
    (pair.left / name).write_bytes(content)
    (pair.right / name).write_bytes(content + b" ")
    check = pair.check(name)
    assert check.verdict is Verdict.NOT_COMPARED
    assert name in check.reason


def test_texts_and_bytes(pair: Pair) -> None:
    assert pair.texts("a.txt", "one\r\ntwo\r\n", "one\ntwo\n").verdict is Verdict.SAME
    check = pair.texts("a.txt", "one\ntwo\nthree\n", "one\n2\nthree\n")
    assert [(item.place, item.left, item.right) for item in check.differences] == [("line 2", "two", "2")]
    assert pair.texts("a.txt", "one\ntwo\n", "one\nnew\ntwo\n").differences[0].right == "new"
    (pair.left / "a.bin").write_bytes(b"\xff" * 10 + b"a")
    (pair.right / "a.bin").write_bytes(b"\xff" * 10 + b"b")
    assert pair.check("a.bin").differences[0].place == "byte 10"


def test_ids_paths_and_moments_of_the_run_are_no_difference_but_references_are(pair: Pair) -> None:
    def text(*ids: str, home: str, moment: str) -> str:
        return json.dumps({"run": ids[0], "of": ids[1], "again": ids[0], "path": f"{home}/x", "at": moment})

    pair.references = References(
        Origin({"/left/state": "<state>"}, began=1_700_000_000, ended=1_700_000_100),
        Origin({"/right/state": "<state>"}, began=1_800_000_000, ended=1_800_000_100),
    )
    left = text(GUIDS[0], GUIDS[1], home="/left/state", moment="2023-11-14T22:13:30Z")
    right = text(GUIDS[2], GUIDS[3], home="/right/state", moment="2027-01-15T08:00:10.5+00:00")
    assert pair.texts("a.json", left, right).verdict is Verdict.SAME
    crossed = text(GUIDS[2], GUIDS[2], home="/right/state", moment="2027-01-15T08:00:10Z")
    assert [item.place for item in pair.texts("a.json", left, crossed).differences] == ["$.of"]
    other_day = text(GUIDS[2], GUIDS[3], home="/right/state", moment="2020-01-01T00:00:00Z")
    assert [item.place for item in pair.texts("a.json", left, other_day).differences] == ["$.at"]


def test_files_without_a_suffix_are_compared_by_what_they_hold(pair: Pair) -> None:
    """Outputs of steps that are one file. Keys that are ids stand for each other."""
    scores = {"auc": [0.9], "acc": [0.8]}
    left, right = ({f"{name}/0": scores, f"{name}/1": scores} for name in GUIDS[:2])
    assert pair.texts("metrics", json.dumps(left), json.dumps(right)).verdict is Verdict.SAME
    right[f"{GUIDS[1]}/1"] = {"auc": [0.7], "acc": [0.8]}
    check = pair.texts("metrics", json.dumps(left), json.dumps(right))
    assert [(item.left, item.right) for item in check.differences] == [("0.9", "0.7")]
    assert pair.texts("notes", "{no json", "{no JSON").differences[0].place == "line 1"


def test_folders(pair: Pair) -> None:
    for folder, names in (
        (pair.left, ["a.txt", "sub/b.txt", "only.txt"]),
        (pair.right, ["a.txt", "sub/b.txt", "new.txt"]),
    ):
        for name in names:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text("x")
    checks = {check.subject: check for check in compare_folders(pair.left, pair.right, "out", Rules(), References())}
    assert {name: check.verdict for name, check in checks.items()} == {
        "out: a.txt": Verdict.SAME,
        "out: sub/b.txt": Verdict.SAME,
        "out: only.txt": Verdict.DIFFERENT,
        "out: new.txt": Verdict.DIFFERENT,
    }
    assert checks["out: only.txt"].reason == "the file is missing on the right"
    (check,) = compare_paths(pair.left, pair.right / "a.txt", "out", Rules(), References())
    assert check.verdict is Verdict.DIFFERENT
    (check,) = compare_paths(pair.left / "no", pair.right / "no", "out", Rules(), References())
    assert check.verdict is Verdict.NOT_COMPARED


@pytest.mark.parametrize("order", [("made", "gone"), ("gone", "made")])
def test_an_empty_folder_and_none_hold_the_same(tmp_path: Path, order: tuple[str, str]) -> None:
    (tmp_path / "made" / "deep").mkdir(parents=True)
    paths = [tmp_path / name for name in order]
    (check,) = compare_paths(*paths, "output", Rules(), References())
    assert check.verdict is Verdict.SAME
    (tmp_path / "made" / "deep" / "a.txt").write_text("a")
    (check,) = compare_paths(*paths, "output", Rules(), References())
    assert check.verdict is Verdict.DIFFERENT

"""What a client knew of a workspace before a copy of it was used, it knows afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.cli import client_cache


def test_snapshots_of_a_copy_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    known, gone, new = (tmp_path / ".azureml" / ".projectcontent" / name / "latestsnapshot" for name in "abc")
    for path in (known, gone, new):
        path.parent.mkdir(parents=True)
    known.write_text("before")
    gone.write_text("gone")
    with pytest.raises(RuntimeError), client_cache.kept():
        known.write_text("after")
        gone.unlink()
        new.write_text("new")
        raise RuntimeError
    assert known.read_text() == "before"
    assert gone.read_text() == "gone"
    assert not new.exists()

"""Which files a run looks at."""

from __future__ import annotations

from pathlib import Path

from amlbridge.migrate.discover import discover


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def names(folder: Path, *paths: str, exclude: tuple[str, ...] = ()) -> list[str]:
    found = discover([folder / path for path in paths or [""]], exclude)
    return [path.relative_to(folder).as_posix() for path in found.files]


def test_code_and_its_surroundings_in_order(tmp_path: Path) -> None:
    make(tmp_path, "b.py", "a/c.ipynb", "a/b.PY", "conda.yml", "requirements.txt", "Dockerfile", "x.png", "y.csv")
    assert names(tmp_path) == ["Dockerfile", "a/b.PY", "a/c.ipynb", "b.py", "conda.yml", "requirements.txt"]


def test_folders_that_hold_no_code_of_the_users(tmp_path: Path) -> None:
    make(tmp_path, ".git/a.py", ".venv/a.py", "node_modules/a.py", "x/__pycache__/a.py", "env/pyvenv.cfg", "env/a.py")
    make(tmp_path, "a/.ipynb_checkpoints/b.ipynb", "kept/a.py", ".azureml/local.runconfig")
    assert names(tmp_path) == [".azureml/local.runconfig", "kept/a.py"]


def test_exclude(tmp_path: Path) -> None:
    make(tmp_path, "legacy/a.py", "src/legacy_a.py", "src/b.py", "src/gen_pb2.py")
    assert names(tmp_path, exclude=("legacy/*", "*_pb2.py")) == ["src/b.py", "src/legacy_a.py"]
    assert names(tmp_path, exclude=("legacy",)) == ["src/b.py", "src/gen_pb2.py", "src/legacy_a.py"]


def test_a_file_that_is_named_is_taken_and_comes_once(tmp_path: Path) -> None:
    make(tmp_path, "script", "a.py")
    assert names(tmp_path, "script", "a.py", "") == ["script", "a.py"]


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    found = discover([tmp_path / "nothing.py"])
    assert (found.files, [path.name for path in found.problems]) == ([], ["nothing.py"])

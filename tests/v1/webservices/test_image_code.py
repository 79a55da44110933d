"""Where the scoring script lies in the archives of an image."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.v1.webservices.files import Asset, place
from amlbridge.v1.webservices.image_code import placed, script_of
from amlbridge.wire.errors import ServiceError

_DRIVER = (
    "import os\nscript_location = os.path.join(os.path.dirname(os.path.realpath(__file__)), {!r})\ndef init(): pass\n"
)


@given(st.lists(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), min_size=1, max_size=3))
def test_the_script_of_the_clients_driver_is_found(parts: list[str]) -> None:
    path = "/".join(parts) + ".py"
    assert script_of(_DRIVER.format(path)) == path
    assert script_of(_DRIVER.format(path.replace("/", "\\"))) == path
    assert script_of(_DRIVER.format(f"/{path}")) == path


def test_a_driver_may_be_the_script_itself() -> None:
    assert script_of("script_location = 'x.py'\ndef init(): pass\ndef run(data): return data\n") is None
    with pytest.raises(ServiceError, match="driver program of the image cannot be read"):
        script_of("def init(:\n")


def _archive(folder: Path, name: str, root: str, *members: str) -> Asset:
    source = folder / "empty"
    source.touch()
    with tarfile.open(folder / name, "w:gz") as tar:
        if members:
            entry = tarfile.TarInfo(root)
            entry.type = tarfile.DIRTYPE
            tar.addfile(entry)
        for member in members or ("",):
            tar.add(source, f"{root}/{member}".rstrip("/"))
    return Asset(folder / name, unpack=True)


@pytest.mark.parametrize(
    ("script", "roots", "found"),
    [
        # as the client of today writes it: whole paths of the user's machine
        ("score.py", ["home/me/work/score.py", "home/me/work/lib/", "home/me/x.py"], ["lib/a.py", "score.py", "x.py"]),
        # older clients and InferenceConfig: paths relative to where the script is
        ("src/score.py", ["src/"], ["src/a.py", "src/score.py"]),
        ("score.py", ["score.py", "lib/"], ["lib/a.py", "score.py"]),
        # the whole folder as a dependency of the script
        ("score.py", ["home/me/work/score.py", "home/me/work/"], ["a.py", "score.py"]),
    ],
)
def test_what_belongs_to_the_users_machine_is_left_out(
    tmp_path: Path, script: str, roots: list[str], found: list[str]
) -> None:
    assets = []
    for number, root in enumerate(roots):
        members = ["a.py"] if root.endswith("/") else []
        members += [script.rpartition("/")[2]] if root.endswith("/") and script.startswith(root) else []
        assets.append(_archive(tmp_path, f"{number}.tar.gz", root.rstrip("/"), *members))
    target = tmp_path / "target"
    target.mkdir()
    place(placed(assets, script), target)
    assert sorted(path.relative_to(target).as_posix() for path in target.rglob("*.py")) == found


def _with_link(folder: Path, name: str, base: str = "code/") -> Asset:
    source = folder / "source"
    source.mkdir()
    (source / "score.py").write_text("x")
    (source / name).symlink_to(folder, target_is_directory=True)
    with tarfile.open(folder / "code.tar.gz", "w:gz") as tar:
        tar.add(source, "code")
    return Asset(folder / "code.tar.gz", unpack=True, base=base)


@pytest.mark.parametrize("base", ["code/", ""])
@pytest.mark.parametrize("name", ["outputs", "logs"])
def test_folders_of_a_step_that_are_links_are_left_out(tmp_path: Path, name: str, base: str) -> None:
    target = tmp_path / "target"
    target.mkdir()
    place([_with_link(tmp_path, name, base)], target)
    assert [path.name for path in target.rglob("*") if not path.is_dir()] == ["score.py"]


def test_other_links_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="data, which is neither a file nor a folder"):
        place([_with_link(tmp_path, "data")], tmp_path / "target")

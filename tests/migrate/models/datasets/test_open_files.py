"""Files of Azure Open Datasets that are taken in part: the converted code runs against files of this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import fsspec
import pytest
from fsspec.asyn import AsyncFileSystem

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = "from azureml.opendatasets import OjSalesSimulated\n\n"
GET = "sales = OjSalesSimulated.get_file_dataset()\n"
MAYBE = GET + 'if wanted:\n    sales = sales.take(wanted)\nsales.download("data")\n'


class Account(AsyncFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A storage account in a folder: what fsspec does with many files of one is fsspec's own code."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    async def _info(self, path: str, **_options: object) -> dict[str, object]:
        place = self.folder / path
        if not place.exists():
            raise FileNotFoundError(path)
        return {"name": path.strip("/"), "size": 1, "type": "directory" if place.is_dir() else "file"}

    async def _ls(self, path: str, detail: bool = True, **_options: object) -> list[object]:
        names = [str(place.relative_to(self.folder)) for place in (self.folder / path).iterdir()]
        return [await self._info(name) if detail else name for name in names]

    async def _get_file(self, source: str, target: str, **_options: object) -> None:
        shutil.copy(self.folder / source, target)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in; what fsspec finds of the public account lies on this machine."""
    stored = tmp_path / "account" / "ojsales-simulatedcontainer" / "oj_sales_data"
    stored.mkdir(parents=True)
    for name in ("b.csv", "a.csv", "d.csv", "c.csv", "read.me"):
        (stored / name).write_text(name)
    monkeypatch.setattr(fsspec, "filesystem", lambda *_name, **_options: Account(tmp_path / "account"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def _run(code: str) -> dict[str, object]:
    text = convert(HEAD + code).text
    assert "azureml" not in text
    names: dict[str, object] = {}
    exec(text, names)
    return names


@pytest.mark.parametrize(
    ("code", "files"),
    [
        (GET + 'sales = sales.take(2)\nsales.download("data", overwrite=True)\n', ["a.csv", "b.csv"]),
        (GET + 'some = sales.take(count=1)\nsome.download(target_path="data")\n', ["a.csv"]),
        (GET + 'sales.skip(1).take(2).download("data")\n', ["b.csv", "c.csv"]),
        ("wanted = 3\n" + MAYBE, ["a.csv", "b.csv", "c.csv"]),
        ("wanted = 0\n" + MAYBE, ["a.csv", "b.csv", "c.csv", "d.csv"]),
    ],
)
def test_the_first_files_by_name_are_downloaded(code: str, files: list[str], here: Path) -> None:
    _run(code)
    assert sorted(path.name for path in (here / "data").iterdir()) == files
    assert all((here / "data" / name).read_text() == name for name in files)


@pytest.mark.parametrize(
    "code",
    [
        GET + 'if True:\n    sales = sales.take(2)\npaths = sales.download("data", overwrite=True)\n',
        'paths = OjSalesSimulated.get_file_dataset().take(2).download("data")\n',
        "import os\n" + GET + 'paths = sales.take(2).download(os.path.join(".", "data"))\n',
    ],
)
def test_the_places_of_the_files_are_what_it_gives(code: str, here: Path) -> None:
    paths = _run(code)["paths"]
    assert isinstance(paths, list)
    assert [Path(path).resolve() for path in paths] == [here / "data" / "a.csv", here / "data" / "b.csv"]
    assert [Path(path).read_text() for path in paths] == ["a.csv", "b.csv"]


def test_the_places_of_all_files(here: Path) -> None:
    paths = _run(GET + 'paths = sales.download("data")\n')["paths"]
    assert isinstance(paths, list) and len(paths) == 4 and all(Path(path).is_file() for path in paths)


@pytest.mark.parametrize(
    "code",
    [
        GET + 'print(sales)\nsales = sales.take(2)\nsales.download("data")\n',
        GET + 'some = sales.take(2)\nuse(some)\nsome.download("data")\n',
        GET + 'if mine:\n    sales = lookup()\nsales = sales.take(2)\nsales.download("data")\n',
        GET + "self.sales = sales.take(2)\n",
        GET + 'print(sales.take(2).download("data"))\n',
        GET + 'sales = sales.take(2)\nsales = sales.download("data")\n',
        GET + "sales = sales.take(2)\nsales.download()\n",
    ],
)
def test_what_else_is_done_with_them_keeps_them(code: str) -> None:
    """A list of paths is no dataset."""
    found = convert(HEAD + code)
    assert "OjSalesSimulated.get_file_dataset()" in found.text and "fsspec" not in found.text.replace(
        "fsspec lists", ""
    )
    assert any(finding.status in (Status.MANUAL, Status.NO_EQUIVALENT) for finding in found.findings)


def test_a_download_of_all_files_names_them_itself() -> None:
    text = convert(HEAD + GET + 'sales.download("data", overwrite=True)\n').text
    assert '.get(\n    "ojsales-simulatedcontainer/oj_sales_data/*.csv", "data"\n)' in text and ".glob(" not in text

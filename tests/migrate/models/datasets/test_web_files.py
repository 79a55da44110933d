"""Files at addresses of the web: where the converted code puts them is where SDK v1 did."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

_HEAD = "from azureml.core import Dataset\n"
_ONE, _TWO = "https://files.example/scans/a.gz", "https://files.example/scans/more/b.gz"
#: What SDK v1 made of the two addresses (azureml-core 1.60 with azureml-dataprep-rslex, from a server on this machine).
_PLACES = ["https%3A/%2Ffiles.example/scans/a.gz", "https%3A/%2Ffiles.example/scans/more/b.gz"]


def _ran(code: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> dict[str, object]:
    found = convert(_HEAD + code)
    assert "azureml.core" not in found.text and "azure.ai.ml" not in found.text, found.text
    monkeypatch.chdir(folder)
    monkeypatch.setattr("urllib.request.urlretrieve", lambda url, file: Path(file).write_text(url))
    names: dict[str, object] = {}
    exec(compile(found.text, "converted.py", "exec"), names)
    return names


@pytest.mark.parametrize("given", [repr([_ONE, _TWO]), "urls"])
def test_several_files_are_in_folders_named_after_their_addresses(
    given: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code = f"urls = ['{_ONE}', '{_TWO}']\nscans = Dataset.File.from_files({given})\n"
    code += "scans.download('in', overwrite=True)\nagain = scans.download('again')\nlisted = scans.to_path()\n"
    names = _ran(code, monkeypatch, tmp_path)
    assert [(tmp_path / "in" / place).read_text() for place in _PLACES] == [_ONE, _TWO]
    assert names["again"] == [str(tmp_path / "again" / place) for place in _PLACES]
    assert names["listed"] == [f"/{place}" for place in _PLACES]


def test_a_single_file_is_in_the_folder_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code = f"scan = Dataset.File.from_files(path='{_ONE}')\nscan.download('in')\n"
    code += "first = scan.download(target_path='again', overwrite=True)[0]\nlisted = scan.to_path()\n"
    names = _ran(code, monkeypatch, tmp_path)
    assert (tmp_path / "in" / "a.gz").read_text() == _ONE
    assert names["first"] == str(tmp_path / "again" / "a.gz") and names["listed"] == ["/a.gz"]


def test_a_dataset_that_is_registered_as_well_is_one_still() -> None:
    code = f"scans = Dataset.File.from_files(['{_ONE}', '{_TWO}'])\nscans.download('in')\nscans.register(ws, 'scans')\n"
    found = convert(_HEAD + code)
    assert 'scans = Data(path="scans_mltable", type="mltable")' in found.text and "urlretrieve(" in found.text


@pytest.mark.parametrize("address", [f"{_ONE}?raw=1", "https://files.example:8080/a.gz"])
def test_an_address_whose_place_nobody_knows_stays(address: str) -> None:
    found = convert(f"{_HEAD}scan = Dataset.File.from_files('{address}')\nscan.download('in')\n")
    assert any(finding.status is Status.MANUAL for finding in found.findings) and "scan.download(" in found.text

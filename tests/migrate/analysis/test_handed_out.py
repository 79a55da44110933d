"""What leaves the code that is seen, and is another thing in SDK v2, is told of."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
import copy
import logging
import pickle
from functools import partial
import tools
from tools import use
from azureml.core import Dataset, Environment, Experiment, Workspace

ws = Workspace.from_config()
trial = Experiment(ws, "e")
data = Dataset.get_by_name(ws, "d")
place = Environment.get(ws, "n")
"""
LINE = HEAD.count("\n") + 1


def _told(code: str) -> list[tuple[int, str]]:
    found = convert(HEAD + code)
    told = [finding for finding in found.findings if finding.line >= LINE and "is not seen here" in finding.message]
    assert all(finding.status is Status.REVIEW for finding in told)
    return [(finding.line - LINE + 1, finding.symbol) for finding in told]


@pytest.mark.parametrize(
    "code",
    [
        "use(trial)\n",
        "use(1, experiment=trial)\n",
        'use([trial], {"a": trial})\n',
        "tools.Maker().fill(trial)\n",
        "made = tools.Maker()\nmade.kept.put(trial)\n",
        "held = tools.Maker()\nheld.trial = trial\n",
        'tools.registry["a"] = trial\n',
        "partial(use, trial)()\n",
        "pickle.dump(trial, open('f', 'wb'))\n",
        "vars(trial)\n",
        "getattr(trial, tools.name)\n",
        "getattr(trial, 'name', None)\n",
        "made = copy.deepcopy(trial)\nmade.tag('a', 'b')\n",
        "setattr(tools, 'trial', trial)\n",
        "def go(callback):\n    callback(trial)\n",
        "def go(callback):\n    callback.started(trial)\n",
    ],
)
def test_what_other_code_gets(code: str) -> None:
    assert [symbol for _line, symbol in _told(code)] == ["Experiment"]


def test_it_says_what_that_gets_now() -> None:
    found = convert(HEAD + "use(trial)\nuse(data)\nuse(ws)\n")
    told = [finding.message for finding in found.findings if finding.line >= LINE]
    assert told == [
        "use is given an experiment's name now, and is not seen here: it has to take one",
        "use is given data of SDK v2 now, and is not seen here: it has to take one",
        "use is given an MLClient now, and is not seen here: it has to take one",
    ]


def test_each_function_is_told_of_once_for_each_type() -> None:
    assert _told("use(trial)\nuse(trial)\nuse(place)\ntools.use(trial)\n") == [
        (1, "Experiment"),
        (3, "Environment"),
        (4, "Experiment"),
    ]


@pytest.mark.parametrize(
    "code",
    [
        "print(trial, str(trial), f'{trial}')\nlogging.info('%s', trial)\n",
        "def go(found):\n    found.append(trial)\n",
        "def go(held):\n    return held\n\ngo(trial)\n",
        "use(trial.name, data.name)\n",
        "kept = []\nkept.append(trial)\nlen(kept)\n",
        "if trial is not None:\n    use(1)\n",
        "def test_go(mocker):\n    mocker.patch('a.b', return_value=trial)\n",
        "from easydict import EasyDict as edict\nheld = edict({'trial': trial})\n",
    ],
)
def test_what_takes_anything_is_not(code: str) -> None:
    assert _told(code) == []


def test_what_stays_sdk_v1_is_what_it_was() -> None:
    assert _told("from azureml.data import OutputFileDatasetConfig\nuse(OutputFileDatasetConfig(name='out'))\n") == []

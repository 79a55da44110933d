"""An environment has one version of Python, wherever the code names it."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tests.migrate.rules.support import convert

_HEAD = """\
import sys
from azureml.core.conda_dependencies import CondaDependencies

packages = CondaDependencies()
"""


@pytest.mark.parametrize(
    ("lines", "version"),
    [
        ('if sys.argv:\n    packages.add_conda_package("python=3.7")\n', "3.7"),
        ('if not sys.argv:\n    packages.add_conda_package("python=3.7")\n', "3.10"),
        ('for name in ["python=3.8", "numpy"]:\n    packages.add_conda_package(name)\n', "3.8"),
        ('for name in ["numpy", "python-dateutil"]:\n    packages.add_conda_package(name)\n', "3.10"),
        ('for name in "python=3.8 numpy".split():\n    packages.add_conda_package(name)\n', "3.8"),
        ('for name in "numpy scipy".split():\n    packages.add_conda_package(name)\n', "3.10"),
        (
            'for name in ["python-dateutil"]:\n    packages.add_conda_package(name)\n'
            'if sys.argv:\n    packages.set_python_version("3.9")\n',
            "3.9",
        ),
    ],
)
def test_a_version_takes_the_place_of_the_one_before(lines: str, version: str) -> None:
    made: dict[str, Any] = {"sys": sys}
    exec(convert(_HEAD + lines).text, made)
    listed = made["packages"]["dependencies"]
    assert [part for part in listed if str(part).startswith("python=")] == [f"python={version}"]
    assert ("python-dateutil" in listed) is ("dateutil" in lines) and isinstance(listed[-1], dict)

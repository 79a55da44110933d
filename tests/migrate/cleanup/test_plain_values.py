"""Values that only code of SDK v1 read go with it; what may be meant for others stays."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Workspace
from azureml.core.compute import AksCompute, ComputeTarget

ws = Workspace.from_config()
"""
MADE = """\
config = AksCompute.provisioning_configuration()
target = ComputeTarget.create(ws, cluster, config)
"""


def lines_of(text: str) -> list[str]:
    return convert(HEAD + text).text.splitlines()


def test_a_name_that_nothing_reads_any_more() -> None:
    found = lines_of(f'stage = "test"\ncluster = f"serving-{{stage}}"\n{MADE}')
    assert not any(line.startswith(("cluster", "stage", "target")) for line in found), found


@pytest.mark.parametrize(
    "said",
    [
        'cluster = "serving"\nprint(cluster)',
        '# What the others call it.\ncluster = "serving"',
        'cluster = "serving"  # asked for',
        "cluster = find_name()",
        '__all__ = ["cluster"]\ncluster = "serving"',
        'cluster = "serving"\nprint(globals())',
        'cluster = "serving"\ndel cluster',
    ],
)
def test_what_stays(said: str) -> None:
    wanted = next(line for line in said.splitlines() if line.startswith("cluster ="))
    before, _, deleted = said.partition("\ndel ")
    assert wanted in lines_of(f"{before}\n{MADE}" + (f"del {deleted}\n" if deleted else ""))


def test_what_a_function_reads_may_be_a_setting_of_the_module() -> None:
    made = "".join(f"    {line}\n" for line in MADE.splitlines())
    assert 'cluster = "serving"' in lines_of(f'cluster = "serving"\n\n\ndef create():\n{made}    return 1\n')


def test_what_was_never_read_stays() -> None:
    assert 'spare = "x"' in lines_of(f'spare = "x"\ncluster = "serving"\n{MADE}')


def test_another_name_of_an_object_is_no_plain_value() -> None:
    """The variable has a new name in the new code, which its assignment gives it."""
    text = convert(
        """\
from azureml.core import Environment, Workspace


def registered(current_workspace, name):
    ws = current_workspace
    if name not in Environment.list(workspace=ws):
        Environment(name).register(workspace=ws)
    return Environment.get(ws, name)


registered(Workspace.from_config(), "a")
"""
    ).text
    assert "    ml_client = current_workspace\n" in text

"""What a step says of itself: its run definition and its environment."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService
from tests.v1.pipelines.scripts import FILES, HEAD, lines

pytestmark = pytest.mark.slow


def test_a_step_shows_its_definition_and_its_environment(live: LiveService) -> None:
    done = live.run(
        HEAD
        + """
from azureml.core import Environment
from azureml.core.conda_dependencies import CondaDependencies
def configured(package, name=None):
    config = RunConfiguration(conda_dependencies=CondaDependencies.create(pip_packages=[package]))
    if name:
        config.environment.name = name
    return config
level = PipelineParameter("level", 3)
data = DatasetConsumptionConfig("rows", Dataset.File.upload_directory("in", (store, "in")), mode="mount")
made = OutputFileDatasetConfig("made")
mine = step("ok.py", "mine", arguments=["--level", level, "--in", data, "--out", made], inputs=[],
            runconfig=configured("six", "named"))
other = step("ok.py", "other", runconfig=configured("attrs", "named"))
plain = step("ok.py", "plain")
shell = CommandStep(command=["echo", "hello"], name="shell", compute_target=cpu, runconfig=configured("six"))
finished = run([mine, other, plain, shell], {"level": 7})
found = {item.name: item for item in finished.get_steps()}
for name in ("mine", "other", "mine", "plain", "shell"):
    definition = found[name].get_details()["runDefinition"]
    print("DEFINITION", name, [definition[key] for key in ("script", "command", "arguments", "target", "nodeCount")])
for name in ("mine", "other", "mine", "other", "plain", "shell"):
    environment = found[name].get_environment()
    pips = list(environment.python.conda_dependencies.pip_packages)
    print("ENVIRONMENT", name, environment.name, environment.version, pips)
print("VERSIONS", Environment.get(ws, "named").version, finished.get_status())
attempt("PIPELINE", finished.get_environment)
""",
        files={**FILES, "in/a.csv": "a\n1\n"},
        workspace="definitions",
    ).stdout
    arguments = "['--level', '7', '--in', '$AZUREML_DATAREFERENCE_rows', '--out', '$AZUREML_DATAREFERENCE_made']"
    first = f"mine ['ok.py', '', {arguments}, 'cpu', 1]"
    assert lines(done, "DEFINITION") == [
        first,
        "other ['ok.py', '', [], 'cpu', 1]",
        first,
        "plain ['ok.py', '', [], 'cpu', 1]",
        "shell [None, 'echo hello', [], 'cpu', 1]",
    ]
    said = [line.split(" ", 3) for line in lines(done, "ENVIRONMENT")]
    # Two environments of one name are two versions of it, however often they are asked for.
    assert [line[0:3] for line in said[:4]] == [
        ["mine", "named", "1"],
        ["other", "named", "2"],
        ["mine", "named", "1"],
        ["other", "named", "2"],
    ]
    assert "six" in said[0][3] and "attrs" in said[1][3]
    assert said[5][3].startswith("['six")
    assert lines(done, "VERSIONS") == ["2 Finished"]
    assert "no run definition" in lines(done, "PIPELINE")[0]

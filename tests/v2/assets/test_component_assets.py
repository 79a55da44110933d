"""The real v2 client registers components with their code."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService
from tests.v2.assets.scripts import script

pytestmark = pytest.mark.slow

FILES = {
    "train.yml": """
        name: train_it
        display_name: Train It
        type: command
        inputs:
          rate: {type: number, default: 0.1}
          data: {type: uri_folder, optional: true}
        outputs:
          model: {type: uri_folder}
        code: ./source
        environment: azureml://registries/azureml/environments/sklearn-1.5/labels/latest
        command: python a.py ${{inputs.rate}} $[[--data ${{inputs.data}}]] ${{outputs.model}}
        """,
    "parallel.yml": """
        name: score_all
        type: parallel
        inputs:
          files: {type: uri_folder}
        outputs:
          scored: {type: uri_folder}
        input_data: ${{inputs.files}}
        mini_batch_size: "2"
        task:
          type: run_function
          code: ./source
          entry_script: a.py
          environment: azureml:AzureML-sklearn-1.0-ubuntu20.04-py38-cpu@latest
        """,
    "pipeline.yml": """
        type: pipeline
        name: all_of_it
        inputs:
          rate: {type: number, default: 0.5}
        outputs:
          model: {type: uri_folder}
        jobs:
          train:
            type: command
            component: ./train.yml
            inputs: {rate: "${{parent.inputs.rate}}"}
            outputs: {model: "${{parent.outputs.model}}"}
        """,
    "source/a.py": "print(1)\n",
    "source/lib/b.py": "x = 1\n",
}


def test_components(live: LiveService) -> None:
    done = live.run(
        script(
            """
            client.environments.create_or_update(Environment(name="e", version="3", image="i"))
            made = command(name="prep", display_name="Prep", code="source", environment="e:3",
                           command="python a.py ${{inputs.x}} ${{outputs.o}}",
                           inputs={"x": Input(type="number")},
                           outputs={"o": Output(type="uri_folder", mode="rw_mount")})
            first = client.create_or_update(made.component)
            second = client.create_or_update(made.component)
            print(first.version, second.version, first.code == second.code, first.environment.split("/")[-3:])
            train = client.create_or_update(load_component("train.yml"))
            print(train.version, train.code == first.code, train.environment)
            print(client.components.get("prep").version, client.components.get("prep", version="1").command)
            print([(item.name, item.latest_version) for item in client.components.list()])
            print([item.version for item in client.components.list("prep")])
            client.components.archive("prep", version="2")
            print(client.components.get("prep").version, [item.version for item in client.components.list("prep")])
            client.components.restore("prep", version="2")
            parallel = client.components.create_or_update(load_component("parallel.yml"))
            print(parallel.version, parallel.type, parallel.task["code"] == first.code)
            pipeline = client.components.create_or_update(load_component("pipeline.yml"))
            print(pipeline.version, pipeline.type, sorted(pipeline.jobs))
            print([item.name for item in client.components.list()])
            stays = load_component("train.yml")
            stays.version, stays.description = "1", "said better"
            print(client.components.create_or_update(stays).description)
            stays.command = "python b.py"
            print(error(client.components.create_or_update, stays))
            client.components.download("prep", version="1", download_path="got")
            print(below("got"))
            print(client.components.create_or_update(load_component("parallel.yml"), skip_if_no_change=True).version)
            print(error(client.components.get, "none"))
            client.components.archive("prep")
            print("prep" in [item.name for item in client.components.list()], client.components.get("prep").version)
            """
        ),
        files=FILES,
    ).stdout.splitlines()
    assert done[0] == "1 2 True ['e', 'versions', '3']"
    assert done[1] == "1 True azureml://registries/azureml/environments/sklearn-1.5/labels/latest"
    assert done[2] == "2 python a.py ${{inputs.x}} ${{outputs.o}}"
    assert done[3:6] == ["[('train_it', '1'), ('prep', '2')]", "['2', '1']", "1 ['1']"]
    assert done[6] == "1 parallel True"
    assert done[7] == "1 pipeline ['train']"
    assert done[8] == "['all_of_it', 'score_all', 'prep', 'train_it']"
    assert done[9] == "said better"
    assert "400 (UserError) Component train_it version 1 already exists with another definition (command" in done[10]
    assert "'code/a.py', 'code/lib/b.py', 'component_spec.yaml'" in done[11]
    assert done[12] == "1"
    assert done[13].startswith("ResourceNotFoundError 404")
    assert done[14] == "False 2"

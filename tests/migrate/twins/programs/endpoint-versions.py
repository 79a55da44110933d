import json

import requests
from azureml.core import Environment, Workspace
from azureml.core.model import InferenceConfig, Model
from azureml.core.webservice import AksEndpoint, Webservice

ws = Workspace.from_config()
inference = InferenceConfig("score.py", source_directory="serving", environment=Environment.get(ws, "ridge"))
endpoint = Model.deploy(
    ws,
    "answers",
    [Model(ws, "ridge")],
    inference,
    AksEndpoint.deploy_configuration(version_name="main", description="two answers", compute_target_name="cpu"),
)
endpoint.wait_for_deployment(show_output=True)
key, _ = endpoint.get_keys()


def answering():
    found = set()
    for _ in range(40):
        answer = requests.post(endpoint.scoring_uri, json={"data": [2]}, headers={"Authorization": "Bearer " + key})
        found.add((answer.headers["azureml-model-deployment"], str(answer.json())))
    return sorted(found)


print("=", answering())
endpoint.create_version(
    version_name="other", models=[Model(ws, "ridge")], inference_config=inference, traffic_percentile=50
)
endpoint.wait_for_deployment(show_output=True)
print("=", sorted(endpoint.versions), answering())
endpoint.update_version("other", is_default=True)
endpoint.wait_for_deployment(show_output=True)
print("=", "other" in dict(answering()))
endpoint.update_version("main", traffic_percentile=0)
endpoint.wait_for_deployment(show_output=True)
print("=", answering())
endpoint.delete_version("main")
again = Webservice(ws, name="answers")
print("=", sorted(again.versions), again.name, again.run(json.dumps({"data": [3]})))

import json

from azureml.core import Environment, Workspace
from azureml.core.model import InferenceConfig, Model
from azureml.core.webservice import AciWebservice, Webservice


def serving(packages):
    return InferenceConfig(entry_script="score.py", source_directory="serving", environment=packages)


ws = Workspace.from_config()
environment = Environment.get(ws, "ridge")
config = AciWebservice.deploy_configuration(
    cpu_cores=1,
    memory_gb=1,
    auth_enabled=True,
    enable_app_insights=False,
    tags={"area": "shop"},
    description="Scores",
)
service = Model.deploy(
    workspace=ws,
    name="shop-scores",
    models=[Model(ws, "ridge")],
    inference_config=serving(environment),
    deployment_config=config,
    overwrite=True,
)
service.wait_for_deployment(show_output=True)
print("=", service.state == "Healthy", service.name, service.tags, service.description, service.auth_enabled)
print("=", json.loads(json.dumps(service.run(input_data=json.dumps({"data": [1, 2]})))))
primary, secondary = service.get_keys()
service.regen_key("Primary")
print("=", primary != service.get_keys()[0], secondary == service.get_keys()[1])
print("=", service.scoring_uri.startswith("http"), len(service.get_logs()) > 0)
print("=", [found.name for found in Webservice.list(ws)], "shop-scores" in ws.webservices, "other" in ws.webservices)
again = Webservice(workspace=ws, name="shop-scores")
print("=", again.name, len(again.run(json.dumps({"data": [3]}))["result"]))
again.delete()
print("=", [found.name for found in Webservice.list(ws)])

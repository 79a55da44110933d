import json

from azureml.core import Workspace
from azureml.core.image import ContainerImage, Image
from azureml.core.model import Model
from azureml.core.webservice import AciWebservice, Webservice

ws = Workspace.from_config()
config = ContainerImage.image_configuration(
    execution_script="score.py", runtime="python", conda_file="conda.yml", tags={"area": "x"}, description="d"
)
first = ContainerImage.create(workspace=ws, name="ridge-image", models=[Model(ws, "ridge")], image_config=config)
first.wait_for_creation(show_output=True)
second = ContainerImage.create(workspace=ws, name="ridge-image", models=[Model(ws, "ridge")], image_config=config)
second.wait_for_creation(show_output=True)
print("=", first.name, str(second.version), second.creation_state, second.image_location.rpartition("/")[2])
print("=", str(Image(ws, name="ridge-image").version), str(Image(ws, id="ridge-image:1").version))
print("=", sorted(str(image.version) for image in Image.list(ws, image_name="ridge-image")))
print("=", first.tags, str(Image(ws, name="ridge-image", tags=[["area", "x"]]).version))
print("=", str(ws.images["ridge-image"].version), "ridge-image" in ws.images)
service = Webservice.deploy_from_image(
    ws, "ridge-service", Image(ws, name="ridge-image", version=1), AciWebservice.deploy_configuration()
)
service.wait_for_deployment(show_output=True)
print("=", service.run(json.dumps({"data": [1, 2]})))
service.update(image=second)
service.wait_for_deployment(show_output=True)
print("=", service.run(json.dumps({"data": [3]})))

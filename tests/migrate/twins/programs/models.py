import os

from azureml.core import Experiment, Workspace
from azureml.core.model import Model
from azureml.core.resource_configuration import ResourceConfiguration

ws = Workspace.from_config()
model = Model.register(
    workspace=ws,
    model_path="built",
    model_name="forest",
    model_framework=Model.Framework.SCIKITLEARN,
    model_framework_version="1.5",
    description="Trees",
    tags={"area": "shop", "old": "yes"},
    properties={"auc": "0.9"},
    resource_configuration=ResourceConfiguration(cpu=1, memory_in_gb=0.5),
)
print("=", model.name, int(model.version), model.id == f"{model.name}:{model.version}", model.description)
model.add_tags({"stage": "tested"})
model.remove_tags(["old"])
model.add_properties({"f1": "0.8"})
model.update(description="Many trees")
again = Model(ws, name="forest", version=1)
print("=", again.tags, again.properties["f1"], again.description, again.run_id)
second = Model.register(ws, "built/model.pkl", "forest", tags={"area": "shop"})
print("=", [int(found.version) for found in Model.list(ws, name="forest")])
print("=", [int(found.version) for found in Model.list(ws, tags=[["stage", "tested"]])])
print("=", sorted({found.name for found in Model.list(ws, latest=True)}), "forest" in ws.models, "oak" in ws.models)
path = again.download(target_dir="down", exist_ok=True)
print("=", os.path.basename(path.rstrip("/")), sorted(os.listdir(path)))
path = second.download(target_dir="second", exist_ok=True)
print("=", os.path.basename(path), open(path).read())
print("=", ws.models["forest"].version == second.version, second.created_time is not None)
print(
    "=",
    second.version > again.version,
    again.version + 1 == 2,
    max(found.version for found in Model.list(ws, "forest")) == 2,
)
print("=", Model(ws, id=again.id).id == again.id)
try:
    Model(ws, name="oak")
except Exception:
    print("= no oak")
path = Model.get_model_path("forest", version=1, _workspace=ws)
print("=", os.path.exists(path))
second.delete()

# From a run
run = Experiment(ws, "trials").start_logging(snapshot_directory=None)
run.log("auc", 0.7)
run.upload_file("outputs/model.pkl", "built/model.pkl")
run.complete()
registered = run.register_model(
    "logged", model_path="outputs/model.pkl", tags={"from": "run"}, description="Logged", properties={"a": "b"}
)
print("=", registered.name, registered.tags, registered.run_id == run.id)

"""What clients are told of the service before they ask it anything. The command needs it too, so nothing heavy is
imported here: `amlbridge run` starts in half the time that way."""

from __future__ import annotations

#: The name of our cloud: what AZUREML_CURRENT_CLOUD says.
CLOUD = "AmlbridgeCloud"


def tracking_uri(http_url: str, scope: str) -> str:
    """The tracking and registry URI of a workspace of this ARM scope, for steps and for clients on this machine."""
    return f"{http_url}/mlflow/v1.0{scope}"

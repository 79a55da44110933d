"""The part of the Docker Engine API that the SDKs' local deployments use; a "container" is a model server."""

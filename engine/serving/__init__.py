"""Model servers on this machine: processes that load a scoring script or an MLflow model and answer requests."""

#: The most processes of one deployment: this machine is not a cluster.
MOST_PROCESSES = 32

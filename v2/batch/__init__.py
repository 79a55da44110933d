"""Batch endpoints: named places that start jobs, each by one of its deployments."""

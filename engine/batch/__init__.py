"""What runs inside the steps of batch deployments of models."""

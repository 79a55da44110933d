"""Web services: endpoints, deployments and their images."""

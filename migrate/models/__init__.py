"""What several v1 statements describe together: environments, steps, pipelines. By area."""

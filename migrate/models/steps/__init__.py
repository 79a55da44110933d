"""Steps of pipelines: a component and a node for each kind."""

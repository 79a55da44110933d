"""The assets of a workspace as SDK v2 speaks of them: data, environments, code, components, models."""

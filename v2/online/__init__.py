"""Managed online endpoints and their deployments, which run on this machine."""

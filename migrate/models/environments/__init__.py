"""Environments, and the packages in them."""

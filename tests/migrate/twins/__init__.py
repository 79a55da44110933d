"""The documented cases of the rules run, before and after, with the real clients on the workspace service."""

"""The drivers of searches that the client would run in its own process."""

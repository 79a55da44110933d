"""What both SDKs speak: identity, ARM workspace, blob, run history, artifacts, metrics, computes."""

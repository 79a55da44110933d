"""Starts what is due, for the schedules of both SDKs."""

"""Copies between datastores: SDK v1's DataTransferStep, which Azure leaves to Data Factory."""

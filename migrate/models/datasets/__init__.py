"""Data: datasets, data assets, and the paths and tables that they are made of."""

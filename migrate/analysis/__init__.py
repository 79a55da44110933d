"""Understands a module of SDK v1: names, values, and the uses of v1 symbols."""

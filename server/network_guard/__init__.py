"""Keeps scripts from real Azure hosts: a proxy on loopback that the environment of a script names."""

"""Modules of which a part stays SDK v1: the client and the bridges between both parts."""

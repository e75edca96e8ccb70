"""Engines: the process they run in, their weights and settings, their results and where these came from."""

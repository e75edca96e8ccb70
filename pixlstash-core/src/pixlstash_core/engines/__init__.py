"""Engines: their processes, weights, settings, results, and the provenance of results."""

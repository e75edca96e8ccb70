"""Snapshots on disk: shared pages, a manifest for each snapshot, and taking, verifying, exporting and deleting them.

The format is described in `docs/library-format.md`, with a script of its own.
"""

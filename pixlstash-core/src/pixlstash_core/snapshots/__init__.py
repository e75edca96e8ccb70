"""Snapshots on disk: pages shared between them, a manifest each, and how one is taken, verified, written out, dropped.

The format is described in `docs/library-format.md`, with a script of its own.
"""

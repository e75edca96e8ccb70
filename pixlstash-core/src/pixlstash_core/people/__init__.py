"""Faces and characters."""

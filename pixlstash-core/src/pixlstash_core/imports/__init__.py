"""Importing pictures, and deleting them permanently."""

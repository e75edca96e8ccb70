"""Bringing pictures in, checking them, and removing them for good."""

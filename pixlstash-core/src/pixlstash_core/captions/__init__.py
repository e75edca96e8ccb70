"""Captions: of people and of engines, their editing and their checks."""

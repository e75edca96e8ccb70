"""Stores: places that keep picture bytes."""

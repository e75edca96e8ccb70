"""Sidecars: files beside pictures with their tags, caption and rating, read and written in both directions."""

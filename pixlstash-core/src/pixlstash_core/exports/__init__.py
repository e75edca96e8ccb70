"""Exports: originals as a zip stream, and training sets with captions in a folder or zip file."""

"""Decoding files and reading their metadata.

`pool` is for the library; the other modules run in the decoder processes and may import Pillow.
"""

"""Backups: a library's metadata and originals in a folder, which is a library itself, or in one file.

`metadata` makes the database of a backup, `places` are the folder and the file; `making` and `restoring` use both.
"""

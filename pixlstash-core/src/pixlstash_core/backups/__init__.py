"""Backups: a library's metadata and originals in a folder, which is a library itself, or in one file.

`metadata` creates the database of a backup, `places` are the folder and the file; `create` and `restore` use both.
"""

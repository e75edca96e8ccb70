"""The update check: off by default, at most one request a day, and nothing in it about the library."""

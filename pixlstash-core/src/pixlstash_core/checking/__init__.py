"""Checks of what plugins offer: engines, kinds, stores and importers.

`pixlstash_core.testing` calls them in an author's own tests; `pixlstash plugin check` runs them in a limited process.
"""

"""The classes and hooks that plugins implement, and the registry that finds and calls plugins."""

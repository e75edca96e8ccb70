"""The SQLite files, the one writer, what it derives with each change, and undo."""

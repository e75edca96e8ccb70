"""Events, the log of changes, undo and redo."""

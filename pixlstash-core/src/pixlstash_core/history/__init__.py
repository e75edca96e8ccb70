"""What happened: events, the log, undo and redo."""

"""Background work: its queue, its lanes and its rows."""

"""What other people get: renditions without metadata, and where they are published."""

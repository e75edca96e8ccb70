"""Pictures: scores, the scrapheap, corrections and duplicates."""

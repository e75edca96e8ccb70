"""Search by similarity and by words, and explanations of matches."""

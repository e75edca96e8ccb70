"""Tags: the vocabulary, what people and engines say, and what follows from both."""

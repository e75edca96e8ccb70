"""The engines that come with the core: they need no weights, so that a fresh library has something to find by."""

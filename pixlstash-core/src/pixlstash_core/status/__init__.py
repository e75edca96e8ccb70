"""The state of the library, and the check of its integrity."""

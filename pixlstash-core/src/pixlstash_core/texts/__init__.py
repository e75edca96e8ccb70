"""Text in pictures, as engines read it."""

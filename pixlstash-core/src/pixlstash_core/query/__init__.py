"""The query language, how queries are answered, and the views made of them."""

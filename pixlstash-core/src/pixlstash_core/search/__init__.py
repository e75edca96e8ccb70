"""Search by similarity and by words, and why a picture was found."""

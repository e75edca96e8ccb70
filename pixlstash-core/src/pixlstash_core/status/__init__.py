"""What a library is and has right now, and whether all of it is as it should be."""

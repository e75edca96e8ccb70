"""What breaks libraries on purpose, and what looks afterwards whether anything was lost: tools of the attacks."""

"""Files on disk, the lock, archives, and the store that keeps originals."""

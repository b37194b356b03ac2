"""Data sets: found, read, fetched and checked."""

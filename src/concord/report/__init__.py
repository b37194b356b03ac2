"""Tables for a terminal, and results files."""

"""Judges evidence: the ladder and its verdicts, and what judges the judge."""

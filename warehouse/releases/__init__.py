"""Releases: built aside, judged, compared, kept for ever and swapped in atomically."""

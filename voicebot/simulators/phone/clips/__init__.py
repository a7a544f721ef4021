"""Recorded lines of synthetic callers, with the licence of each in `manifest.json`."""

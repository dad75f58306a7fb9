"""Cells that wait where a test tells them to, and fail as it tells them to."""

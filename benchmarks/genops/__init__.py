"""Benchmarks of governed regeneration."""

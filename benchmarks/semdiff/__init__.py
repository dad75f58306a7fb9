"""Measures the semantic diff: easy and hard rewrites, traps, mutants, speed. See README.md."""

"""Cells that are right: whatever goes wrong in their World, nobody can tell."""

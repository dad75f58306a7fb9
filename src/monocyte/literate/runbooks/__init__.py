"""Runbooks: planned as data, worked through by a sealed logbook, rehearsed in Worlds."""

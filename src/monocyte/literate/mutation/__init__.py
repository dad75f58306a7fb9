"""Mutation: breaks cells on purpose, and looks who notices."""

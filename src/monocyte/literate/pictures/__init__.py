"""Pictures of cells and of the app: declared, derived from the code, walked by scenarios."""

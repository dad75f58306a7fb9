"""What `monocyte new` makes: a cell that works, and that its tests hold to."""

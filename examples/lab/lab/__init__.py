"""A lab of 120 people: the cells of the app, one file each; the neighbours meet by their words."""

"""The app of the benchmarks: one cell; `growth` makes as many copies of it as it needs."""

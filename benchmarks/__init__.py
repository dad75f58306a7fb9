"""Benchmarks beside the peers: what Monocyte costs, next to what others cost, in one run.

A part is a module with `run(options) -> Table`; `__main__` lists the parts. Nothing here is
imported by the framework, and nothing here is installed with it.
"""

"""The gates: what judges a change to cells by what it means, each in a file of its own.

A gate yields findings and prints nothing. It reads two trees and is configured by the base, never
by what it judges; whatever it runs of a candidate runs in a locked process that cannot answer for
itself.
"""

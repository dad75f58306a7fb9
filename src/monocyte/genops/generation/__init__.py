"""Generation: from an approved plan to text that may be judged, one cell at a time.

What a model says is read (`answers`), and what it may write is put between the sealed parts of the
base (`splicing`); where it went wrong is a finding that it is shown (`prompts`). Nothing that a
model wrote is imported or run here but in a locked process (`locked`).
"""

"""Changes to cells, adversarial and honest, that the gates are measured by.

They are data: an exact edit of the lab, or of the app that `monocyte new` makes, with the reason
that a gate ought to give.
Whoever writes gates looks at `tuning/` only; `heldout/` is for measuring.
"""

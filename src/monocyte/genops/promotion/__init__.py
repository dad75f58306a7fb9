"""From a candidate that was judged to a release that runs, and back: agreed, signed, verified.

What is promoted is exactly what was judged and agreed to, by digest; the branch and the ledger move
in one step, so nothing is half done. Whoever receives a release verifies it by their own keys.
"""

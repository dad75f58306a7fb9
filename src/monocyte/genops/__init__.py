"""Regenerate under control: plans, their price, who agrees, what models write, what became of it.

The rule of this room: nothing here runs an app, and nothing is spent or promoted that the ledger
does not know of. It returns plans and releases; who deploys them is above.
"""

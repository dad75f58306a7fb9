"""GenOps: the steps of regeneration on a CI runner, and what people read of them in one comment.

The pipelines are files that a team commits and owns; every step in them is a command that anybody
can run. Nothing here decides anything: plans, gates and policy do.
"""

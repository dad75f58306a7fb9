"""Debt: what code costs whoever reads it next, measured, and kept from growing unseen.

Nothing here says that code is wrong; it says that it became harder to change than what it can do
would explain. What is compared is always the same app before and after, never a number that
somebody thought good.
"""

"""What runs beside a change, inside of a locked process: loads it, plays it, and tells what it did.

The rule of this room: it decides nothing. What it tells is compared outside, with what was read
there; and it may be lied to by everything that it has loaded.
"""

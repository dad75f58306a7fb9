"""The woven site: an app as pages for those who approve and operate it; offline, and for printing.

`weave` writes it. Everything that an author or a model wrote is escaped on its way into a page, no
page refers to anything outside, and nothing is shown as well that was not seen of this very text.
"""

from monocyte.literate.weave.site import Inputs, Woven, weave

__all__ = ["Inputs", "Woven", "weave"]

"""The semantic diff beside its peers: each part makes its data by a script and proves its labels.

Code of others is never committed: a part takes the path of a checkout, or installs a pinned package.
"""

"""Clusters that only exist to be linted against: readers like the live one, without a network.

`fresh` has nothing but what every cluster has; `hollow` has every object that is asked for
by name, and nothing in any list; `emptied` is a recorded cluster whose lists lost all they
held.
"""

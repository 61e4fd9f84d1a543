"""Proofs of a rubric: recorded clusters whose marks are known, graded again.

`model` and `load` are the proof file, `judge` compares what a grade lost with what it should
have lost, `report` and `table` tell the result. `command` offers it as `k8sgrade prove`.
"""

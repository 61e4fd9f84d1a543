"""From verdicts to points: the grade, its arithmetic, and how it is built.

Everything here is pure: no cluster, no clock, no pytest. `run` hands in what each
item ended with; `reports` render what comes out.
"""

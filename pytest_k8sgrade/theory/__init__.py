"""Questions of theory: drawn for each student, answered in a file, graded by computation.

`sheet` is the file that a student hands in, `drawing` chooses the numbers, `formula` computes,
`forms` reads answers in all their equal forms, `question` puts these together and judges, and
`writing` writes the file with the questions. Nothing here asks a cluster. `checks/theory.py`
has the kinds of questions, a rubric the questions themselves.
"""

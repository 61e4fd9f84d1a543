"""The `k8sgrade` command: what is done with grades and rubrics apart from grading one cluster.

One module per subcommand, imported when it is called or its help is shown; what grades
is imported only when the arguments are understood.
"""

from pytest_k8sgrade.command.group import main

__all__ = ["main"]

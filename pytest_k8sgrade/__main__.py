"""`python -m pytest_k8sgrade` is the command `k8sgrade`, for where scripts are not on the path."""

from pytest_k8sgrade.command import main

if __name__ == "__main__":
    main()

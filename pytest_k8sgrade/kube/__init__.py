"""What Kubernetes objects say, as values: quantities, times, conditions, selectors.

Pure functions over the plain dicts of the API, for checks and services. Nothing
here reads a cluster or decides about points.
"""

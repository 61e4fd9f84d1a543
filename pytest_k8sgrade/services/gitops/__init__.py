"""Argo CD: Applications and what makes them, their clusters, and their past."""

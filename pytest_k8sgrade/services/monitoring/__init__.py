"""Prometheus and its operator: what it scrapes, which rules it runs, what its queries give."""

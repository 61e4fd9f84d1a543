"""Aggregated APIs and the metrics that they serve."""

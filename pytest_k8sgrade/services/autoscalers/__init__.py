"""Horizontal and vertical autoscalers, KEDA and Cluster Autoscaler: what they did, and why not."""

"""Workloads, their pods and what stands behind a Service: whether they run, and why not."""

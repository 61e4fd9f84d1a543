"""What the systems of a lab answer, as data, and why something in them does not work.

A folder per subject: monitoring, alerting, grafana, gitops, autoscalers, logging, metrics, running.

Checks call these modules with the cluster they were given. Nothing here decides
about points: a module reads, parses, and raises an outcome only when the system
itself cannot be asked.
"""

"""What the systems of a lab answer, as data: Prometheus, Grafana, Alertmanager, Argo CD, Helm.

Checks call these modules with the cluster they were given. Nothing here decides
about points: a module reads, parses, and raises an outcome only when the system
itself cannot be asked.
"""

"""Grade Kubernetes labs on real clusters with pytest.

The plugin stays dormant until `--k8s-grade` is given. Check authors import from
`pytest_k8sgrade.outcome` and `pytest_k8sgrade.cluster`.
"""

"""A batch on a Dask cluster. Needs the extra `distributed`, and is imported only when Dask is asked for."""

from pytest_k8sgrade.batch.distributed.driver import grade_on_dask

__all__ = ["grade_on_dask"]

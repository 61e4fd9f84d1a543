"""Alertmanager: its running configuration, where alerts go, and why one does not arrive."""

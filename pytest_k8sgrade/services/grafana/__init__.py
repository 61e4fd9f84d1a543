"""Grafana: its health and login, its data sources, and its dashboards."""

"""Collectors, Elasticsearch and Kibana: whether log records arrive, and where their way ends."""

"""Bundled rubrics: one YAML file per lab."""

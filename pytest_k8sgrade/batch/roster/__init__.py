"""Rosters: CSV and YAML files or folders of evidence, as hand-ins."""

from pytest_k8sgrade.batch.roster.load import Roster, RosterOptions, load_roster

__all__ = ["Roster", "RosterOptions", "load_roster"]

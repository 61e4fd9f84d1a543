"""What a rubric says otherwise than another, key by key."""

from __future__ import annotations

from pathlib import Path

from pytest_k8sgrade.regrade.differences import rubric_changes
from pytest_k8sgrade.rubric.load import load_rubric
from pytest_k8sgrade.rubric.model import Rubric
from pytest_k8sgrade.rubric.packs import find_pack
from tests.unit.regrade.labs import item, rubric


def _rubric(file: Path) -> Rubric:
    return load_rubric(find_pack(str(file))).rubric


def test_equal_rubrics_differ_in_nothing(tmp_path: Path) -> None:
    """Layout and spelled-out defaults are no changes."""
    one = rubric(tmp_path, "one", item("a"))
    other = rubric(tmp_path, "other", item("a", more="needs: [], bonus: false"))
    assert rubric_changes(_rubric(one), _rubric(other)) == ()


def test_every_changed_key_is_named(tmp_path: Path) -> None:
    """Own keys first, parameters and variables one by one, items that came and went."""
    old = rubric(tmp_path, "old", item("a"), item("b"), item("gone"), vars={"x": "1", "y": "same"})
    changed = "id: b, with: {name: other}, points: 5, needs: [a]"
    new = rubric(
        tmp_path, "new", item("a"), changed, item("come"), pass_mark="70%", vars={"x": "2", "y": "same"}
    )
    found = [(c.item, c.key, c.old, c.new) for c in rubric_changes(_rubric(old), _rubric(new))]
    assert found == [
        (None, "pass_mark", "50%", "70%"),
        (None, "vars.x", "1", "2"),
        ("b", "with.name", "b", "other"),
        ("b", "points", 10, 5),
        ("b", "needs", [], ["a"]),
        ("come", "item", None, "maps.configmap"),
        ("gone", "item", "maps.configmap", None),
    ]

"""Evidence: what is packed is read again, byte for byte, and nothing else is."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8sgrade.cluster import Exchange, Request, Response
from pytest_k8sgrade.cluster.evidence import Evidence, pack, unpack
from pytest_k8sgrade.errors import EvidenceFault
from pytest_k8sgrade.outcome import CannotTell, Reason
from tests.properties.courses import law

words = st.text("abcxyz0189.-_é한", min_size=1, max_size=12)
values = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=12)
documents = st.recursive(
    values, lambda part: st.lists(part, max_size=2) | st.dictionaries(words, part, max_size=2), max_leaves=4
)
moments = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2090, 1, 1)).map(
    lambda naive: naive.replace(microsecond=0, tzinfo=timezone(timedelta(hours=9))).astimezone(UTC)
)
requests = st.builds(
    Request.to, words.map(lambda word: f"/api/v1/{word}"), st.dictionaries(words, words, max_size=2)
)
responses = st.builds(
    Response,
    st.sampled_from([200, 401, 403, 404, 429, 503]),
    st.dictionaries(st.sampled_from(["content-type", "date", "location"]), words, max_size=2),
    st.binary(max_size=20),
)
doubts = st.dictionaries(words, values, max_size=2).map(lambda params: CannotTell(Reason("timeout", params)))


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    """Any exchanges, each request once."""
    asked = draw(st.lists(requests, max_size=5, unique_by=lambda request: request.key))
    exchanges = [Exchange(request.key, draw(responses | doubts)) for request in asked]
    texts = st.dictionaries(words, st.none() | words, max_size=2)
    return Evidence(
        tuple(exchanges),
        draw(st.none() | moments),
        draw(texts),
        draw(st.dictionaries(words, documents, max_size=3)),
    )


def read(content: bytes) -> Evidence:
    """What a file of these bytes says."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "evidence.zip"
        path.write_bytes(content)
        return unpack(path)


def _result(exchange: Exchange) -> tuple[object, ...]:
    result = exchange.result
    if isinstance(result, CannotTell):
        return exchange.key, result.reason.id, dict(result.reason.params)
    return exchange.key, result.status, dict(result.headers), result.content


@law
@given(evidence=evidences())
def test_what_was_packed_is_read_again(evidence: Evidence) -> None:
    """Exchanges with their bytes and doubts, the clock, the run's own notes; packed again, the same file."""
    content = pack(evidence)
    found = read(content)
    assert [_result(one) for one in found.exchanges] == [_result(one) for one in evidence.exchanges]
    assert (found.now, found.cluster, found.run) == (evidence.now, evidence.cluster, evidence.run)
    assert pack(found) == content


@law
@given(evidence=evidences(), flip=st.data())
def test_a_changed_byte_is_never_taken_for_evidence(evidence: Evidence, flip: st.DataObject) -> None:
    """A body that is not what its digest says is refused: nobody improves a recorded cluster."""
    content = pack(evidence)
    with zipfile.ZipFile(BytesIO(content)) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    bodies = [name for name in entries if name.startswith("bodies/")]
    if not bodies:
        return
    name = flip.draw(st.sampled_from(bodies))
    entries[name] += flip.draw(st.binary(min_size=1, max_size=3))
    changed = BytesIO()
    with zipfile.ZipFile(changed, "w") as file:
        for entry, body in entries.items():
            file.writestr(entry, body)
    with pytest.raises(EvidenceFault):
        read(changed.getvalue())


@law
@given(content=st.binary(max_size=300))
def test_no_file_crashes_the_reader(content: bytes) -> None:
    """A file of anybody's is evidence, or one clean fault."""
    with suppress(EvidenceFault):
        read(content)

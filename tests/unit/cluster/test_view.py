"""A view asks once, keeps errors as well as answers, and has the cluster's clock."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from pytest_k8sgrade.cluster import LiveSource, Request, Response, View
from pytest_k8sgrade.cluster.judging import NoAnswer
from pytest_k8sgrade.cluster.reader import Login
from pytest_k8sgrade.cluster.source import read_ahead
from pytest_k8sgrade.outcome import CannotTell
from tests.unit.cluster.fake import START, Answer, FakeApi, status

PODS = Request.to("/api/v1/namespaces/shop/pods")


class Slow:
    """A reader whose answers fail or take a while, and that counts."""

    def __init__(self, error: NoAnswer | None = None, wait_s: float = 0.0) -> None:
        self.asked: list[tuple[str, float]] = []
        self.error = error
        self.wait_s = wait_s

    def read(self, request: Request, seconds: float) -> Response:
        """Answer after the wait."""
        self.asked.append((request.path, seconds))
        time.sleep(self.wait_s)
        if self.error is not None:
            raise self.error
        return Response(200, {"date": "Mon, 02 Mar 2026 10:00:00 GMT"}, b"{}", request.path)

    def login(self, login: Login, seconds: float) -> Response:
        """Never asked here."""
        raise AssertionError((login, seconds))


def _timeout(scope: str) -> NoAnswer:
    return NoAnswer("timeout", {}, scope="server" if scope == "server" else "endpoint")


def test_keys_do_not_depend_on_the_order_of_the_query() -> None:
    """The same question has the same key, however its parameters were given."""
    one = Request.to("/x?b=2", {"a": "1 &"})
    other = Request.to("/x", [("a", "1 &"), ("b", "2")])
    assert one == other
    assert one.key == "GET /x?a=1%20%26&b=2"
    assert Request.to("/x", {"q": ""}).target == "/x?q="


def test_a_question_is_asked_once_per_view(api: FakeApi, source: LiveSource) -> None:
    """All items of a round share one answer; the next round asks anew."""
    api.routes[PODS.path] = Answer({"items": []})
    view = source.view()
    assert view.read(PODS) is view.read(PODS)
    assert len(api.requests) == 1
    source.view().read(PODS)
    assert len(api.requests) == 2


def test_a_round_reads_ahead_what_the_last_one_asked(api: FakeApi, source: LiveSource) -> None:
    """The next round's reads are under way at once; what nobody asks again is not recorded."""
    paths = [f"/api/v1/namespaces/{name}/pods" for name in "abcdefghij"]
    for path in paths:
        api.routes[path] = Answer({"items": []}, wait_s=0.1)
    first = source.view()
    for path in paths:
        first.read(Request.to(path))
    began = time.monotonic()
    second = source.view()
    for path in paths[:9]:
        second.read(Request.to(path))
    assert time.monotonic() - began < 0.7
    assert len(api.requests) == 20
    assert len(second.exchanges()) == 9


def test_reading_ahead_keeps_its_errors_to_itself() -> None:
    """A fault while reading ahead reaches whoever asks, and nobody else."""
    reader = Slow(NoAnswer("forbidden", {}), wait_s=0.05)
    view = View(reader)
    read_ahead(view, [PODS, Request.to("/b")])
    time.sleep(0.2)
    assert view.exchanges() == []
    with pytest.raises(CannotTell):
        view.read(PODS)
    assert len(reader.asked) == 2


def test_an_error_is_remembered_too(api: FakeApi, source: LiveSource) -> None:
    """A question without an answer is not asked again in the same round."""
    api.routes[PODS.path] = status(403, "Forbidden", kind="pods")
    view = source.view()
    for _ in range(3):
        with pytest.raises(CannotTell):
            view.read(PODS)
    assert len(api.requests) == 1
    assert [exchange.key for exchange in view.exchanges()] == [PODS.key]


def test_a_server_that_throttles_costs_one_wait(api: FakeApi, source: LiveSource) -> None:
    """Once a read was refused to its deadline, the round's other reads are not sent at all."""
    busy = status(429, "TooManyRequests")
    busy.headers = {"Retry-After": "60"}
    api.routes |= {PODS.path: busy, "/b": Answer({})}
    view = source.view()
    for request in (PODS, Request.to("/b")):
        with pytest.raises(CannotTell) as caught:
            view.read(request)
        assert caught.value.reason.id == "throttled"
    assert api.paths() == [PODS.path]


def test_the_clock_is_the_servers(api: FakeApi, source: LiveSource) -> None:
    """`now` is the Date of the first answer; the host's clock does not matter."""
    api.routes[PODS.path] = Answer({"items": []})
    view = source.view()
    view.read(PODS)
    assert view.now == START
    assert api.paths() == [PODS.path]


def test_the_clock_is_asked_for_when_nothing_was_read(api: FakeApi, source: LiveSource) -> None:
    """A view that has read nothing asks for the version to learn the time."""
    assert source.view().now == START
    assert api.paths() == ["/version"]


def test_the_clock_never_goes_back(api: FakeApi, source: LiveSource) -> None:
    """Servers behind one address may differ by seconds; time goes on."""
    assert source.view().now == START
    api.date = "Mon, 02 Mar 2026 09:59:58 GMT"
    assert source.view().now == START
    api.date = "Mon, 02 Mar 2026 10:00:07 GMT"
    assert source.view().now == START + timedelta(seconds=7)


def test_a_backend_does_not_set_the_clock(api: FakeApi, source: LiveSource) -> None:
    """The Date of a proxied service may be its own."""
    path = "/api/v1/namespaces/shop/services/http:web:80/proxy/"
    api.routes[path] = Answer({}, headers={"Date": "Thu, 01 Jan 2026 00:00:00 GMT"})
    view = source.view()
    view.read(Request.to(path))
    assert view.now == START


def test_a_hung_service_costs_one_wait() -> None:
    """Further pages of it fail at once, other places are still asked, with less patience."""
    reader = Slow(_timeout("endpoint"))
    view = View(reader)
    page = "/api/v1/namespaces/shop/services/http:web:80/proxy/{}"
    for number in range(5):
        with pytest.raises(CannotTell) as error:
            view.read(Request.to(page.format(number)))
        assert error.value.reason.id == "timeout"
    reader.error = None
    assert view.read(PODS).status == 200
    assert [seconds for _, seconds in reader.asked] == [10.0, 2.0]
    with pytest.raises(CannotTell):
        view.read(Request.to(page.format(9)))


def test_a_server_that_cannot_be_reached_costs_one_wait() -> None:
    """After a failed connection nothing else is tried in the round; the next round tries again."""
    reader = Slow(_timeout("server"))
    view = View(reader)
    for path in ("/version", "/api/v1/pods", "/apis/apps/v1/deployments"):
        with pytest.raises(CannotTell):
            view.read(Request.to(path))
    assert len(reader.asked) == 1
    with pytest.raises(CannotTell):
        View(reader).read(PODS)
    assert len(reader.asked) == 2


def test_a_refusal_holds_for_its_request_only() -> None:
    """Forbidden here says nothing about there."""
    reader = Slow(NoAnswer("forbidden", {}))
    view = View(reader)
    for path in ("/a", "/b"):
        with pytest.raises(CannotTell):
            view.read(Request.to(path))
    assert len(reader.asked) == 2


def test_threads_share_one_question() -> None:
    """Two threads with the same question cause one request and get one answer."""
    reader = Slow(wait_s=0.1)
    view = View(reader)
    answers: list[Response] = []
    threads = [threading.Thread(target=lambda: answers.append(view.read(PODS))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reader.asked) == 1
    assert all(answer is answers[0] for answer in answers)


def test_a_bug_of_a_reader_is_not_remembered() -> None:
    """Only findings are answers; a fault of ours must not freeze into the round's memory."""

    class Broken(Slow):
        def read(self, request: Request, seconds: float) -> Response:
            self.asked.append((request.path, seconds))
            raise KeyError("ours")

    reader = Broken()
    view = View(reader)
    for _ in range(2):
        with pytest.raises(KeyError):
            view.read(PODS)
    assert len(reader.asked) == 2
    assert view.exchanges() == []


def test_now_can_be_given() -> None:
    """A recorded view has the recorded time."""
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    assert View(Slow(), now=moment).now == moment

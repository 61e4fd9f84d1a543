"""A requests session to a Service behind the API server's service proxy.

For checks and for libraries that bring their own HTTP calls, such as
prometheus-api-client: every request goes through the view, so it is cached, bounded
and recorded like any other. Only GETs of this one Service get through; cookies and
redirects are not kept or followed, because the proxy's paths are shared by all
Services.
"""

from __future__ import annotations

import io
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from pytest_k8sgrade.cluster.exchange import Request, Response
from pytest_k8sgrade.cluster.places import Service
from pytest_k8sgrade.cluster.proxied import require_backend
from pytest_k8sgrade.cluster.reader import Login, SecretValue
from pytest_k8sgrade.cluster.transport import WriteRefused

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster.facade import Cluster
    from pytest_k8sgrade.cluster.view import View

_HOST: Final = "http://cluster.invalid"
"""Never looked up: the adapter passes on paths only."""


class ServiceSession(requests.Session):
    """Below `base_url` the Service answers. An own adapter cannot be mounted: it would go past the reader."""

    def __init__(self, cluster: Cluster, view: View, service: Service, path_prefix: str = "") -> None:
        super().__init__()
        self.service = service
        self.base_url = _HOST + service.proxy_path + path_prefix.rstrip("/")
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._view = view
        self._adapter = _Adapter(cluster, view, service)
        self.adapters.clear()
        self.adapters["http://"] = self._adapter

    def mount(self, prefix: str | bytes, adapter: BaseAdapter) -> None:
        """Ignored, see above."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """No redirect is followed."""
        return None

    def login(self, *, user: str | SecretValue, password: SecretValue, prefix: str = "") -> Response:
        """Fill in Grafana's login form; after status 200 the session's requests carry the login.

        `prefix` is the sub-path that Grafana is served from, such as /grafana.
        """
        login = Login(self.service, user, password, prefix)
        response = self._view.login(login)
        self._adapter.require_backend(response)
        self._adapter.login = login.id if response.status == 200 else ""
        return response


class _Adapter(BaseAdapter):
    def __init__(self, cluster: Cluster, view: View, service: Service) -> None:
        super().__init__()
        self.login = ""
        self._cluster = cluster
        self._view = view
        self._service = service

    def require_backend(self, response: Response) -> None:
        require_backend(self._cluster, self._service, response)

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        path = request.path_url
        if request.method != "GET" or not path.startswith(self._service.proxy_path + "/"):
            raise WriteRefused(f"{request.method} {path}")
        response = self._view.read(Request.to(path, login=self.login))
        self.require_backend(response)
        return _as_requests(response, request)

    def close(self) -> None:
        """Nothing is held open here."""


def _as_requests(response: Response, request: requests.PreparedRequest) -> requests.Response:
    answer = requests.Response()
    answer.status_code = response.status
    answer.headers = CaseInsensitiveDict(response.headers)
    answer.encoding = requests.utils.get_encoding_from_headers(answer.headers)
    answer.raw = io.BytesIO(response.content)
    answer.url = request.url or ""
    answer.request = request
    return answer

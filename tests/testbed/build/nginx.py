"""Configuration of the nginx image: port 8080, unprivileged, logs to the pod's output.

The paths are those that Kubernetes manifests for such images mount over: the main
configuration, ``conf.d/*.conf``, the document root and writable folders in /tmp.
"""

from __future__ import annotations

from typing import Final

from tests.testbed import versions

REFERENCES: Final = (
    f"nginxinc/nginx-unprivileged:{versions.NGINX_TAG}",
    "nginxinc/nginx-unprivileged:1.21",
    "nginxinc/nginx-unprivileged:1.22",
    # The course's Applications ask for these tags of an application of one's own.
    "example/web-app:dev-latest",
    "example/web-app:v1.2.0",
)
_MAIN: Final = """\
worker_processes auto;
error_log /dev/stderr notice;
pid /tmp/nginx.pid;

events {
    worker_connections 1024;
}

http {
    client_body_temp_path /tmp/client_temp;
    proxy_temp_path /tmp/proxy_temp;
    fastcgi_temp_path /tmp/fastcgi_temp;
    uwsgi_temp_path /tmp/uwsgi_temp;
    scgi_temp_path /tmp/scgi_temp;
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log /dev/stdout combined;
    sendfile on;
    keepalive_timeout 65;
    include /etc/nginx/conf.d/*.conf;
}
"""

_SITE: Final = """\
server {
    listen 8080;
    server_name localhost;
    location / {
        root /usr/share/nginx/html;
        index index.html index.htm;
    }
    error_page 500 502 503 504 /50x.html;
    location = /50x.html {
        root /usr/share/nginx/html;
    }
}
"""

_TYPES: Final = """\
types {
    text/html html htm;
    text/css css;
    text/plain txt;
    application/javascript js;
    application/json json;
    application/xml xml;
    image/gif gif;
    image/jpeg jpeg jpg;
    image/png png;
    image/svg+xml svg;
    image/x-icon ico;
    font/woff2 woff2;
}
"""

_PAGE: Final = "<!doctype html>\n<title>Welcome to nginx!</title>\n<h1>{heading}</h1>\n"

FILES: Final[tuple[tuple[str, str, int], ...]] = (
    ("etc/nginx/nginx.conf", _MAIN, 0o644),
    ("etc/nginx/conf.d/default.conf", _SITE, 0o644),
    ("etc/nginx/mime.types", _TYPES, 0o644),
    ("usr/share/nginx/html/index.html", _PAGE.format(heading="Welcome to nginx!"), 0o644),
    ("usr/share/nginx/html/50x.html", _PAGE.format(heading="An error occurred."), 0o644),
)

"""Who may ask the Grafana stand-in: one administrator, by cookie or basic authentication.

Like Grafana, the password is read once at start (so changing the Secret later changes nothing
until the pod is made anew), sessions live in memory, and after five wrong passwords for a user
within five minutes even the right one is refused until the window has passed.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

COOKIE = "grafana_session"
WINDOW = 300.0


@dataclass
class Accounts:
    """The administrator, the open sessions and the recent wrong attempts."""

    user: str
    password: str
    attempts_allowed: int = 5
    sessions: set[str] = field(default_factory=set)
    wrong: dict[str, deque[float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def login(self, user: str, password: str) -> str | None:
        """A new session for the right password, else None."""
        if not self.check(user, password):
            return None
        token = secrets.token_hex(16)
        with self.lock:
            self.sessions.add(token)
        return token

    def check(self, user: str, password: str) -> bool:
        """Whether the password is right and the user is not locked out."""
        now = time.monotonic()
        with self.lock:
            wrong = self.wrong.setdefault(user, deque())
            while wrong and now - wrong[0] > WINDOW:
                wrong.popleft()
            if len(wrong) >= self.attempts_allowed:
                return False
            right = hmac.compare_digest(user.encode(), self.user.encode())
            right &= hmac.compare_digest(password.encode(), self.password.encode())
            if right:
                wrong.clear()
            else:
                wrong.append(now)
        return right

    def authenticated(self, authorization: str | None, cookie: str | None) -> bool:
        """Whether a request's headers belong to the administrator."""
        if authorization:
            return self.basic(authorization)
        try:
            found = SimpleCookie(cookie or "").get(COOKIE)
        except CookieError:
            return False
        return found is not None and found.value in self.sessions

    def basic(self, authorization: str) -> bool:
        """HTTP basic authentication."""
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        return self.check(user, password)

"""A client for the Contactgram API, to be copied into your own program. Needs httpx and tenacity.

It repeats only what may be repeated, keeps to the pace that the server asks for, and gives up in time. walk.py shows its use.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import tenacity

log = logging.getLogger(__name__)

Json = dict[str, Any]

# A repeated GET, PUT or DELETE does nothing new, nor does a POST with the Idempotency-Key of its first try.
REPEATABLE = {"GET", "PUT", "DELETE", "POST"}


class ContactgramError(Exception):
    """Whatever goes wrong between us and the server."""


class NoAnswer(ContactgramError):
    """The connection failed, broke, or stayed silent for too long."""


class CircuitOpen(ContactgramError):
    """Not sent: the server failed too often just now."""


class ApiError(ContactgramError):
    """The server said no."""

    def __init__(self, status: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(f"{status} {description}")
        self.status, self.description, self.retry_after = status, description, retry_after


class Unauthorized(ApiError):
    """401, also with a new token: trying again won't help."""


class TooMany(ApiError):
    """429: come back in `retry_after` seconds."""


class Unavailable(ApiError):
    """5xx: the server's own trouble, which may pass."""


@dataclass(frozen=True)
class Policy:
    """How long to try. Times are in seconds."""

    tries: int = 5
    timeout: float = 10
    """For one try."""
    deadline: float = 30
    """For all tries of a call and the waits between them."""
    first_wait: float = 0.2
    """A wait is anything between nothing and this, doubled with each try (full jitter)."""
    longest_wait: float = 5
    breaker_failures: int = 5
    """So many in a row open the circuit."""
    breaker_rest: float = 10
    """So long nothing is sent then, and after it one try to see."""


class Breaker:
    """Stands between us and a server that is down, so that neither wastes time on the other."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._failures = 0
        self._closed_from = 0.0

    @contextlib.contextmanager
    def attempt(self) -> Iterator[None]:
        now = time.monotonic()
        if self._failures >= self._policy.breaker_failures:
            if now < self._closed_from:
                raise CircuitOpen(f"circuit open for another {self._closed_from - now:.0f} s")
            # This try is to see. The others wait for another rest, or for it to go well.
            self._closed_from = now + self._policy.breaker_rest
        try:
            yield
        except (NoAnswer, Unavailable):
            self._failures += 1
            self._closed_from = time.monotonic() + self._policy.breaker_rest
            raise
        except ApiError:
            self._failures = 0  # It refuses, so it is there.
            raise
        self._failures = 0


class Contactgram:
    """An account, by OAuth2's client credentials. Use it as `async with Contactgram(…) as api`."""

    def __init__(self, url: str, client_id: str, client_secret: str, policy: Policy = Policy()) -> None:
        self.policy = policy
        # Each try is timed as a whole.
        self._http = httpx.AsyncClient(base_url=url.rstrip("/"), timeout=None)
        self._client = httpx.BasicAuth(client_id, client_secret)
        self._breaker = Breaker(policy)
        self._token: str | None = None
        self._token_ends = 0.0
        self._one_refresh = asyncio.Lock()
        self._refused: Unauthorized | None = None

    async def __aenter__(self) -> Contactgram:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def authorise(self) -> int:
        """Makes sure of a token; returns for how many seconds it is good. Calls do so by themselves."""
        await self._access_token(time.monotonic() + self.policy.deadline)
        return round(self._token_ends - time.monotonic())

    async def add_contact(self, **fields: Any) -> Json:
        """Adds a contact, or updates the one that has the number or user already."""
        return await self.call("POST", "contacts", body=fields)

    async def contact(self, contact_id: int) -> Json:
        return await self.call("GET", f"contacts/{contact_id}")

    async def contacts(self, page_size: int = 100) -> AsyncIterator[Json]:
        """All contacts, fetched page by page."""
        params: Json = {"limit": page_size}
        while True:
            page = await self.call("GET", "contacts", params=params)
            for contact in page["contacts"]:
                yield contact
            if "next_cursor" not in page:
                return
            params["cursor"] = page["next_cursor"]

    async def remove_contact(self, contact_id: int) -> None:
        """Removes a contact. One that is gone already counts as removed: the answer to the first try may have got lost."""
        try:
            await self.call("DELETE", f"contacts/{contact_id}")
        except ApiError as error:
            if error.status != 404:
                raise

    async def send_message(self, chat_id: int | str, text: str, **more: Any) -> Json:
        return await self.call("POST", "sendMessage", body={"chat_id": chat_id, "text": text, **more})

    async def messages(self, limit: int = 50, offset: int = 0, **more: Any) -> list[Json]:
        """The history, newest first."""
        return await self.call("GET", "messages", params={"limit": limit, "offset": offset, **more})

    async def updates(self, wait: int = 30) -> AsyncIterator[Json]:
        """What happened, oldest first, until nothing came for `wait` seconds.

        Asking for the next ones confirms those before: what wasn't handled when the program ended comes again.
        """
        offset = 0
        while batch := await self.call("GET", "getUpdates", params={"offset": offset, "timeout": wait}, wait=wait):
            for update in batch:
                yield update
                offset = update["update_id"] + 1

    async def call(self, verb: str, path: str, *, params: Json | None = None, body: Json | None = None, wait: int = 0) -> Any:
        """Any route or method of the API. `wait` is how long the server may hold back its answer."""
        if self._refused:
            raise self._refused
        until = time.monotonic() + self.policy.deadline + wait
        headers = {"Idempotency-Key": str(uuid.uuid4())} if verb == "POST" else {}

        async def with_token(token: str) -> Any:
            bearer = headers | {"Authorization": f"Bearer {token}"}
            timeout = self.policy.timeout + wait
            return await self._tries(until, timeout, verb, f"/v1/{path}", headers=bearer, params=params, json=body)

        token = await self._access_token(until)
        try:
            return await with_token(token)
        except Unauthorized:
            # It may have been revoked. A new one is worth one try.
            token = await self._access_token(until, instead_of=token)
        try:
            return await with_token(token)
        except Unauthorized as error:
            self._refused = error
            raise

    async def _access_token(self, until: float, instead_of: str | None = None) -> str:
        async with self._one_refresh:
            fresh = self._token is not None and self._token != instead_of and time.monotonic() < self._token_ends
            if not fresh:
                form = {"grant_type": "client_credentials"}
                try:
                    about = {"data": form, "auth": self._client}
                    given = await self._tries(until, self.policy.timeout, "POST", "/oauth/token", **about)
                except Unauthorized as error:
                    self._refused = error
                    raise
                # Not to the last second: it has to be good when it arrives.
                self._token, self._token_ends = given["access_token"], time.monotonic() + given["expires_in"] * 0.9
            assert self._token is not None
            return self._token

    async def _tries(self, until: float, timeout: float, verb: str, path: str, **about: Any) -> Any:
        """Tries until it goes well, or a try says that more won't help, or tries or time run out."""

        def enough(state: tenacity.RetryCallState) -> bool:
            tries = self.policy.tries if verb in REPEATABLE else 1
            return state.attempt_number >= tries or time.monotonic() + state.upcoming_sleep >= until

        async for attempt in tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type((NoAnswer, TooMany, Unavailable)),
            stop=enough,
            wait=self._wait,
            before_sleep=lambda state: log.info("again in %.1f s: %s", state.upcoming_sleep, failure(state)),
            reraise=True,
        ):
            with attempt, self._breaker.attempt():
                return await self._try(max(0.0, min(timeout, until - time.monotonic())), verb, path, **about)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = failure(state)
        if isinstance(error, ApiError) and error.retry_after is not None:
            return error.retry_after
        backoff = tenacity.wait_random_exponential(multiplier=self.policy.first_wait, max=self.policy.longest_wait)
        return backoff(state)

    async def _try(self, timeout: float, verb: str, path: str, **about: Any) -> Any:
        try:
            async with asyncio.timeout(timeout):
                return read(await self._http.request(verb, path, **about))
        except TimeoutError as error:
            raise NoAnswer(f"no answer to {verb} {path} within {timeout:.1f} s") from error
        except httpx.TransportError as error:
            raise NoAnswer(f"no answer to {verb} {path}: {error or type(error).__name__}") from error


def failure(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def read(answer: httpx.Response) -> Any:
    """The result of an answer, or the error that it is."""
    try:
        body = answer.json()
    except ValueError:
        body = None  # Something between us and the server answered.
    if answer.is_success:
        return body["result"] if isinstance(body, dict) and "ok" in body else body
    about = body if isinstance(body, dict) else {}
    description = about.get("description") or about.get("error_description") or answer.reason_phrase
    seconds = about.get("parameters", {}).get("retry_after") or answer.headers.get("Retry-After", "")
    retry_after = int(seconds) if str(seconds).isdecimal() else None
    kinds = {401: Unauthorized, 429: TooMany}
    kind = kinds.get(answer.status_code, Unavailable if answer.status_code >= 500 else ApiError)
    raise kind(answer.status_code, description, retry_after)

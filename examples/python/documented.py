"""The requests of the API documentation's Python snippets, to a server of your own: `python documented.py`.

The token is in the path, as there. Only the snippet that tried for ever has an end here.
"""

from __future__ import annotations

import os

import httpx
import tenacity

url = os.environ.get("CONTACTGRAM_URL", "http://127.0.0.1:8081")
token = os.environ["CONTACTGRAM_TOKEN"]
http = httpx.Client(base_url=f"{url}/bot{token}", timeout=10)
backoff = tenacity.wait_random_exponential(multiplier=0.5, max=5)


def get_updates() -> None:
    print(http.get("/getUpdates").json())


def send_message() -> None:
    response = http.post("/sendMessage", json={"chat_id": "-1234567890", "text": "Hello, world!"})
    print(response.status_code)
    print(response.text)


@tenacity.retry(
    stop=tenacity.stop_after_attempt(5),
    wait=lambda state: asked_to_wait(state) or backoff(state),
    retry=tenacity.retry_if_exception(lambda error: not is_final(error)),
    reraise=True,
)
def get_updates_with_backoff() -> None:
    response = http.get("/getUpdates")
    response.raise_for_status()
    print(response.json())


def is_final(error: BaseException) -> bool:
    if not isinstance(error, httpx.HTTPStatusError):
        return not isinstance(error, httpx.TransportError)
    return error.response.is_client_error and error.response.status_code != 429


def asked_to_wait(state: tenacity.RetryCallState) -> int:
    error = state.outcome.exception() if state.outcome else None
    return int(error.response.headers.get("Retry-After", 0)) if isinstance(error, httpx.HTTPStatusError) else 0


def get_contact_info(contact_id: str) -> None:
    print(http.get(f"/contacts/{contact_id}").json())


if __name__ == "__main__":
    get_updates()
    send_message()
    get_updates_with_backoff()
    get_contact_info("12345")

"""Every request of the API's documentation, made as its examples make them, in the world its examples show.

The account is a demo account: it knows John Doe (1234567890) and the group -1234567890.
"""

import http.client
import random
import time
from urllib.parse import urljoin

import pytest
import requests
from kit import Account, Server

JOHN = {
    "id": 1234567890,
    "first_name": "John",
    "last_name": "Doe",
    "phone_number": "+1234567890",
    "email": "john.doe@example.com",
}


@pytest.fixture
def server(plain: Server) -> Server:
    return plain


@pytest.fixture
def demo(server: Server) -> Account:
    return server.account("Demo", "--demo")


def test_a_contact_is_fetched(demo: Account) -> None:
    answer = requests.get(f"{demo.bot}/contacts/1234567890")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "application/json")
    body = answer.json()
    assert body["ok"] is True
    assert {name: body["result"].get(name) for name in JOHN} == JOHN
    # In the order in which the documentation shows them.
    assert [name for name in body["result"] if name in JOHN] == list(JOHN)


def test_an_unknown_contact_is_refused_with_a_body(demo: Account) -> None:
    def get_contact_info(contact_id: str) -> dict:
        response = requests.get(f"{demo.bot}/contacts/{contact_id}")
        return response.json()

    info = get_contact_info("12345")
    assert (info["ok"], info["error_code"]) == (False, 404)
    assert info["description"].startswith("Not Found")


def test_a_contact_is_added_once(demo: Account, server: Server) -> None:
    asked = {"phone_number": "+1234567890", "first_name": "John", "last_name": "Doe"}
    known = requests.post(f"{demo.bot}/contacts", json=asked)
    assert (known.status_code, known.json()["result"]["id"]) == (200, 1234567890)

    stranger = server.account("Empty")
    new = requests.post(f"{stranger.bot}/contacts", json=asked)
    made = new.json()["result"]
    assert new.status_code == 201
    location = urljoin(new.url, new.headers["location"])
    assert location == f"{stranger.bot}/contacts/{made['id']}"
    assert {name: made[name] for name in asked} == asked
    again = requests.post(f"{stranger.bot}/contacts", json=asked)
    assert (again.status_code, again.json()["result"]["id"]) == (200, made["id"])
    assert requests.get(location).json()["result"]["phone_number"] == "+1234567890"


@pytest.mark.parametrize(
    ("verb", "path"),
    [("DELETE", "contacts/1234567890"), ("DELETE", "contacts/1234567890/delete"), ("POST", "contacts/1234567890/delete")],
)
def test_a_contact_is_removed(demo: Account, verb: str, path: str) -> None:
    removed = requests.request(verb, f"{demo.bot}/{path}")
    assert (removed.status_code, removed.json()) == (200, {"ok": True, "result": True})
    assert requests.get(f"{demo.bot}/contacts/1234567890").status_code == 404


def test_a_message_is_sent_with_the_comment_that_the_example_has(demo: Account) -> None:
    body = '{\n    "chat_id": "-1234567890",  // Replace with actual chat ID\n    "text": "Hello John!"\n}'
    answer = requests.post(f"{demo.bot}/sendMessage", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    message = answer.json()["result"]
    assert (message["chat"]["id"], message["text"]) == (-1234567890, "Hello John!")


def test_a_message_is_sent_by_the_oauth_example(demo: Account) -> None:
    access_token = demo.token
    url = f"{demo.server.url}/bot{access_token}/sendMessage"
    data = {"chat_id": "-1234567890", "text": "Hello, world!"}
    response = requests.post(url, json=data)
    assert response.status_code == 200, response.text
    assert response.json()["result"]["text"] == "Hello, world!"


def test_messages_are_listed_as_a_bare_array(demo: Account) -> None:
    john = 1234567890
    demo.server.admin("POST", f"people/{john}/write", {"to": demo.id, "text": "Hello World!"})
    requests.post(f"{demo.bot}/sendMessage", json={"chat_id": john, "text": "Hello John!"})
    answer = requests.get(f"{demo.bot}/messages?limit=10&offset=0")
    messages = answer.json()
    assert answer.status_code == 200 and isinstance(messages, list)
    assert [message["text"] for message in messages[:2]] == ["Hello John!", "Hello World!"]
    theirs = messages[1]
    assert {name: theirs["from"].get(name) for name in ("id", "first_name", "last_name")} == {
        "id": john,
        "first_name": "John",
        "last_name": "Doe",
    }
    assert isinstance(theirs["message_id"], int) and isinstance(theirs["date"], int)
    assert int(answer.headers["x-total-count"]) >= 2


def test_pages_of_messages_do_not_overlap(demo: Account) -> None:
    for number in range(5):
        requests.post(f"{demo.bot}/sendMessage", json={"chat_id": -1234567890, "text": f"page {number}"})
    pages = [requests.get(f"{demo.bot}/messages?limit=2&offset={offset}").json() for offset in (0, 2)]
    assert [message["text"] for page in pages for message in page] == ["page 4", "page 3", "page 2", "page 1"]


def test_updates_are_fetched_in_the_retrying_loop(demo: Account) -> None:
    def make_request() -> dict:
        response = requests.get(f"{demo.bot}/getUpdates")
        if response.status_code == 200:
            return response.json()
        raise RuntimeError(f"Request failed with status {response.status_code}")

    for _ in range(5):
        try:
            result = make_request()
            break
        except RuntimeError as why:
            print(why)
            time.sleep(random.expovariate(1.0))
    assert result["ok"] is True and isinstance(result["result"], list)


def test_basic_authentication_is_the_account_and_its_secret(demo: Account) -> None:
    user, _, password = demo.token.partition(":")
    url = f"{demo.server.url}/v1/contacts/1234567890"
    assert requests.get(url, auth=(user, password)).json()["result"]["first_name"] == "John"
    assert requests.get(url, headers={"Authorization": f"Bearer {demo.token}"}).status_code == 200
    wrong = requests.get(url, auth=(user, "wrong"))
    assert (wrong.status_code, wrong.json()["ok"]) == (401, False)


def test_a_wrong_token_is_unauthorised(demo: Account) -> None:
    answer = requests.get(f"{demo.server.url}/bot{demo.id}:{'A' * 35}/getUpdates")
    assert (answer.status_code, answer.json()["ok"], answer.json()["error_code"]) == (401, False, 401)
    assert answer.json()["description"].startswith("Unauthorized")


def test_clients_that_send_no_headers_of_their_own(demo: Account) -> None:
    """.NET's HttpClient sends Host and nothing else; Java's RestTemplate asks for odd types first."""
    host = demo.server.url.removeprefix("http://")
    for headers in ({}, {"Accept": "application/json, application/*+json", "User-Agent": "Java/21.0.2"}):
        connection = http.client.HTTPConnection(host)
        connection.putrequest("GET", f"/bot{demo.token}/contacts/1234567890", skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        assert (response.status, response.getheader("content-type", "").split(";")[0]) == (200, "application/json")
        assert b'"first_name":"John"' in response.read()
        connection.close()

"""Webhooks and consumers: made, filtered, paused, replayed and removed in the browser; a receiver stands where they post."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from kit import PATIENCE_S, Account, eventually
from playwright.sync_api import expect
from portal import Visitor


class Receiver:
    """Takes what is posted, or refuses it."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def texts(self) -> list[str]:
        return [json.loads(body)["message"]["text"] for _, body in self.taken]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


def make(boss: Visitor, account: Account, receiver: Receiver, **fields: str) -> str:
    """Makes a webhook and leads to its page; its secret."""
    page = boss.go(f"/portal/a/{account.id}/webhooks")
    page.get_by_label("Address", exact=True).fill(receiver.url)
    for label, value in fields.items():
        page.get_by_label(label.replace("_", " "), exact=True).fill(value)
    boss.press("Make the webhook")
    boss.title("The webhook is made")
    secret = boss.secret()
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("heading", name="How it fares")).to_be_visible()
    return secret


def is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """After Standard Webhooks."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}" in headers["webhook-signature"].split(" ")


def test_a_webhook_gets_what_its_filters_let_pass_signed_with_the_secret_that_was_shown_once(boss: Visitor, account: Account, receiver):
    ann, bob = account.server.person("Ann"), account.server.person("Bob")
    for person in (ann, bob):
        person.write(account.id, "before")
    body = {"labels": ["vip"]}
    assert requests.patch(f"{account.bot}/contacts/{ann.id}", json=body, timeout=PATIENCE_S).ok
    secret = make(boss, account, receiver, Description="Desk", Only_contacts_labelled="vip")
    boss.title("Desk")
    assert secret not in boss.page.content()
    bob.write(account.id, "not for it")
    ann.write(account.id, "for it")
    eventually("the delivery", lambda: receiver.texts() == ["for it"])
    headers, raw = receiver.taken[0]
    assert is_signed(secret, headers, raw)
    boss.page.reload()
    expect(boss.page.locator("#log tbody tr")).to_have_count(1)
    expect(boss.page.locator("#log tbody tr .tag")).to_have_text("delivered")
    boss.agree()
    boss.press("New secret")
    boss.title("The webhook's new secret")
    renewed = boss.secret()
    ann.write(account.id, "signed anew")
    eventually("the next", lambda: len(receiver.taken) == 2)
    assert renewed != secret and all(is_signed(one, *receiver.taken[1]) for one in (secret, renewed))


def test_a_paused_webhook_keeps_what_waits_until_it_is_resumed(boss: Visitor, account: Account, receiver):
    make(boss, account, receiver, Description="Desk")
    page = boss.page
    boss.press("Pause")
    expect(page.get_by_role("status")).to_contain_text("Paused")
    account.server.person("Ann").write(account.id, "while it was paused")
    boss.menu("Webhooks")
    row = page.get_by_role("row", name="Desk")
    expect(row.locator(".tag")).to_have_text("paused")
    expect(row.get_by_role("cell").nth(2)).to_have_text("1")
    assert receiver.taken == []
    page.get_by_role("link", name="Desk").click()
    boss.press("Resume")
    eventually("what waited", lambda: receiver.texts() == ["while it was paused"])


def test_what_was_given_up_is_listed_and_delivered_again(boss: Visitor, account: Account, receiver):
    receiver.status = 500
    make(boss, account, receiver)
    page = boss.page
    page.get_by_text("Which updates, and how").click()
    page.get_by_label("Tries", exact=True).fill("1")
    boss.press("Save")
    expect(page.get_by_role("status")).to_have_text("Saved.")
    account.server.person("Ann").write(account.id, "given up")
    dead = f"{page.url.split('?')[0]}?status=dead"
    rows = page.locator("#log tbody tr")

    def given_up() -> bool:
        boss.go(dead)
        return rows.count() == 1

    eventually("the dead letter", given_up)
    expect(rows).to_contain_text(["given up"])
    expect(rows).to_contain_text(["500"])
    receiver.status = 200
    before = len(receiver.taken)
    rows.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("1 update will be delivered again.")
    eventually("it again", lambda: len(receiver.taken) == before + 1)
    assert receiver.texts()[-1] == "given up"
    boss.go(page.url.split("?")[0])
    page.get_by_label("From", exact=True).fill("2020-01-01T00:00")
    boss.press("Deliver again")
    expect(page.get_by_role("status")).to_have_text("1 update will be delivered again.")
    eventually("it once more", lambda: len(receiver.taken) == before + 2)


def test_what_the_api_refuses_stands_at_its_field(boss: Visitor, account: Account, receiver):
    boss.refusals = {422}
    page = boss.go(f"/portal/a/{account.id}/webhooks")
    page.get_by_label("Address", exact=True).fill("ftp://example.com/hook")
    page.get_by_label("Only these chats", exact=True).fill("7, eight")
    boss.press("Make the webhook")
    expect(page.locator("#chats-wrong")).to_contain_text("chats must be a list of numbers")
    page.get_by_label("Only these chats", exact=True).fill("7")
    boss.press("Make the webhook")
    expect(page.locator("#url-wrong")).to_be_visible()
    expect(page.get_by_label("Address", exact=True)).to_have_value("ftp://example.com/hook")
    make(boss, account, receiver)
    boss.press("Deliver again")
    expect(page.locator("#update_ids-wrong")).to_be_visible()
    page.get_by_label("Updates", exact=True).fill("1")
    boss.press("Deliver again")
    expect(page.locator("#update_ids-wrong")).to_contain_text("update 1 is not kept")


def test_a_named_consumer_is_listed_with_what_waits_and_removed(boss: Visitor, account: Account):
    asked = {"consumer": "crm", "timeout": 0}
    assert requests.post(f"{account.bot}/getUpdates", json=asked, timeout=PATIENCE_S).ok
    account.server.person("Ann").write(account.id, "Hello")
    page = boss.go(f"/portal/a/{account.id}/webhooks")
    row = page.get_by_role("row", name="crm")
    expect(row.get_by_role("cell").nth(2)).to_have_text("1")
    expect(page.get_by_role("row", name="the default one").get_by_role("cell").nth(2)).to_have_text("1")
    boss.agree()
    row.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("Removed.")
    expect(row).to_have_count(0)


def test_a_webhook_is_made_and_removed_without_scripts(window, account: Account, receiver):
    plain = window("boss", java_script_enabled=False)
    make(plain, account, receiver, Description="Plain")
    plain.page.get_by_label("From", exact=True).fill("2020-01-01T00:00")
    plain.press("Deliver again")
    expect(plain.page.get_by_role("status")).to_have_text("0 updates will be delivered again.")
    plain.press("Remove")
    expect(plain.page.get_by_role("status")).to_have_text("The webhook is removed.")
    expect(plain.page.get_by_text("None yet.")).to_be_visible()

"""Broadcasts: how many they reach is said before, they are sent once, watched, paused, resumed and cancelled."""

import re

import pytest
import requests
from kit import PATIENCE_S, Account, Person, eventually
from playwright.sync_api import expect
from portal import NASTY_TEXT, Portal, Visitor
from test_contacts import add


@pytest.fixture
def people(server: Portal, account: Account) -> list[Person]:
    """Three who wrote and are customers, and one contact behind whom nobody is known."""
    people = [server.person(name) for name in ("Ann", "Bob", "Cid")]
    for person in people:
        person.write(account.id, "Hello")
        body = {"labels": ["customer"]}
        assert requests.patch(f"{account.bot}/contacts/{person.id}", json=body, timeout=PATIENCE_S).ok
    add(account, first_name="Dan", labels=["customer"])
    return people


def broadcasts(account: Account) -> list[dict]:
    return requests.get(f"{account.bot}/broadcasts", timeout=PATIENCE_S).json()["result"]


def test_a_broadcast_says_whom_it_reaches_is_sent_once_and_shows_what_became_of_each(boss: Visitor, account: Account, people):
    people[2].act("block", account_id=account.id)
    page = boss.go(f"/portal/a/{account.id}/broadcasts")
    page.get_by_role("link", name="New broadcast").click()
    page.get_by_label("Message", exact=True).fill("We are open again.")
    page.get_by_label("Label", exact=True).fill("customer")
    boss.press("See who gets it")
    expect(page.get_by_role("heading", name="Send this to 4 contacts?")).to_be_visible()
    expect(page.get_by_role("region", name="Send this to 4 contacts?")).to_contain_text("It reaches 2 contacts: 2 of those")
    assert broadcasts(account) == []
    boss.press("Send to 2 contacts")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Broadcast ")
    for person in people[:2]:
        person.sees(account.id, "We are open again.")
    # It looks again by itself.
    expect(page.get_by_role("heading", name="4 of 4")).to_be_visible()
    expect(page.locator("#progress .head .tag")).to_have_text("finished")
    expect(page.locator("#who-rows tr")).to_have_count(4)
    page.get_by_role("link", name="Left out 2").click()
    expect(page.locator("#who-rows tr")).to_contain_text(["Cid", "Dan"])
    page.get_by_role("link", name="Sent 2").click()
    expect(page.locator("#who-rows tr .tag")).to_have_text(["sent", "sent"])
    boss.menu("Broadcasts")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page.get_by_role("row", name="We are open again.")).to_contain_text("contacts labelled “customer”")
    assert len(broadcasts(account)) == 1


def test_the_same_confirmation_sent_twice_is_one_broadcast(boss: Visitor, account: Account, people):
    page = boss.go(f"/portal/a/{account.id}/broadcasts/new")
    page.get_by_label("Message", exact=True).fill("Once.")
    page.get_by_label("Search", exact=True).fill("ann")
    boss.press("See who gets it")
    form = page.get_by_role("region", name="Send this to 1 contact?").locator("form")
    fields = {field["name"]: field["value"] for field in form.evaluate(
        "form => [...new FormData(form)].map(([name, value]) => ({ name, value }))"
    )}  # fmt: skip
    cookies = {"contactgram": boss.server.session("boss")}
    url = f"{boss.server.url}/portal/a/{account.id}/broadcasts"
    answers = [requests.post(url, data=fields, cookies=cookies, allow_redirects=False, timeout=PATIENCE_S) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert len(broadcasts(account)) == 1


def test_what_is_wrong_with_a_broadcast_stands_at_its_field(boss: Visitor, account: Account, people):
    boss.refusals = {422}
    page = boss.go(f"/portal/a/{account.id}/broadcasts/new")
    page.get_by_label("Message", exact=True).fill("Hello")
    boss.press("See who gets it")
    expect(page.locator("#label-wrong")).to_contain_text("say who gets it")
    page.get_by_label("Label", exact=True).fill("nobody has this")
    boss.press("See who gets it")
    expect(page.locator("#label-wrong")).to_contain_text("nobody is selected by that")
    page.get_by_text("One by one", exact=True).click()
    page.get_by_label("Ids of contacts", exact=True).fill("Ann")
    boss.press("See who gets it")
    expect(page.locator("#contact_ids-wrong")).to_contain_text("must be ids")
    expect(page.get_by_label("Message", exact=True)).to_have_value("Hello")
    assert broadcasts(account) == []


def test_a_broadcast_is_paused_resumed_and_cancelled(boss: Visitor, server: Portal, upstream: Portal):
    there = upstream.account("Slow bot")
    words = ["account", "add", "--connector", "bot", "--token-stdin", "--upstream", upstream.url]
    server.command(*words, typed=there.token)
    here = Account(server, there.id, there.token)
    eventually("the bot", lambda: requests.get(f"{here.bot}/getMe", timeout=PATIENCE_S).ok)
    ann = upstream.person("Ann")
    ann.write(there.id, "Hello")
    eventually("the contact", lambda: requests.get(f"{here.bot}/contacts/{ann.id}", timeout=PATIENCE_S).ok)
    # All to one chat, at its pace of one a second: it can be caught in the middle.
    ids = [add(here, first_name=f"Number {number}") for number in range(2)]
    # What comes before fills the chat's turns.
    for number in range(8):
        body = {"chat_id": ann.id, "text": f"before {number}"}
        answer = requests.post(f"{here.bot}/sendMessage", json=body, headers={"Prefer": "respond-async"}, timeout=PATIENCE_S)
        assert answer.status_code == 202
    page = boss.go(f"/portal/a/{there.id}/broadcasts/new")
    page.get_by_label("Message", exact=True).fill(NASTY_TEXT)
    page.get_by_text("One by one", exact=True).click()
    page.get_by_label("Ids of contacts", exact=True).fill(", ".join(str(one) for one in [ann.id, *ids]))
    boss.press("See who gets it")
    boss.agree()
    boss.press("Send to 1 contact")
    boss.press("Pause")
    expect(page.get_by_role("status")).to_contain_text("Paused")
    expect(page.locator("#progress .head .tag")).to_have_text("paused")
    expect(page.locator("#progress .said-as")).to_have_text(NASTY_TEXT)
    boss.press("Resume")
    expect(page.get_by_role("status")).to_have_text("It goes on.")
    boss.press("Cancel")
    expect(page.get_by_role("status")).to_have_text("Cancelled: nobody else gets it.")
    expect(page.locator("#progress .head .tag")).to_have_text("cancelled")


def test_a_broadcast_is_begun_without_scripts(window, account: Account, people):
    plain = window("boss", java_script_enabled=False)
    page = plain.go(f"/portal/a/{account.id}/broadcasts/new")
    page.get_by_label("Message", exact=True).fill("By hand.")
    page.get_by_label("Search", exact=True).fill("bob")
    plain.press("See who gets it")
    plain.press("Send to 1 contact")
    # Its page has to be there before it is loaded anew.
    expect(page).to_have_url(re.compile(r"/broadcasts/\d+"))
    people[1].sees(account.id, "By hand.")
    page.reload()
    expect(page.get_by_role("heading", name="1 of 1")).to_be_visible()

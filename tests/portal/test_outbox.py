"""The outbox: a message is written for later, changed, taken back, and said to be sent, failed or waiting."""

from datetime import UTC, datetime, timedelta

import requests
from kit import PATIENCE_S, Account, Person, eventually
from playwright.sync_api import expect
from portal import Portal, Visitor


def later(account: Account, person: Person, text: str, seconds: int = 86_400) -> int:
    """Queues a message as a program does."""
    at = int(datetime.now(UTC).timestamp()) + seconds
    body = {"chat_id": person.id, "text": text, "send_at": at}
    answer = requests.post(f"{account.bot}/sendMessage", json=body, timeout=PATIENCE_S)
    assert answer.status_code == 202, answer.text
    return answer.json()["result"]["id"]


def entry(account: Account, number: int) -> dict:
    return requests.get(f"{account.bot}/outbox/{number}", timeout=PATIENCE_S).json()["result"]


def test_a_message_is_written_for_later_in_the_visitors_time_zone(window, account: Account, person: Person):
    person.write(account.id, "Hello")
    far = window("boss", timezone_id="Asia/Kolkata")
    page = far.go(f"/portal/a/{account.id}/chats/{person.id}")
    page.get_by_label("Message", exact=True).fill("Good morning")
    page.get_by_text("Send later").click()
    expect(page.get_by_text("In your time zone, Asia/")).to_be_visible()
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    page.get_by_label("Send at", exact=True).fill(f"{day}T09:30")
    far.press("Send")
    expect(page.get_by_role("status")).to_have_text("It waits in the outbox until its time.")
    expect(page.get_by_label("Message", exact=True)).to_have_value("")
    far.menu("Outbox")
    row = page.get_by_role("row", name=f"Ann Lee Good morning waits {day} 04:00 UTC")
    row.get_by_role("link").click()
    expect(page.get_by_text(f"{day} 04:00 UTC")).to_be_visible()
    expect(page.get_by_label("Send at", exact=True)).to_have_value(f"{day}T09:30")


def test_without_scripts_a_message_is_written_for_later_in_utc(window, account: Account, person: Person):
    person.write(account.id, "Hello")
    plain = window("boss", java_script_enabled=False, timezone_id="Asia/Kolkata")
    plain.refusals = {422}
    page = plain.go(f"/portal/a/{account.id}/chats/{person.id}")
    page.get_by_label("Message", exact=True).fill("Good morning")
    page.get_by_text("Send later").click()
    expect(page.get_by_text("In UTC.")).to_be_visible()
    page.get_by_label("Send at", exact=True).fill("2020-01-01T09:30")
    plain.press("Send")
    expect(page.get_by_role("alert")).to_have_text("that time has passed")
    expect(page.get_by_label("Message", exact=True)).to_have_value("Good morning")
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    page.get_by_label("Send at", exact=True).fill(f"{day}T09:30")
    plain.press("Send")
    plain.menu("Outbox")
    expect(page.get_by_text(f"{day} 09:30 UTC")).to_be_visible()


def test_what_waits_is_changed_and_goes_out_then(boss: Visitor, account: Account, person: Person):
    person.write(account.id, "Hello")
    number = later(account, person, "We open at nine.")
    page = boss.go(f"/portal/a/{account.id}/outbox")
    page.get_by_role("link", name="Ann Lee").click()
    boss.title("To Ann Lee")
    page.get_by_label("Message", exact=True).fill("We open at ten.")
    boss.press("Save")
    expect(page.get_by_role("status")).to_have_text("Saved.")
    assert entry(account, number)["params"]["text"] == "We open at ten."
    assert entry(account, number)["send_at"]
    page.get_by_label("Send at", exact=True).fill("")
    boss.press("Save")
    person.sees(account.id, "We open at ten.")
    eventually("that it is sent", lambda: entry(account, number)["status"] == "sent")
    page.reload()
    expect(page.get_by_role("region", name="What becomes of it").locator(".tag")).to_have_text("sent")
    assert page.get_by_role("button", name="Take back").count() == 0


def test_what_waits_is_taken_back_and_the_list_is_filtered(boss: Visitor, server: Portal, account: Account, person: Person):
    person.write(account.id, "Hello")
    gone, stays = later(account, person, "Never mind."), later(account, person, "See you.")
    asked = boss.agree()
    page = boss.go(f"/portal/a/{account.id}/outbox/{gone}")
    boss.press("Take back")
    expect(page.get_by_role("status")).to_have_text("It is taken back, and is not sent.")
    assert len(asked) == 1 and entry(account, gone)["status"] == "cancelled"
    boss.menu("Outbox")
    expect(page.locator("#rows tbody tr")).to_have_count(2)
    page.get_by_role("link", name="Taken back", exact=True).click()
    expect(page.locator("#rows tbody tr")).to_contain_text(["Never mind."])
    page.get_by_role("link", name="Waiting", exact=True).click()
    expect(page.locator("#rows tbody tr")).to_contain_text(["See you."])
    page.get_by_role("link", name="Failed", exact=True).click()
    expect(page.locator("#rows")).to_contain_text("No entry is in this state.")
    person.act("block", account_id=account.id)
    body = {"send_at": None}
    assert requests.patch(f"{account.bot}/outbox/{stays}", json=body, timeout=PATIENCE_S).ok
    row = page.locator("#rows tbody tr")
    expect(row).to_contain_text(["See you."])
    expect(row.locator(".tag")).to_have_text("failed")
    row.get_by_role("link").click()
    expect(page.get_by_text("It was not sent, and is not tried again.")).to_be_visible()

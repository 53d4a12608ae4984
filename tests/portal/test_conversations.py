"""Conversations: what people write is there by itself, is answered, and can be played from a phone on the page."""

import requests
from kit import PATIENCE_S, Account, Person
from playwright.sync_api import expect
from portal import NASTY_NAME, NASTY_TEXT, Visitor


def bubbles(page, where: str = "#thread"):
    return page.locator(f"{where} .bubble")


def test_a_person_is_played_from_the_phone_and_both_sides_see_what_is_said(boss: Visitor, account: Account):
    page = boss.go(f"/portal/a/{account.id}/chats")
    expect(page.locator("#chats")).to_contain_text("Nobody wrote yet")
    page.get_by_label("First name", exact=True).fill("Zoë")
    boss.press("Be this person")
    boss.title("Zoë")
    phone = page.get_by_label("Message as Zoë", exact=True)
    expect(phone).to_be_focused()
    phone.fill("Is anybody there?")
    phone.press("Enter")
    expect(bubbles(page)).to_contain_text(["Is anybody there?"])
    expect(bubbles(page, "#phone")).to_contain_text(["Is anybody there?"])
    answer = page.get_by_label("Message", exact=True)
    answer.fill("Yes.\nHow can we help?")
    answer.press("Enter")
    expect(bubbles(page)).to_contain_text(["Is anybody there?", "Yes.\nHow can we help?"])
    expect(bubbles(page, "#phone")).to_contain_text(["Is anybody there?", "Yes.\nHow can we help?"])
    expect(answer).to_have_value("")
    assert boss.loads == 1


def test_what_a_person_writes_in_their_app_appears_by_itself(boss: Visitor, account: Account):
    ann = account.server.person("Ann")
    ann.write(account.id, "first")
    page = boss.go(f"/portal/a/{account.id}/chats/{ann.id}")
    expect(bubbles(page)).to_contain_text(["first"])
    ann.write(account.id, "second")
    expect(bubbles(page)).to_contain_text(["first", "second"])
    assert boss.loads == 1


def test_what_another_program_sends_appears_by_itself(boss: Visitor, account: Account):
    ann = account.server.person("Ann")
    ann.write(account.id, "first")
    page = boss.go(f"/portal/a/{account.id}/chats/{ann.id}")
    expect(bubbles(page)).to_contain_text(["first"])
    body = {"chat_id": ann.id, "text": "from a program"}
    assert requests.post(f"{account.bot}/sendMessage", json=body, timeout=PATIENCE_S).ok
    expect(bubbles(page)).to_contain_text(["first", "from a program"])
    expect(page.locator("#thread .bubble.mine")).to_contain_text(["from a program"])
    assert boss.loads == 1


def test_a_half_written_answer_survives_what_comes_in(boss: Visitor, account: Account):
    ann = account.server.person("Ann")
    ann.write(account.id, "first")
    page = boss.go(f"/portal/a/{account.id}/chats/{ann.id}")
    answer = page.get_by_label("Message", exact=True)
    answer.press_sequentially("I am just")
    ann.write(account.id, "second")
    expect(bubbles(page)).to_contain_text(["first", "second"])
    expect(answer).to_have_value("I am just")
    expect(answer).to_be_focused()


def test_an_answer_from_the_portal_is_on_the_persons_screen(boss: Visitor, account: Account):
    ann = account.server.person("Ann")
    ann.write(account.id, "Hello")
    page = boss.go(f"/portal/a/{account.id}/chats")
    page.get_by_role("link", name="Ann").click()
    page.get_by_label("Message", exact=True).fill("Good morning")
    boss.press("Send")
    expect(bubbles(page)).to_contain_text(["Hello", "Good morning"])
    ann.sees(account.id, "Good morning")


def test_the_list_moves_the_newest_conversation_up_by_itself(boss: Visitor, account: Account):
    ann, bob = account.server.person("Ann"), account.server.person("Bob")
    ann.write(account.id, "one")
    bob.write(account.id, "two")
    page = boss.go(f"/portal/a/{account.id}/chats")
    who = page.locator("#chats .who")
    expect(who).to_have_text(["Bob", "Ann"])
    ann.write(account.id, "three")
    expect(who).to_have_text(["Ann", "Bob"])
    assert boss.loads == 1


def test_messages_and_names_are_text_in_every_place(boss: Visitor, account: Account):
    dialogs = boss.agree()
    eve = account.server.person(NASTY_NAME)
    eve.write(account.id, NASTY_TEXT)
    page = boss.go(f"/portal/a/{account.id}/chats")
    expect(page.locator("#chats .who")).to_have_text([NASTY_NAME])
    expect(page.locator("#chats .said")).to_have_text([NASTY_TEXT])
    page.locator("#chats a").first.click()
    boss.title(NASTY_NAME)
    expect(bubbles(page)).to_contain_text([NASTY_TEXT])
    eve.write(account.id, NASTY_TEXT + "2")
    expect(bubbles(page)).to_contain_text([NASTY_TEXT, NASTY_TEXT + "2"])
    page.get_by_role("link", name=f"Be {NASTY_NAME}").click()
    expect(bubbles(page, "#phone")).to_contain_text([NASTY_TEXT, NASTY_TEXT + "2"])
    expect(page.get_by_label(f"Message as {NASTY_NAME}")).to_be_visible()
    page.get_by_role("link", name="Contact", exact=True).click()
    expect(bubbles(page)).to_contain_text([NASTY_TEXT, NASTY_TEXT + "2"])
    boss.menu("Overview")
    assert page.locator("main b:not(.tile b), main script, main img").count() == 0
    assert dialogs == []


def test_older_messages_are_a_link_away(boss: Visitor, account: Account):
    ann = account.server.person("Ann")
    for number in range(52):
        ann.write(account.id, f"message {number}")
    page = boss.go(f"/portal/a/{account.id}/chats/{ann.id}")
    expect(bubbles(page)).to_have_count(50)
    expect(bubbles(page).last).to_be_in_viewport()
    page.get_by_role("link", name="Older messages").click()
    expect(bubbles(page)).to_contain_text(["message 0", "message 1"])


def test_a_message_that_cant_be_sent_says_why_and_stays_in_its_field(boss: Visitor, account: Account, person: Person):
    boss.refusals = {422}
    person.write(account.id, "Goodbye")
    person.act("block", account_id=account.id)
    page = boss.go(f"/portal/a/{account.id}/chats/{person.id}")
    page.get_by_label("Message", exact=True).fill("You don't know me")
    boss.press("Send")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Message", exact=True)).to_have_value("You don't know me")

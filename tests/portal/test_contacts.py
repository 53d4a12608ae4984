"""Contacts: found as one types, added and edited with errors beside their fields, and text whatever they are called."""

import re
import uuid

import requests
from kit import PATIENCE_S, Account, eventually
from playwright.sync_api import expect
from portal import NASTY_NAME, Visitor


def add(account: Account, **fields) -> int:
    """Another program adds a contact, reachable somehow."""
    if not fields.keys() & {"phone_number", "email", "username"}:
        fields["email"] = f"{uuid.uuid4().hex}@example.org"
    headers = {"Authorization": f"Bearer {account.token}"}
    answer = requests.post(f"{account.server.url}/v1/contacts", json=fields, headers=headers, timeout=PATIENCE_S)
    assert answer.ok, answer.text
    return answer.json()["result"]["id"]


def some(account: Account) -> None:
    add(account, first_name="Ann", last_name="Lee", phone_number="+447700900123", labels=["vip"])
    add(account, first_name="Bob", last_name="Moss", email="bob@example.org", labels=["support", "vip"])
    add(account, first_name="Cleo", last_name="Zadeh", note="likes tea")


def names(page):
    return page.locator("#found a.row")


def test_an_account_without_contacts_says_what_to_do_and_the_form_adds_one(boss: Visitor, account: Account):
    page = boss.go(f"/portal/a/{account.id}/contacts")
    expect(page.locator("#found")).to_contain_text("No contacts yet")
    page.get_by_role("link", name="Add a contact").click()
    boss.title("Add a contact")
    page.get_by_label("First name", exact=True).fill("Ann")
    page.get_by_label("Phone number", exact=True).fill("+44 7700 900123")
    page.get_by_label("Labels", exact=True).fill("vip, support")
    boss.press("Save")
    expect(page.get_by_role("status")).to_have_text("Saved.")
    boss.title("Ann")
    expect(page.get_by_text("+447700900123")).to_be_visible()
    assert boss.loads == 1, "pages after the first come without a load"


def test_a_bad_number_and_a_bad_address_are_told_at_their_fields_and_keep_what_was_typed(boss: Visitor, account: Account):
    boss.refusals = {422}
    page = boss.go(f"/portal/a/{account.id}/contacts/new")
    page.get_by_label("First name", exact=True).fill("Ann")
    boss.press("Save")
    expect(page.locator("#phone_number-wrong")).to_contain_text("is required")
    page.get_by_label("Phone number", exact=True).fill("12")
    boss.press("Save")
    expect(page.locator("#phone_number-wrong")).not_to_contain_text("is required")
    expect(page.get_by_label("Phone number", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("First name", exact=True)).to_have_value("Ann")
    page.get_by_label("Phone number", exact=True).fill("+447700900123")
    page.get_by_label("E-mail", exact=True).fill("nowhere")
    boss.press("Save")
    expect(page.locator("#email-wrong")).to_be_visible()
    expect(page.locator("#phone_number-wrong")).to_have_count(0)
    page.get_by_label("E-mail", exact=True).fill("ann@example.org")
    boss.press("Save")
    boss.title("Ann")


def test_typing_finds_without_a_load_and_the_labels_narrow_what_is_found(boss: Visitor, account: Account):
    some(account)
    page = boss.go(f"/portal/a/{account.id}/contacts")
    expect(names(page)).to_have_count(3)
    search = page.get_by_role("searchbox", name="Search")
    search.press_sequentially("zad")
    expect(names(page)).to_have_text(["Cleo Zadeh"])
    expect(search).to_be_focused()
    search.fill("900123")
    expect(names(page)).to_have_text(["Ann Lee"])
    search.fill("nobody of this name")
    expect(page.locator("#found")).to_contain_text("Nobody found")
    search.fill("")
    expect(names(page)).to_have_count(3)
    page.get_by_label("Label", exact=True).fill("support")
    page.get_by_label("Label", exact=True).press("Tab")
    expect(names(page)).to_have_text(["Bob Moss"])
    assert boss.loads == 1


def test_the_order_is_what_was_chosen(boss: Visitor, account: Account):
    some(account)
    page = boss.go(f"/portal/a/{account.id}/contacts")
    expect(names(page)).to_have_text(["Ann Lee", "Bob Moss", "Cleo Zadeh"])
    add(account, first_name="Abe")
    page.get_by_label("Order", exact=True).select_option("updated_at")
    expect(names(page)).to_have_text(["Ann Lee", "Bob Moss", "Cleo Zadeh", "Abe"])
    page.get_by_label("Order", exact=True).select_option("name")
    expect(names(page)).to_have_text(["Abe", "Ann Lee", "Bob Moss", "Cleo Zadeh"])
    assert boss.loads == 1


def test_a_list_of_many_has_pages(boss: Visitor, account: Account):
    for number in range(53):
        add(account, first_name=f"Person {number:02}")
    page = boss.go(f"/portal/a/{account.id}/contacts")
    expect(names(page)).to_have_count(50)
    page.get_by_role("link", name="Next page").click()
    expect(names(page)).to_have_text(["Person 50", "Person 51", "Person 52"])
    page.get_by_role("link", name="First page").click()
    expect(names(page)).to_have_count(50)


def test_a_contact_that_another_program_adds_appears_by_itself(boss: Visitor, account: Account):
    page = boss.go(f"/portal/a/{account.id}/contacts")
    expect(page.locator("#found")).to_contain_text("No contacts yet")
    account.server.person("Dora").write(account.id, "Hello")
    expect(names(page)).to_have_text(["Dora"])
    assert boss.loads == 1


def test_an_edit_changes_and_empties_fields(boss: Visitor, account: Account):
    contact = add(account, first_name="Ann", last_name="Lee", note="likes tea", attributes={"plan": "gold"})
    page = boss.go(f"/portal/a/{account.id}/contacts/{contact}")
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_label("Note", exact=True)).to_have_value("likes tea")
    page.get_by_label("Last name", exact=True).fill("Moss")
    page.get_by_label("Note", exact=True).fill("")
    boss.press("Save")
    boss.title("Ann Moss")
    kept = account.server.get(f"/v1/contacts/{contact}", account.token).json()["result"]
    assert (kept["last_name"], kept.get("note"), kept["attributes"]) == ("Moss", None, {"plan": "gold"})


def test_an_edit_that_would_undo_somebody_elses_is_told_and_changes_nothing(boss: Visitor, account: Account):
    contact = add(account, first_name="Ann")
    boss.refusals = {422}
    page = boss.go(f"/portal/a/{account.id}/contacts/{contact}/edit")
    headers = {"Authorization": f"Bearer {account.token}"}
    url = f"{account.server.url}/v1/contacts/{contact}"
    assert requests.patch(url, json={"note": "theirs"}, headers=headers, timeout=PATIENCE_S).ok
    page.get_by_label("Note", exact=True).fill("mine")
    boss.press("Save")
    expect(page.get_by_role("alert")).to_contain_text("somebody else changed this contact meanwhile")
    expect(page.get_by_label("Note", exact=True)).to_have_value("mine")
    assert account.server.get(f"/v1/contacts/{contact}", account.token).json()["result"]["note"] == "theirs"


def test_a_contact_goes_when_the_question_is_answered_with_yes(boss: Visitor, account: Account):
    contact = add(account, first_name="Ann")
    page = boss.go(f"/portal/a/{account.id}/contacts/{contact}")
    asked: list[str] = []

    def answer(dialog) -> None:
        asked.append(dialog.message)
        dialog.accept() if len(asked) > 1 else dialog.dismiss()

    page.on("dialog", answer)
    boss.press("Remove")
    page.reload()
    boss.title("Ann")
    boss.press("Remove")
    expect(page.get_by_role("status")).to_have_text("Removed.")
    assert asked == ["Remove this contact? The messages stay."] * 2
    eventually("it is gone", lambda: account.server.get(f"/v1/contacts/{contact}", account.token).status_code == 404)


def test_names_labels_and_notes_are_text_wherever_they_are_shown(boss: Visitor, account: Account):
    dialogs = boss.agree()
    fields = {"Username": "nasty_one", "First name": NASTY_NAME, "Last name": "</title><i>", "Labels": "<u>l</u>&\"'", "Note": "<script>alert(3)</script>"}
    page = boss.go(f"/portal/a/{account.id}/contacts/new")
    for label, text in fields.items():
        page.get_by_label(label).fill(text)
    boss.press("Save")
    name = f"{NASTY_NAME} </title><i>"
    boss.title(name)
    expect(page).to_have_title(f"{name} · Contactgram")
    expect(page.locator("dl.facts")).to_contain_text(fields["Note"])
    page.locator("dl.facts").get_by_role("link", name=fields["Labels"], exact=True).click()
    expect(names(page)).to_have_text([name])
    expect(page.get_by_label("Label", exact=True)).to_have_value(fields["Labels"])
    page.get_by_role("link", name=name).click()
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_label("First name", exact=True)).to_have_value(NASTY_NAME)
    expect(page.get_by_label("Note", exact=True)).to_have_value(fields["Note"])
    assert page.locator("main b, main i, main u, main script").count() == 0
    assert dialogs == []


def test_the_address_keeps_what_was_looked_for(boss: Visitor, account: Account):
    some(account)
    page = boss.go(f"/portal/a/{account.id}/contacts?q=bob&label=vip&sort=id")
    expect(names(page)).to_have_text(["Bob Moss"])
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("bob")
    names(page).first.click()
    boss.title("Bob Moss")
    page.go_back()
    expect(page).to_have_url(re.compile(r"q=bob"))
    expect(names(page)).to_have_text(["Bob Moss"])

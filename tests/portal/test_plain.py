"""Without scripts everything still works: forms and links are all that is needed. And the keyboard is enough."""

import pytest
from kit import Account
from playwright.sync_api import Page, expect
from portal import PASSWORD, Visitor
from test_applications import Application, app  # noqa: F401  (a fixture)
from test_contacts import add


@pytest.fixture
def plain(window) -> Visitor:
    return window("boss", java_script_enabled=False)


def test_signing_in_takes_no_scripts(window):
    visitor = window(java_script_enabled=False)
    page = visitor.go("/portal/accounts")
    page.get_by_label("Name", exact=True).fill("boss")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    visitor.press("Sign in")
    visitor.title("Accounts")
    visitor.press("Sign out")
    visitor.title("Sign in")


def test_contacts_are_added_and_found_without_scripts(plain: Visitor, account: Account):
    add(account, first_name="Bob")
    plain.refusals = {422}
    page = plain.go(f"/portal/a/{account.id}/contacts/new")
    page.get_by_label("First name", exact=True).fill("Ann")
    page.get_by_label("E-mail", exact=True).fill("nowhere")
    plain.press("Save")
    expect(page.locator("#email-wrong")).to_be_visible()
    page.get_by_label("E-mail", exact=True).fill("ann@example.org")
    plain.press("Save")
    plain.title("Ann")
    plain.menu("Contacts")
    page.get_by_role("searchbox", name="Search").fill("ann")
    plain.press("Search")
    expect(page.locator("#found a.row")).to_have_text(["Ann"])


def test_a_message_is_sent_without_scripts(plain: Visitor, account: Account):
    ann = account.server.person("Ann")
    ann.write(account.id, "Hello")
    page = plain.go(f"/portal/a/{account.id}/chats/{ann.id}")
    page.get_by_label("Message", exact=True).fill("Good morning")
    plain.press("Send")
    expect(page.locator("#thread .bubble")).to_contain_text(["Hello", "Good morning"])
    ann.sees(account.id, "Good morning")


def test_an_application_is_registered_and_allowed_without_scripts(plain: Visitor, account: Account, app: Application):  # noqa: F811
    app.register(account, plain)
    page = plain.go(app.asks())
    page.get_by_label("Account", exact=True).select_option(str(account.id))
    plain.press("Allow")
    plain.title("Back at the application")
    assert app.server.get(f"/bot{app.token()}/contacts").status_code == 200


def test_the_audit_log_is_filtered_without_scripts(plain: Visitor, account: Account):
    page = plain.go(f"/portal/a/{account.id}/audit")
    page.get_by_label("from", exact=True).fill("2020-01-01")
    page.get_by_label("until", exact=True).fill("2020-01-02")
    plain.press("Filter")
    expect(page.locator("#rows")).to_contain_text("No row fits this filter.")


def tab_to(page: Page, name: str, most: int = 40) -> None:
    """Goes on by Tab until what has this name is reached."""
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() and name in (focused.get_attribute("id"), focused.inner_text().strip()):
            return
    raise AssertionError(f"{name} is not reached by Tab")


def test_the_keyboard_alone_signs_in_and_adds_a_contact(window, account: Account):
    visitor = window()
    page = visitor.go(f"/portal/a/{account.id}/contacts")
    visitor.title("Sign in")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("boss")
    tab_to(page, "password", 1)
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    visitor.title("Contacts")
    tab_to(page, "Add a contact")
    page.keyboard.press("Enter")
    visitor.title("Add a contact")
    tab_to(page, "first_name")
    page.keyboard.type("Ann")
    tab_to(page, "email", 5)
    page.keyboard.type("ann@example.org")
    page.keyboard.press("Enter")
    visitor.title("Ann")


def test_the_skip_link_is_first_is_seen_and_leads_past_the_menu(boss: Visitor, account: Account):
    page = boss.go(f"/portal/a/{account.id}")
    skip = page.get_by_role("link", name="To the content")
    expect(skip).not_to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('main').contains(document.activeElement)")

"""Roles: pages show what a role may do, and refuse the rest when it is asked for by its address."""

import uuid

import pytest
from kit import Account
from playwright.sync_api import expect
from portal import PASSWORD, Portal, Visitor
from test_contacts import add


def named(server: Portal, role: str, account: Account) -> str:
    return server.member(f"{role}-{uuid.uuid4().hex[:8]}", role, account.id)


@pytest.fixture
def contact(account: Account) -> int:
    return add(account, first_name="Ann", phone_number="+447700900123", email="ann@example.org", note="likes tea")


def test_a_viewer_sees_no_private_fields_and_no_buttons_to_write(window, server: Portal, account: Account, contact: int):
    viewer = window(named(server, "viewer", account))
    server.person("Bob").write(account.id, "Hello")
    for address in ("contacts", f"contacts/{contact}", "contacts?q=900123"):
        page = viewer.go(f"/portal/a/{account.id}/{address}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        for hidden in ("7700900123", "ann@example.org", "likes tea"):
            assert hidden not in page.content().replace("q=900123", ""), address
        assert page.get_by_role("link", name="Edit").count() == 0
        assert page.get_by_role("link", name="Add a contact").count() == 0
        assert page.get_by_role("main").get_by_role("button").count() == 0
    expect(page.locator("#found")).to_contain_text("Numbers and addresses are not searched with your role.")
    page.get_by_role("searchbox", name="Search").fill("ann")
    expect(page.locator("#found a.row")).to_have_text(["Ann"])
    viewer.menu("Conversations")
    assert page.get_by_role("button", name="Be this person").count() == 0
    page.get_by_role("link", name="Bob").click()
    expect(page.locator("#thread .bubble")).to_contain_text(["Hello"])
    assert page.get_by_label("Message", exact=True).count() == 0


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_pages_of_admins_are_not_in_the_menu_of_lower_roles_and_refuse_them(window, server: Portal, account: Account, role):
    visitor = window(named(server, role, account))
    visitor.refusals = {403}
    page = visitor.go(f"/portal/a/{account.id}")
    menu = page.get_by_role("navigation", name="Shop")
    usual = ["Account and tokens", "Contacts", "Conversations"]
    expect(menu.get_by_role("link")).to_have_text(usual + (["Outbox", "Broadcasts"] if role == "agent" else []))
    assert page.get_by_role("heading", name="Tokens").count() == 0
    assert page.get_by_role("heading", name="API keys").count() == 0
    for address in ("apps", "webhooks", "members", "audit"):
        visitor.go(f"/portal/a/{account.id}/{address}")
        visitor.title("Not allowed")
        expect(page.get_by_role("main")).to_contain_text("This takes the role admin.")
    for address in ("/portal/members", "/portal/audit"):
        visitor.go(address)
        visitor.title("Not allowed")


def test_an_account_of_others_is_as_if_there_were_none(window, server: Portal, account: Account):
    visitor = window(named(server, "owner", account))
    visitor.refusals = {404}
    other = server.account("Elsewhere")
    for address in (f"/portal/a/{other.id}", "/portal/a/77/contacts"):
        visitor.go(address)
        visitor.title("Not here")
    page = visitor.go("/portal/accounts")
    expect(page.get_by_role("main").get_by_role("table")).not_to_contain_text("Elsewhere")


def test_an_agent_edits_contacts_with_their_private_fields_and_writes(window, server: Portal, account: Account, contact: int):
    agent = window(named(server, "agent", account))
    page = agent.go(f"/portal/a/{account.id}/contacts/{contact}/edit")
    expect(page.get_by_label("Phone number", exact=True)).to_have_value("+447700900123")
    page.get_by_label("Note", exact=True).fill("likes coffee")
    agent.press("Save")
    expect(page.get_by_text("likes coffee")).to_be_visible()
    bob = server.person("Bob")
    bob.write(account.id, "Hello")
    agent.go(f"/portal/a/{account.id}/chats/{bob.id}")
    page.get_by_label("Message", exact=True).fill("Good morning")
    agent.press("Send")
    bob.sees(account.id, "Good morning")


def test_an_admin_sees_the_roles_and_only_an_owner_changes_them(window, boss: Visitor, server: Portal, account: Account):
    name = named(server, "agent", account)
    admin = window(named(server, "admin", account))
    page = admin.go(f"/portal/a/{account.id}/members")
    expect(page.get_by_role("row", name=name)).to_contain_text("agent")
    assert page.get_by_role("combobox").count() == 0
    page = boss.go(f"/portal/a/{account.id}/members")
    page.get_by_label(f"Role of {name}").select_option("viewer")
    page.get_by_role("row", name=name).get_by_role("button", name="Set").click()
    expect(page.get_by_role("status")).to_have_text("The role is changed.")
    expect(page.get_by_label(f"Role of {name}")).to_have_value("viewer")


def test_somebody_new_gets_a_link_and_then_has_the_role_that_was_given(window, boss: Visitor, account: Account):
    page = boss.go(f"/portal/a/{account.id}/members")
    name = f"new-{uuid.uuid4().hex[:8]}"
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("combobox", name="Role", exact=True).select_option("agent")
    boss.press("Give the role")
    link = boss.secret()
    newcomer = window()
    theirs = newcomer.go(link)
    theirs.get_by_label("Password", exact=True).fill("a few words together")
    theirs.get_by_label("The same again", exact=True).fill("a few words together")
    newcomer.press("Set the password")
    newcomer.title("Overview")
    expect(theirs.get_by_role("row", name="Shop")).to_contain_text("agent")


def test_the_last_owner_cant_be_demoted_disabled_or_removed_and_is_told_so(fresh: Portal, window):
    visitor = window(at=fresh)
    visitor.refusals = {422}
    asked = visitor.agree()
    page = visitor.go(fresh.owners_link())
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    visitor.press("Set the password")
    visitor.menu("People who sign in")
    visitor.title("People who sign in")
    row, told = page.locator("tbody tr"), page.get_by_role("alert")
    row.get_by_role("combobox").select_option("viewer")
    row.get_by_role("button", name="Set").click()
    expect(told).to_contain_text("the last owner can't go")
    expect(row.get_by_role("combobox")).to_have_value("owner")
    for way in ("Disable", "Remove"):
        visitor.menu("People who sign in")
        expect(told).to_have_count(0)
        row.get_by_role("button", name=way).click()
        expect(told).to_contain_text("the last owner can't go")
        expect(row).to_contain_text("active")
    assert len(asked) == 1


def test_a_member_changes_their_password_and_ends_other_sessions(window, server: Portal, account: Account):
    name = named(server, "agent", account)
    here = window(name)
    server.sessions.pop(name)
    there = window(name)
    here.refusals = {422}
    page = here.go("/portal/me")
    expect(page.get_by_role("button", name="End", exact=True)).to_have_count(1)
    page.get_by_label("Password now", exact=True).fill("not this one")
    page.get_by_label("New password", exact=True).fill("a few words together")
    here.press("Change it")
    expect(page.locator("#current-wrong")).to_be_visible()
    page.get_by_label("Password now", exact=True).fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("a few words together")
    here.press("Change it")
    expect(page.get_by_role("status")).to_contain_text("The password is changed")
    there.go("/portal")
    there.title("Sign in")

"""Getting in: the link of the first start, signing in and out, and what those are told who can't."""

from playwright.sync_api import expect
from portal import PASSWORD, Portal


def sign_in(visitor, name, password):
    page = visitor.page
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    visitor.press("Sign in")


def test_the_link_of_the_first_start_sets_the_owners_password_once(fresh: Portal, window):
    owner = window(at=fresh)
    owner.refusals = {422}
    page = owner.go(fresh.owners_link())
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again", exact=True).fill("something else")
    owner.press("Set the password")
    expect(page.locator("#password-wrong")).to_have_text("The two are not the same.")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again", exact=True).fill(PASSWORD)
    owner.press("Set the password")
    owner.title("Overview")
    expect(page.get_by_role("link", name="Demo")).to_be_visible()
    later = window(at=fresh).go(fresh.owners_link())
    expect(later.get_by_role("main")).to_contain_text("This link was used, or is too old.")


def test_whoever_signs_in_comes_to_the_page_they_wanted_and_signs_out_of_it(window, server: Portal):
    visitor = window()
    page = visitor.go("/portal/members")
    visitor.title("Sign in")
    sign_in(visitor, "boss", PASSWORD)
    visitor.title("People who sign in")
    [cookie] = visitor.context.cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax" and cookie["expires"] == -1
    visitor.press("Sign out")
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    assert visitor.context.cookies() == []
    visitor.go("/portal/members")
    visitor.title("Sign in")


def test_a_wrong_password_keeps_the_name_that_was_typed(fresh: Portal, window):
    fresh.member("ann@example.org", "owner")
    visitor = window(at=fresh)
    visitor.refusals = {422}
    page = visitor.go("/portal/sign-in")
    sign_in(visitor, "ann@example.org", "something else")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is another.")
    expect(page.get_by_label("Name", exact=True)).to_have_value("ann@example.org")
    expect(page.get_by_label("Password", exact=True)).to_have_value("")
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    sign_in(visitor, "ann@example.org", PASSWORD)
    visitor.title("Overview")


def test_who_tries_too_often_is_told_to_wait_even_with_the_right_password(fresh: Portal, window):
    fresh.member("ann", "owner")
    visitor = window(at=fresh)
    visitor.refusals = {422}
    page = visitor.go("/portal/sign-in")
    for _ in range(5):
        sign_in(visitor, "ann", "something else")
        expect(page.get_by_role("alert")).to_have_text("The name or the password is another.")
    sign_in(visitor, "ann", PASSWORD)
    expect(page.get_by_role("alert")).to_contain_text("Too many tries. Try again in")
    assert visitor.context.cookies() == []


def test_nothing_but_pages_of_the_portal_is_led_to_after_signing_in(window, server: Portal):
    visitor = window()
    visitor.go("/portal/sign-in?next=//example.org/portal")
    sign_in(visitor, "boss", PASSWORD)
    visitor.title("Overview")
    assert visitor.page.url == f"{server.url}/portal"

"""Accounts, their tokens and keys: what is shown once works, and ends where somebody ends it."""

from kit import Account, eventually
from playwright.sync_api import expect
from portal import Portal, Visitor


def works(server: Portal, token: str) -> bool:
    return server.get(f"/bot{token}/getMe").status_code == 200


def test_an_account_is_made_and_its_token_shown_once_opens_the_api(boss: Visitor, server: Portal):
    page = boss.go("/portal")
    boss.menu("Accounts")
    page.get_by_label("Name", exact=True).fill("Tea & Cakes")
    page.get_by_label("Username", exact=True).fill("tea_cakes_bot")
    boss.press("Create")
    token = boss.secret()
    answer = server.get(f"/bot{token}/getMe").json()["result"]
    assert (answer["first_name"], answer["username"]) == ("Tea & Cakes", "tea_cakes_bot")
    assert f"{server.url}/bot{token}/getMe" in page.locator("#curl").inner_text()
    page.get_by_role("link", name="Done").click()
    boss.title("Tea & Cakes")
    assert token not in page.content()


def test_an_account_whose_username_is_taken_is_told_so_at_that_field(boss: Visitor, server: Portal):
    server.account("First", "--username", "first_taken_bot")
    boss.refusals = {422}
    page = boss.go("/portal/accounts")
    page.get_by_label("Name", exact=True).fill("Second")
    page.get_by_label("Username", exact=True).fill("first_taken_bot")
    boss.press("Create")
    expect(page.locator("#username-wrong")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Second")
    expect(page.get_by_label("Username", exact=True)).to_have_attribute("aria-invalid", "true")


def test_rotating_makes_one_token_and_ends_all_others(boss: Visitor, server: Portal, account: Account):
    page = boss.go(f"/portal/a/{account.id}")
    asked = boss.agree()
    page.get_by_label("Label of a new token", exact=True).fill("desk")
    boss.press("Add a token")
    second = boss.secret()
    assert works(server, second) and works(server, account.token)
    boss.go(f"/portal/a/{account.id}")
    boss.press("Rotate: one new, all others end")
    boss.title("The account's only token")
    third = boss.secret()
    assert works(server, third)
    eventually("both earlier tokens ended", lambda: not works(server, second) and not works(server, account.token))
    assert len(asked) == 1 and "stop working" in asked[0]


def test_who_says_no_to_the_question_keeps_the_token(boss: Visitor, server: Portal, account: Account):
    page = boss.go(f"/portal/a/{account.id}")
    page.on("dialog", lambda dialog: dialog.dismiss())
    boss.press("Rotate: one new, all others end")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Shop")
    assert works(server, account.token)


def test_a_key_does_what_its_scopes_say_until_it_is_revoked(boss: Visitor, server: Portal, account: Account):
    page = boss.go(f"/portal/a/{account.id}")
    boss.agree()
    page.get_by_text("New key").click()
    page.get_by_label("Label", exact=True).fill("reports")
    page.get_by_role("checkbox", name="contacts:read").check()
    boss.press("Make the key")
    key = boss.secret()
    assert server.get("/v1/contacts", key).status_code == 200
    refused = server.get("/v1/getUpdates", key)
    assert refused.status_code == 403 and "updates:read" in refused.text
    page.get_by_role("link", name="Done").click()
    row = page.get_by_role("row", name="reports")
    expect(row).to_contain_text("contacts:read")
    row.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("The key opens nothing any more.")
    expect(row).to_have_count(0)
    eventually("the key ended", lambda: server.get("/v1/contacts", key).status_code == 401)


def test_a_key_without_scopes_is_refused_beside_them(boss: Visitor, account: Account):
    boss.refusals = {422}
    page = boss.go(f"/portal/a/{account.id}")
    page.get_by_text("New key").click()
    page.get_by_label("Label", exact=True).fill("nothing")
    boss.press("Make the key")
    expect(page.get_by_role("group", name="What it may do")).to_contain_text("tick at least one")
    expect(page.get_by_label("Label", exact=True)).to_have_value("nothing")


def test_a_webhook_is_set_changed_and_removed(boss: Visitor, account: Account):
    page = boss.go(f"/portal/a/{account.id}")
    boss.agree()
    page.get_by_text("Set one").click()
    page.get_by_label("Address", exact=True).fill("http://127.0.0.1:9/hook")
    boss.press("Set the webhook")
    expect(page.get_by_role("status")).to_have_text("The webhook is set.")
    expect(page.get_by_text("http://127.0.0.1:9/hook")).to_be_visible()
    boss.press("Remove")
    expect(page.get_by_role("status")).to_have_text("The webhook is removed.")


def test_an_account_goes_only_when_its_id_is_typed(boss: Visitor, server: Portal, account: Account):
    boss.refusals = {422}
    page = boss.go(f"/portal/a/{account.id}")
    page.get_by_label("Type the account's id to confirm", exact=True).fill("1")
    boss.press("Remove the account")
    expect(page.locator("#sure-wrong")).to_contain_text(str(account.id))
    page.get_by_label("Type the account's id to confirm", exact=True).fill(str(account.id))
    boss.press("Remove the account")
    expect(page.get_by_role("status")).to_have_text("The account is removed.")
    eventually("its token ended", lambda: not works(server, account.token))

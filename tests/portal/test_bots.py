"""Bots of Telegram: connected in the browser, said to run or not, and connected again. Another server of ours is theirs."""

import requests
from kit import PATIENCE_S, Account, eventually
from playwright.sync_api import expect
from portal import Portal, Visitor


def test_a_bot_is_connected_and_its_page_says_that_it_runs(boss: Visitor, server: Portal, upstream: Portal):
    there = upstream.account("Tea bot")
    page = boss.go("/portal/accounts")
    page.get_by_label("The bot's token", exact=True).fill(there.token)
    assert page.get_by_label("Bot API server", exact=True).input_value() == "https://api.telegram.org"
    page.get_by_label("Bot API server", exact=True).fill(upstream.url)
    boss.press("Connect")
    boss.title("Tea bot is connected")
    assert boss.secret() == server.url
    assert server.get(f"/bot{boss.secret(2)}/getMe").json()["result"]["id"] == there.id
    page.get_by_role("link", name="Done").click()
    boss.title("Tea bot")
    facts = page.get_by_role("region", name="The bot at its server")
    expect(facts).to_contain_text(upstream.url)
    expect(facts.locator(".tag")).to_have_text("runs")
    assert there.token.split(":")[1] not in page.content()
    ann = upstream.person("Ann")
    ann.write(there.id, "Do you have green tea?")
    boss.menu("Conversations")
    page.get_by_role("link", name="Ann").click()
    expect(page.locator("#thread .bubble")).to_contain_text(["Do you have green tea?"])
    page.get_by_label("Message", exact=True).fill("We do.")
    boss.press("Send")
    ann.sees(there.id, "We do.")


def test_what_is_wrong_with_a_bot_stands_at_its_field(boss: Visitor, upstream: Portal):
    boss.refusals = {422}
    there = upstream.account("Coffee bot")
    page = boss.go("/portal/accounts")
    page.get_by_label("The bot's token", exact=True).fill("my token")
    boss.press("Connect")
    expect(page.locator("#token-wrong")).to_contain_text("is no bot token")
    expect(page.get_by_label("The bot's token", exact=True)).to_have_value("")
    page.get_by_label("The bot's token", exact=True).fill(there.token)
    page.get_by_label("Bot API server", exact=True).fill("http://127.0.0.1:9")
    boss.press("Connect")
    expect(page.locator("#upstream-wrong")).to_contain_text("was not reached")
    expect(page.get_by_label("Bot API server", exact=True)).to_have_value("http://127.0.0.1:9")


def test_a_bot_whose_token_was_revoked_says_what_to_do_and_is_connected_again(boss: Visitor, server: Portal, upstream: Portal):
    there = upstream.account("Cake bot")
    page = boss.go("/portal/accounts")
    page.get_by_label("The bot's token", exact=True).fill(there.token)
    page.get_by_label("Bot API server", exact=True).fill(upstream.url)
    boss.press("Connect")
    boss.title("Cake bot is connected")
    renewed = upstream.command("token", "rotate", str(there.id))["token"]
    facts = page.get_by_role("region", name="The bot at its server")

    def refused() -> bool:
        boss.go(f"/portal/a/{there.id}")
        return "does not know the bot's token any more" in facts.inner_text()

    # The poll that is under way ends with what somebody writes.
    upstream.person("Ann").write(there.id, "Hello")
    eventually("the refusal", refused)
    expect(facts.locator(".tag")).to_have_text("stopped")
    expect(facts).to_contain_text("Connect the bot again with its new token.")
    page.get_by_text("Connect the bot again", exact=True).click()
    page.get_by_label("The bot's token", exact=True).fill(renewed)
    boss.press("Connect again")
    expect(page.get_by_role("status")).to_have_text("The bot is connected again.")
    here = Account(server, there.id, renewed)
    eventually("the bot", lambda: requests.get(f"{here.bot}/getMe", timeout=PATIENCE_S).ok)
    boss.go(f"/portal/a/{there.id}")
    expect(facts.locator(".tag")).to_have_text("runs")

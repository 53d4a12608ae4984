"""The explorer at /docs: it works without the internet, and an operation is tried from the page with a token."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from conftest import Open
from kit import Account
from playwright.sync_api import Locator, Page, Route, expect
from portal import Portal, Visitor


def alone(visitor: Visitor, server: Portal) -> list[str]:
    """Lets the window reach the server and nobody else; who else was asked for is added to the list."""
    elsewhere: list[str] = []

    def pass_on(route: Route) -> None:
        if urlsplit(route.request.url).netloc == urlsplit(server.url).netloc:
            route.continue_()
        else:
            elsewhere.append(route.request.url)
            route.abort()

    visitor.context.route("**/*", pass_on)
    return elsewhere


def authorise(page: Page, scheme: str, token: str) -> None:
    page.get_by_role("button", name="Authorize", exact=True).first.click()
    way = page.locator(".auth-container").filter(has=page.get_by_role("heading", name=f"{scheme} (http"))
    way.locator("input").fill(token)
    way.get_by_role("button", name="Apply credentials").click()
    expect(way.get_by_text("Authorized")).to_be_visible()
    way.get_by_role("button", name="Close").click()


def opened(page: Page, tag: str, name: str) -> Locator:
    block = page.locator(f"#operations-{tag}-{name}")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    return block


def test_an_operation_is_tried_with_a_token_and_no_other_host_is_asked(
    window: Open, server: Portal, account: Account
) -> None:
    visitor = window()
    elsewhere = alone(visitor, server)
    page = visitor.go("/docs")
    expect(page.get_by_role("heading", name="Contactgram: a Telegram Contact API")).to_be_visible()
    # Every operation of the document is there.
    document = server.get("/openapi.json").json()
    operations = sum(verb in item for item in document["paths"].values() for verb in ("get", "post", "put", "patch", "delete"))
    expect(page.locator(".opblock")).to_have_count(operations)

    authorise(page, "bearer", account.token)
    block = opened(page, "Account", "getMe")
    block.get_by_role("button", name="Execute").click()
    answer = block.locator(".live-responses-table")
    expect(answer.locator("td.response-col_status").last).to_contain_text("200")
    shown = json.loads(answer.locator(".response-col_description code").first.inner_text())
    assert shown["result"]["id"] == account.id
    # The token went in a header, to the first of the two places.
    expect(block.locator(".request-url")).to_contain_text(f"{server.url}/v1/getMe")
    assert elsewhere == []


def test_without_a_token_the_explorer_shows_the_refusal(window: Open, server: Portal) -> None:
    visitor = window()
    elsewhere = alone(visitor, server)
    visitor.refusals.add(401)
    page = visitor.go("/docs")
    block = opened(page, "Contacts", "listContacts")
    block.get_by_role("button", name="Execute").click()
    answer = block.locator(".live-responses-table")
    expect(answer.locator("td.response-col_status").last).to_contain_text("401")
    expect(answer).to_contain_text("Unauthorized")
    assert elsewhere == []

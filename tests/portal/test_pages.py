"""Every page, wide and narrow, light and dark: nothing serious for axe, nothing that runs out of the window.

Each is drawn to target/portal/. `CONTACTGRAM_PORTAL_IMAGES` names a folder in which the two of the README are kept.
"""

import os
import time
from pathlib import Path

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from kit import PATIENCE_S, Account, Person, eventually
from playwright.sync_api import expect
from portal import NASTY_NAME, Portal, Visitor, screenshots
from test_contacts import add

WIDE, NARROW = {"width": 1280, "height": 860}, {"width": 400, "height": 800}
LOOKS = [(scheme, size) for scheme in ("light", "dark") for size in (WIDE, NARROW)]
# Nobody listens there.
HOOK = {"url": "http://127.0.0.1:9/hook", "description": "Front desk", "max_attempts": 2}
RULES = {"resultTypes": ["violations"]}


@pytest.fixture(scope="module")
def bot(server: Portal, upstream: Portal) -> int:
    """A bot at another server."""
    there = upstream.account("Bot of the flower shop")
    server.command("account", "add", "--connector", "bot", "--token-stdin", "--upstream", upstream.url, typed=there.token)
    return there.id


@pytest.fixture(scope="module")
def shop(server: Portal) -> tuple[Account, Person, int]:
    """An account on which something happened."""
    shop = server.account("Flower shop")
    add(shop, first_name="Ann", last_name="Lee", phone_number="+447700900123", email="ann@example.org", labels=["vip"])
    add(shop, first_name=NASTY_NAME * 3, username="a_rather_long_username_of_them", labels=["a long label " * 3])
    contact = add(shop, first_name="Bob", labels=["support", "vip"], note="Prefers " + "roses " * 30)
    hook = requests.post(f"{shop.bot}/webhooks", json=HOOK, timeout=PATIENCE_S).json()["result"]["id"]
    zoe = server.person("Zoë", last_name="Ångström")
    zoe.write(shop.id, "Do you have peonies? " + "W" * 90)
    labels = {"labels": ["vip"]}
    assert requests.patch(f"{shop.bot}/contacts/{zoe.id}", json=labels, timeout=PATIENCE_S).ok
    later = {"chat_id": zoe.id, "text": "White and pink ones. " * 8, "send_at": int(time.time()) + 86_400}
    cast = {"text": "We are open on Sunday.", "to": {"label": "vip"}}
    for method, body in (("sendMessage", later), ("sendMessage", later | {"text": "Sunday", "send_at": 1}), ("broadcasts", cast)):
        assert requests.post(f"{shop.bot}/{method}", json=body, timeout=PATIENCE_S).ok
    asked = {"consumer": "crm", "offset": -1, "allowed_updates": ["message"]}
    assert requests.post(f"{shop.bot}/getUpdates", json=asked, timeout=PATIENCE_S).ok
    eventually("a failed delivery", lambda: requests.get(f"{shop.bot}/webhooks/{hook}/deliveries", timeout=PATIENCE_S).json()["result"]["total_count"])
    return shop, zoe, contact


def pages(shop: Account, zoe: Person, contact: int) -> dict[str, str]:
    at = f"/portal/a/{shop.id}"
    return {
        "overview": "/portal", "accounts": "/portal/accounts", "members": "/portal/members",
        "server-audit": "/portal/audit", "me": "/portal/me", "account": at, "contacts": f"{at}/contacts", "contact-files": f"{at}/contacts/files",
        "nobody-found": f"{at}/contacts?q=nobody-has-this", "contact": f"{at}/contacts/{contact}",
        "contact-new": f"{at}/contacts/new", "contact-edit": f"{at}/contacts/{contact}/edit", "chats": f"{at}/chats",
        "chat": f"{at}/chats/{zoe.id}", "chat-with-phone": f"{at}/chats/{zoe.id}?phone=1", "apps": f"{at}/apps",
        "roles": f"{at}/members", "audit": f"{at}/audit", "webhooks": f"{at}/webhooks",
        "outbox": f"{at}/outbox", "outbox-entry": f"{at}/outbox/1", "broadcasts": f"{at}/broadcasts",
        "broadcast": f"{at}/broadcasts/1", "broadcast-new": f"{at}/broadcasts/new", "not-here": f"{at}/contacts/1",
    }  # fmt: skip


def look_at(visitor: Visitor, name: str) -> list[str]:
    """What is wrong with the page in view, which is drawn in every look. It is loaded once: that is what takes its time."""
    page, wrong = visitor.page, []
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(Axe().axe_script)
    for scheme, size in LOOKS:
        look = f"{name}-{scheme}-{size['width']}"
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        page.screenshot(path=screenshots() / f"{look}.png", full_page=True)
        found = page.evaluate("(rules) => axe.run(rules).then((results) => results.violations)", RULES)
        wrong += [
            f"{look}: {one['id']} ({one['impact']}): {[node['html'][:160] for node in one['nodes']][:3]}"
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        wrong += [f"{look}: {over} px wider than its window"] if over > 0 else []
    return wrong


def test_every_page_is_accessible_and_fits_its_window(window, shop, bot: int):
    visitor = window("boss")
    visitor.refusals = {404}
    wrong = []
    for name, address in (pages(*shop) | {"bot": f"/portal/a/{bot}"}).items():
        visitor.go(address)
        expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
        wrong += look_at(visitor, name)
    visitor.go(f"/portal/a/{shop[0].id}/webhooks").get_by_role("link", name="Front desk").click()
    visitor.title("Front desk")
    wrong += look_at(visitor, "webhook")
    assert wrong == []


def test_pages_that_answer_forms_and_those_of_strangers_are_accessible_too(window, server: Portal, shop):
    account, _, _ = shop
    visitor = window("boss")
    visitor.refusals = {422}
    wrong = []
    page = visitor.go(f"/portal/a/{account.id}/contacts/new")
    visitor.press("Save")
    expect(page.locator(".wrong").first).to_be_visible()
    wrong += look_at(visitor, "contact-refused")
    page = visitor.go(f"/portal/a/{account.id}/broadcasts/new")
    page.get_by_label("Message", exact=True).fill("We are open on Sunday.")
    page.get_by_label("Label", exact=True).fill("vip")
    visitor.press("See who gets it")
    expect(page.get_by_role("heading", name="Send this to")).to_be_visible()
    wrong += look_at(visitor, "broadcast-sure")
    page = visitor.go("/portal/accounts")
    page.get_by_label("The bot's token", exact=True).fill("1:x")
    visitor.press("Connect")
    expect(page.locator("#token-wrong")).to_be_visible()
    wrong += look_at(visitor, "connect-refused")
    page = visitor.go(f"/portal/a/{account.id}/apps")
    page.get_by_label("Name", exact=True).fill("Front desk")
    page.get_by_label("Redirect addresses", exact=True).fill("https://desk.example/callback")
    page.get_by_role("checkbox", name="contacts:read").check()
    visitor.press("Register")
    client = visitor.secret()
    wrong += look_at(visitor, "secret")
    visitor.go(f"/portal/a/{account.id}/apps/{client}")
    wrong += look_at(visitor, "app")
    challenge = "code_challenge=" + "A" * 43 + "&code_challenge_method=S256"
    back = "redirect_uri=https%3A%2F%2Fdesk.example%2Fcallback"
    visitor.go(f"/oauth/authorize?response_type=code&client_id={client}&{back}&state=x&scope=contacts:read&{challenge}")
    visitor.title("Give Front desk access?")
    wrong += look_at(visitor, "consent")
    stranger = window()
    stranger.go("/portal/sign-in")
    wrong += look_at(stranger, "sign-in")
    stranger.go(server.owners_link())
    wrong += look_at(stranger, "welcome")
    stranger.go("/portal/welcome?code=none")
    wrong += look_at(stranger, "welcome-used")
    assert wrong == []


def test_the_two_pages_of_the_readme_are_drawn(fresh: Portal, window):
    fresh.member("Maya", "owner")
    visitor = window("Maya", at=fresh)
    shop = fresh.account("Flower shop", "--username", "flower_shop_bot")
    zoe, tom = fresh.person("Zoë", last_name="Ångström"), fresh.person("Tom", last_name="Okafor")
    for person, count in ((tom, 7), (zoe, 4)):
        for number in range(count):
            person.write(shop.id, f"Message {number}")
    ida = fresh.person("Ida", last_name="Moreau")
    page = visitor.go(f"/portal/a/{shop.id}/chats/{ida.id}?phone=1")
    talk = [
        ("Ida", "Good morning! Do you have peonies this week?"),
        ("", "Good morning, Ida. Yes: white and pink, fresh since Tuesday."),
        ("Ida", "Lovely. A dozen of the pink ones for Saturday, please."),
        ("", "Noted: twelve pink peonies, Saturday from 9:00. Shall we deliver?"),
        ("Ida", "I'll come by. Thank you!"),
    ]
    for number, (who, text) in enumerate(talk, start=1):
        field = page.get_by_label(f"Message as {who}" if who else "Message", exact=True)
        field.fill(text)
        field.press("Enter")
        expect(page.locator("#thread .bubble")).to_have_count(number)
    expect(page.locator("#phone .bubble")).to_have_count(len(talk))
    folder = Path(os.environ.get("CONTACTGRAM_PORTAL_IMAGES") or screenshots())
    folder.mkdir(parents=True, exist_ok=True)
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=folder / "portal-conversation.png")
    visitor.menu("Overview")
    expect(page.get_by_role("row", name="Flower shop")).to_contain_text("14 / 2")
    page.screenshot(path=folder / "portal-overview.png")

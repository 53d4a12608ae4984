"""Applications: registered, given access in the browser by the code flow with PKCE, and shut out again."""

import base64
import hashlib
import secrets
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from kit import PATIENCE_S, Account, eventually
from playwright.sync_api import expect
from portal import PASSWORD, Portal, Visitor

SCOPES = "contacts:read messages:send"


class Application:
    """A program with a page of its own to come back to, as an author of one would write it."""

    def __init__(self, server: Portal) -> None:
        self.server = server
        self.client = self.secret = ""
        self.came: list[dict[str, str]] = []
        self.verifier = secrets.token_urlsafe(48)
        came = self.came

        class Callback(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                target = urlsplit(self.path)
                if target.path == "/callback":
                    came.append({name: values[0] for name, values in parse_qs(target.query).items()})
                self.send_response(200 if target.path == "/callback" else 204)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<title>Back</title><h1>Back at the application</h1>")

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Callback)
        self.redirect = f"http://127.0.0.1:{self.http.server_port}/callback"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def register(self, account: Account, visitor: Visitor) -> None:
        page = visitor.go(f"/portal/a/{account.id}/apps")
        page.get_by_label("Name", exact=True).fill("Front desk")
        page.get_by_label("Redirect addresses", exact=True).fill(self.redirect)
        for scope in SCOPES.split():
            page.get_by_role("checkbox", name=scope).check()
        visitor.press("Register")
        self.client, self.secret = visitor.secret(1), visitor.secret(2)

    def asks(self, **more: str) -> str:
        """Where it sends people, for access."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code", "client_id": self.client, "redirect_uri": self.redirect, "scope": SCOPES,
            "state": "xyz", "code_challenge": challenge, "code_challenge_method": "S256",
        }
        return f"/oauth/authorize?{urlencode(query | more)}"

    def token(self) -> str:
        form = {
            "grant_type": "authorization_code", "code": self.came[-1]["code"], "redirect_uri": self.redirect,
            "code_verifier": self.verifier,
        }
        url = f"{self.server.url}/oauth/token"
        answer = requests.post(url, data=form, auth=(self.client, self.secret), timeout=PATIENCE_S)
        assert answer.ok, answer.text
        return answer.json()["access_token"]


@pytest.fixture
def app(server: Portal) -> Iterator[Application]:
    app = Application(server)
    yield app
    app.http.shutdown()


def allow(visitor: Visitor, app: Application, account: Account) -> str:
    visitor.go(app.asks())
    visitor.page.get_by_label("Account", exact=True).select_option(str(account.id))
    visitor.press("Allow")
    visitor.title("Back at the application")
    return app.token()


def test_an_application_gets_a_token_by_the_code_flow_and_uses_it(boss: Visitor, account: Account, app: Application):
    app.register(account, boss)
    page = boss.go(app.asks())
    boss.title("Give Front desk access?")
    main = page.get_by_role("main")
    expect(main).to_contain_text("See the names and usernames of contacts")
    expect(main).to_contain_text("Write, edit and delete messages in the account's name")
    expect(main).not_to_contain_text("Read conversations")
    expect(main).to_contain_text("127.0.0.1")
    token = allow(boss, app, account)
    [came] = app.came
    assert (came["state"], came["iss"]) == ("xyz", app.server.url)
    assert app.server.get(f"/bot{token}/contacts").status_code == 200
    refused = app.server.get("/v1/getUpdates", token)
    assert refused.status_code == 403 and "updates:read" in refused.text


def test_who_refuses_is_sent_back_with_access_denied(boss: Visitor, account: Account, app: Application):
    app.register(account, boss)
    boss.go(app.asks())
    boss.press("Refuse")
    boss.title("Back at the application")
    [came] = app.came
    assert (came["error"], came["state"], came["iss"]) == ("access_denied", "xyz", app.server.url)
    assert "code" not in came


def test_an_address_that_was_not_registered_is_never_gone_to(boss: Visitor, account: Account, app: Application):
    app.register(account, boss)
    boss.refusals = {400}
    page = boss.go(app.asks(redirect_uri=app.redirect + "/elsewhere"))
    boss.title("That did not work")
    assert page.url.startswith(app.server.url) and app.came == []


def test_whoever_is_not_signed_in_does_so_first_and_is_then_asked(window, boss: Visitor, account: Account, app: Application):
    app.register(account, boss)
    visitor = window()
    page = visitor.go(app.asks())
    visitor.title("Sign in")
    page.get_by_label("Name", exact=True).fill("boss")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    visitor.press("Sign in")
    visitor.title("Give Front desk access?")


def test_an_application_may_ask_for_a_new_sign_in(fresh: Portal, window):
    fresh.member("ann", "owner")
    app, ann = Application(fresh), window("ann", at=fresh)
    app.register(fresh.account("Shop"), ann)
    fresh.age_sessions(600)
    page = ann.go(app.asks())
    ann.title("Give Front desk access?")
    ann.go(app.asks(prompt="login"))
    ann.title("Sign in")
    page.get_by_label("Name", exact=True).fill("ann")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    ann.press("Sign in")
    ann.title("Give Front desk access?")
    ann.close()
    app.http.shutdown()


def test_a_grant_taken_back_on_ones_own_page_ends_the_token(boss: Visitor, account: Account, app: Application):
    app.register(account, boss)
    token = allow(boss, app, account)
    boss.agree()
    page = boss.go("/portal/me")
    page.get_by_role("row", name=str(account.id)).get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("That access is revoked.")
    eventually("the token ended", lambda: app.server.get(f"/bot{token}/contacts").status_code == 401)


def test_a_grant_revoked_on_the_applications_page_and_a_disabled_application_end_tokens(
    boss: Visitor, account: Account, app: Application
):
    app.register(account, boss)
    token = allow(boss, app, account)
    boss.agree()
    page = boss.go(f"/portal/a/{account.id}/apps/{app.client}")
    page.get_by_role("row", name="boss").get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("That access is revoked.")
    eventually("the token ended", lambda: app.server.get(f"/bot{token}/contacts").status_code == 401)
    token = allow(boss, app, account)
    boss.go(f"/portal/a/{account.id}/apps/{app.client}")
    boss.press("Disable")
    expect(page.get_by_role("status")).to_have_text("Disabled.")
    eventually("the token ended", lambda: app.server.get(f"/bot{token}/contacts").status_code == 401)
    boss.press("Enable")
    expect(page.get_by_role("status")).to_have_text("Enabled.")
    boss.press("Remove")
    expect(page.get_by_role("status")).to_contain_text("The application is removed")


def test_a_wrong_redirect_address_is_told_at_its_field(boss: Visitor, account: Account):
    boss.refusals = {422}
    page = boss.go(f"/portal/a/{account.id}/apps")
    page.get_by_label("Name", exact=True).fill("Front desk")
    page.get_by_label("Redirect addresses", exact=True).fill("http://example.org/callback#part")
    page.get_by_role("checkbox", name="contacts:read").check()
    boss.press("Register")
    expect(page.locator("#redirect-wrong")).to_be_visible()
    expect(page.get_by_role("checkbox", name="contacts:read")).to_be_checked()

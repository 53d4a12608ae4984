"""OAuth2 with Authlib: what it is told comes from the metadata, what it does is its own idea of the standards."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from browser import Browser
from kit import Account, Server

# Plain http, to a server on this machine.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "true"
CALLBACK = "http://127.0.0.1:9/callback"


@pytest.fixture
def server(plain: Server) -> Server:
    return plain


@pytest.fixture
def metadata(server: Server) -> dict[str, Any]:
    found = requests.get(f"{server.url}/.well-known/oauth-authorization-server", timeout=60).json()
    assert found["issuer"] == server.url
    return found


@pytest.fixture
def app(account: Account) -> dict[str, Any]:
    arguments = ["--account", str(account.id), "--name", "Desk", "--redirect-uri", CALLBACK]
    return account.server.command("app", "add", *arguments)


def session(app: dict[str, Any], method: str, **more: Any) -> OAuth2Session:
    return OAuth2Session(app["client_id"], app["client_secret"], token_endpoint_auth_method=method, **more)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_an_application_gets_a_token_of_its_own_and_uses_it(app, account, metadata, method):
    client = session(app, method, scope="contacts:read messages:send")
    token = client.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    assert (token["token_type"], token["scope"]) == ("Bearer", "contacts:read messages:send")
    assert client.get(f"{account.server.url}/v1/getMe").json()["result"]["id"] == account.id
    sent = requests.post(
        f"{account.server.url}/bot{token['access_token']}/sendMessage",
        json={"chat_id": account.id, "text": "by Authlib"},
        timeout=60,
    )
    assert sent.json()["result"]["text"] == "by Authlib"
    assert client.get(f"{account.server.url}/v1/messages").status_code == 403

    seen = client.introspect_token(metadata["introspection_endpoint"], token=token["access_token"]).json()
    assert seen["active"] and seen["client_id"] == app["client_id"] and seen["sub"] == str(account.id)
    assert client.revoke_token(metadata["revocation_endpoint"], token=token["access_token"]).ok
    seen = client.introspect_token(metadata["introspection_endpoint"], token=token["access_token"]).json()
    assert seen == {"active": False}
    assert client.get(f"{account.server.url}/v1/getMe").status_code == 401


def test_a_wrong_secret_and_a_scope_too_much_are_errors_that_it_understands(app, metadata):
    wrong = session(app | {"client_secret": "x"}, "client_secret_basic")
    with pytest.raises(OAuthError) as refused:
        wrong.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    assert refused.value.error == "invalid_client"
    greedy = session(app, "client_secret_basic", scope="account:manage")
    with pytest.raises(OAuthError) as refused:
        greedy.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    assert refused.value.error == "invalid_scope"


@pytest.fixture
def owner(account: Account) -> tuple[str, str]:
    """A member who owns the account: sign-in name and password."""
    name, password = f"owner-{account.id}", "a password of many words"
    role = ["--role", "owner", "--account", str(account.id), "--password-stdin"]
    account.server.command("member", "add", name, *role, typed=password)
    return name, password


def public(account: Account) -> dict[str, Any]:
    arguments = ["--account", str(account.id), "--name", "Phone", "--redirect-uri", CALLBACK, "--public"]
    return account.server.command("app", "add", *arguments) | {"client_secret": None}


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "none"])
def test_a_person_gives_access_which_is_refreshed_and_taken_back(app, account, owner, metadata, method):
    if method == "none":
        app = public(account)
    client = session(
        app, method, scope="contacts:read messages:send", redirect_uri=CALLBACK, code_challenge_method="S256"
    )
    verifier = "a-verifier-of-forty-three-characters-or-more"
    address, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
    sent_to = Browser().agree(address, CALLBACK, *owner)
    assert parse_qs(urlsplit(sent_to).query)["iss"] == [metadata["issuer"]]
    fetch = {"authorization_response": sent_to, "state": state, "code_verifier": verifier}
    token = client.fetch_token(metadata["token_endpoint"], **fetch)
    assert token["scope"] == "contacts:read messages:send"
    url = f"{account.server.url}/v1/getMe"
    assert client.get(url).json()["result"]["id"] == account.id

    earlier = token["refresh_token"]
    token = client.refresh_token(metadata["token_endpoint"], refresh_token=earlier)
    assert token["refresh_token"] != earlier
    assert client.get(url).status_code == 200
    with pytest.raises(OAuthError) as refused:
        client.refresh_token(metadata["token_endpoint"], refresh_token=earlier)
    assert refused.value.error == "invalid_grant"
    # One that came twice was copied: what it gave is gone.
    assert requests.get(url, headers={"Authorization": f"Bearer {token['access_token']}"}, timeout=60).status_code == 401


def test_a_code_is_good_once_and_with_its_verifier_alone(app, account, owner, metadata):
    client = session(
        app, "client_secret_basic", scope="contacts:read", redirect_uri=CALLBACK, code_challenge_method="S256"
    )
    verifier = "a-verifier-of-forty-three-characters-or-more"
    address, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
    sent_to = Browser().agree(address, CALLBACK, *owner)
    fetch = {"url": metadata["token_endpoint"], "authorization_response": sent_to, "state": state}
    with pytest.raises(OAuthError) as refused:
        client.fetch_token(**fetch, code_verifier=verifier[::-1])
    assert refused.value.error == "invalid_grant"
    assert client.fetch_token(**fetch, code_verifier=verifier)["access_token"]
    with pytest.raises(OAuthError) as refused:
        client.fetch_token(**fetch, code_verifier=verifier)
    assert refused.value.error == "invalid_grant"

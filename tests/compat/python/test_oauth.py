"""OAuth2 with Authlib: what it is told comes from the metadata, what it does is its own idea of the standards."""

from __future__ import annotations

import os
from typing import Any

import pytest
import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from kit import Account, Server

# Plain http, to a server on this machine.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "true"
CALLBACK = "http://127.0.0.1:9/callback"


@pytest.fixture(scope="session")
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

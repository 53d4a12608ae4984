// OAuth2 with openid-client: discovery, client credentials, introspection and revocation as it understands them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import * as oauth from "openid-client";

import { Browser } from "./browser.js";
import { Server } from "./kit.js";

const CALLBACK = "http://127.0.0.1:9/callback";
let server;
let account;
let app;
const owner = { name: "owner@shop.example", password: "a password of many words" };

before(async () => {
  server = await Server.start();
  account = await server.account("Shop");
  const words = ["--account", `${account.id}`, "--name", "Desk", "--redirect-uri", CALLBACK];
  app = await server.command("app", "add", ...words);
  const role = ["--role", "owner", "--account", `${account.id}`, "--password-stdin"];
  await server.typed(owner.password, "member", "add", owner.name, ...role);
});

after(async () => {
  assert.equal(await server.stop(), 0, server.errors);
});

/** What openid-client learns by itself; plain http is for a server on this machine. */
function discover(authentication, clientId = app.client_id) {
  const options = { algorithm: "oauth2", execute: [oauth.allowInsecureRequests] };
  return oauth.discovery(new URL(server.url), clientId, undefined, authentication, options);
}

for (const [name, method] of [
  ["Basic", oauth.ClientSecretBasic],
  ["the body", oauth.ClientSecretPost],
]) {
  test(`an application proves itself in ${name}, and gets, shows and ends a token`, async () => {
    const config = await discover(method(app.client_secret));
    const metadata = config.serverMetadata();
    assert.equal(metadata.issuer, server.url);
    const tokens = await oauth.clientCredentialsGrant(config, { scope: "contacts:read messages:send" });
    assert.equal(tokens.token_type, "bearer");
    // The client counts down from the moment of the answer.
    assert.ok(tokens.expiresIn() > 3590 && tokens.expiresIn() <= 3600, `${tokens.expiresIn()}`);
    const ask = async (path) => {
      const answer = await oauth.fetchProtectedResource(config, tokens.access_token, new URL(`${server.url}/v1/${path}`), "GET");
      return answer.json();
    };
    assert.equal((await ask("getMe")).result.id, account.id);
    await assert.rejects(ask("messages"), (error) => {
      // It reads what the header says is wrong (RFC 6750).
      assert.equal(error.cause[0].parameters.error, "insufficient_scope");
      assert.equal(error.cause[0].parameters.scope, "messages:read");
      return true;
    });
    const seen = await oauth.tokenIntrospection(config, tokens.access_token);
    assert.deepEqual([seen.active, seen.client_id, seen.sub], [true, app.client_id, `${account.id}`]);
    await oauth.tokenRevocation(config, tokens.access_token);
    assert.deepEqual(await oauth.tokenIntrospection(config, tokens.access_token), { active: false });
    await assert.rejects(ask("getMe"), (error) => error.cause[0].parameters.error === "invalid_token");
  });
}

test("a wrong secret and a scope too much are errors that it understands", async () => {
  const wrong = await discover(oauth.ClientSecretPost("x"));
  await assert.rejects(oauth.clientCredentialsGrant(wrong, {}), (error) => {
    // It looks at the challenge before the body.
    assert.deepEqual([error.status, error.cause[0].scheme], [401, "basic"]);
    return true;
  });
  const greedy = await discover(oauth.ClientSecretPost(app.client_secret));
  const asked = oauth.clientCredentialsGrant(greedy, { scope: "account:manage" });
  await assert.rejects(asked, (error) => error.error === "invalid_scope");
});

for (const [name, options, method] of [
  ["a secret", [], (made) => oauth.ClientSecretBasic(made.client_secret)],
  ["none", ["--public"], () => oauth.None()],
]) {
  test(`with ${name}, a person gives access, which is refreshed and taken back`, async () => {
    const words = ["--account", `${account.id}`, "--name", "Other", "--redirect-uri", CALLBACK, ...options];
    const made = await server.command("app", "add", ...words);
    const config = await discover(method(made), made.client_id);
    const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
    const expectedState = oauth.randomState();
    const address = oauth.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: "contacts:read messages:send",
      code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: "S256",
      state: expectedState,
    });
    const sentTo = await new Browser().agree(address, CALLBACK, owner);
    // It wants `iss` in the answer, since the metadata promises it (RFC 9207).
    const tokens = await oauth.authorizationCodeGrant(config, sentTo, { pkceCodeVerifier, expectedState });
    assert.equal(tokens.scope, "contacts:read messages:send");
    const me = (token) => fetch(`${server.url}/bot${token}/getMe`);
    assert.equal((await me(tokens.access_token)).status, 200);

    const next = await oauth.refreshTokenGrant(config, tokens.refresh_token, { scope: "contacts:read" });
    assert.equal(next.scope, "contacts:read");
    assert.equal((await me(next.access_token)).status, 200);
    await assert.rejects(
      oauth.refreshTokenGrant(config, tokens.refresh_token),
      (error) => error.error === "invalid_grant",
    );
    // One that came twice was copied: what it gave is gone.
    assert.equal((await me(next.access_token)).status, 401);
  });
}

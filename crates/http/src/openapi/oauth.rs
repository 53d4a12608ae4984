//! The endpoints of the authorization server that programs call. The rules are RFC 6749's and its companions'; here is
//! what a client sends and gets.

use super::about::{CLIENT, OAUTH, at_root, security};
use super::answers::{bare, header, json_content, responses};
use super::parts::{Field, anything, count, filled, flag, may, must, of, record, text, time, word};
use super::requests::operation;
use contactgram_model::scope::Scope;
use serde_json::{Value, json};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{HttpMethod, PathItemBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Paths, RefOr, Required, ResponsesBuilder, Schema};

const FORM: &str = "application/x-www-form-urlencoded";

/// Mounts the endpoints.
pub(super) fn paths(mut paths: Paths) -> Paths {
    let token = "A code, a refresh token or the client's own credentials become tokens. The parameters come in the \
                 body alone.";
    let revoke = "End a token of the client's. A refresh token takes along all that came of the same consent. The \
                  answer is the same for a token that there is not.";
    let introspect = "What a token may do. For the client that it was given to, and for a Bearer token of its account \
                      with `account:manage`; to others it is inactive.";
    let items = [
        ("/oauth/token", ("issueToken", token), asked(), (of("OAuthTokens"), issued())),
        ("/oauth/revoke", ("revokeToken", revoke), named(), (of("OAuthNothing"), json!({}))),
        ("/oauth/introspect", ("introspectToken", introspect), named(), (of("OAuthToken"), looked_at())),
    ];
    for (path, (id, about), fields, (schema, example)) in items {
        let form = ContentBuilder::new().schema(Some(record("", fields))).build();
        let body = RequestBodyBuilder::new().required(Some(Required::True)).content(FORM, form).build();
        let success = bare(schema, Some(example)).description("Done.");
        // What is no request of OAuth's is refused as everywhere else.
        let mut answers: ResponsesBuilder = responses([(200, success)], &[408, 413, 431]).into();
        answers = answers
            .response("400", refusal(400, "The request is wrong; `error` says how.", "invalid_grant"))
            .response("401", refusal(401, "The client is unknown or did not prove itself.", "invalid_client"))
            .response(
                "429",
                refusal(429, "The client failed to prove itself too often: wait.", "invalid_client"),
            )
            .response("500", refusal(500, "The server's fault.", "server_error"))
            .response("503", refusal(503, "The server is busy: wait.", "temporarily_unavailable"));
        let mut by = vec![SecurityRequirement::new(CLIENT, [] as [&str; 0]), SecurityRequirement::default()];
        if path == "/oauth/introspect" {
            by.extend(security(&[Scope::AccountManage.name()]).into_iter().take(1));
            let lacks = "The Bearer token lacks the scope `account:manage`.";
            answers = answers.response("403", refusal(403, lacks, "insufficient_scope"));
        }
        let operation =
            operation(id, OAUTH, about).securities(Some(by)).request_body(Some(body)).responses(answers);
        let item = PathItemBuilder::new().operation(HttpMethod::Post, operation).servers(Some([at_root()]));
        paths.paths.insert(path.to_owned(), item.build());
    }
    let about = "What the authorization server can do, and where (RFC 8414).";
    let metadata = bare(anything("Metadata of an authorization server."), None).description("Metadata.");
    let answers = responses([(200, metadata)], &[431]);
    let get = operation("oauthMetadata", OAUTH, about).securities(Some([])).responses(answers);
    let item = PathItemBuilder::new().operation(HttpMethod::Get, get).servers(Some([at_root()])).build();
    paths.paths.insert("/.well-known/oauth-authorization-server".to_owned(), item);
    paths
}

fn asked() -> Vec<Field> {
    vec![
        must("grant_type", word("", &["authorization_code", "refresh_token", "client_credentials"])),
        may("code", text("The code.")),
        may("redirect_uri", text("As in the authorization request, if it was there.")),
        may("code_verifier", text("What the challenge was made of (RFC 7636).")),
        may("refresh_token", text("The latest refresh token; each is used once.")),
        may("scope", text("Names with spaces between; no more than was granted.")),
        may("client_id", text("For clients that do not use Basic.")),
        may("client_secret", text("For clients that have one and do not use Basic.")),
    ]
}

fn named() -> Vec<Field> {
    vec![
        must("token", filled("An access or refresh token.")),
        may("token_type_hint", text("Not needed.")),
        may("client_id", text("For clients that do not use Basic.")),
        may("client_secret", text("For clients that have one and do not use Basic.")),
    ]
}

/// The schemas.
pub(super) fn schemas() -> Vec<(&'static str, RefOr<Schema>)> {
    let tokens = record(
        "Tokens, which are shown this once.",
        [
            must("access_token", text("Opens the API, in the path and as Bearer.")),
            must("token_type", word("", &["Bearer"])),
            must("expires_in", count("Seconds that the access token lives.")),
            may("refresh_token", text("For the next access token; none for a client's own.")),
            must("scope", text("What the access token may do.")),
        ],
    );
    let token = record(
        "A token as its client sees it. One that is not good, or another's, is inactive and nothing else.",
        [
            must("active", flag("Whether it is good.")),
            may("scope", text("What it may do now.")),
            may("client_id", text("Whom it was given to.")),
            may("token_type", word("For an access token.", &["Bearer"])),
            may("exp", time("When it expires.")),
            may("iat", time("When it was made.")),
            may("sub", text("The account that it opens.")),
            may("iss", text("This server.")),
        ],
    );
    let failure = record(
        "A refusal as OAuth has it.",
        [
            must("error", text("For programs.")),
            must("error_description", text("For the client's developer.")),
        ],
    );
    vec![
        ("OAuthTokens", tokens.into()),
        ("OAuthToken", token.into()),
        ("OAuthNothing", record("Nothing more to say.", []).into()),
        ("OAuthFailure", failure.into()),
    ]
}

/// For whoever used the header `Authorization`.
fn challenge() -> Header {
    let example = "Basic realm=\"oauth2\", charset=\"UTF-8\"";
    let about = "For whoever sent `Authorization`.";
    HeaderBuilder::new().schema(Some(text("").examples([example]))).description(Some(about)).build()
}

fn refusal(code: u16, about: &str, error: &str) -> Response {
    let example = json!({"error": error, "error_description": "What is wrong, in a sentence."});
    let mut response =
        ResponseBuilder::new().description(about).header_ref("X-Request-Id", header("X-Request-Id"));
    if matches!(code, 429 | 503) {
        response = response.header_ref("Retry-After", header("Retry-After"));
    }
    if matches!(code, 401 | 403) {
        response = response.header("WWW-Authenticate", challenge());
    }
    response.content("application/json", json_content(of("OAuthFailure"), Some(example))).build()
}

fn issued() -> Value {
    json!({
        "access_token": "cga_5123456789_0123456789abcdefghijklmnopqrstABCDEF",
        "token_type": "Bearer",
        "expires_in": 3600,
        "refresh_token": "cgr_5123456789_0123456789abcdefghijklmnopqrstABCDEF",
        "scope": "contacts:read messages:send",
    })
}

fn looked_at() -> Value {
    json!({
        "active": true,
        "scope": "contacts:read",
        "client_id": "cgc_0123456789abcdef01234567",
        "token_type": "Bearer",
        "exp": 1_800_003_600,
        "iat": 1_800_000_000,
        "sub": "5123456789",
        "iss": "https://contacts.example.com",
    })
}

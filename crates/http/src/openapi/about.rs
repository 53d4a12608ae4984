//! What stands above the routes: the introduction, tags, servers and credentials.

use super::methods::OTHER_VERB;
use contactgram_model::scope::Scope;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, AuthorizationCode, ClientCredentials, Flow, Http, HttpAuthScheme, OAuth2, Scopes,
    SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::server::{ServerBuilder, ServerVariableBuilder};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, Info, InfoBuilder, LicenseBuilder, Server, Tag};

pub(super) const CONTACTS: &str = "Contacts";
pub(super) const MESSAGES: &str = "Messages";
pub(super) const SENDING: &str = "Outbox";
pub(super) const UPDATES: &str = "Updates";
pub(super) const CHATS: &str = "Chats";
pub(super) const ACCOUNT: &str = "Account";
pub(super) const SERVICE: &str = "Service";
pub(super) const OAUTH: &str = "OAuth2";
pub(super) const ADMIN: &str = "Operator";

const BEARER: &str = "bearer";
const BASIC: &str = "basic";
const OAUTH2: &str = "oauth2";
pub(super) const CLIENT: &str = "client";
pub(super) const ADMIN_TOKEN: &str = "admin";
pub(super) const UPSTREAM: &str = "upstream";

const INTRODUCTION: &str = "\
A self-hosted, unofficial *Telegram Contact API*: contacts, messages and updates of an **account**, in the conventions of \
the Telegram Bot API.

**Where.** All of this is there twice, under `/v1` with the token in a header and under `/bot<token>` with the token in the \
path: choose a server below. It is described once, as both answer alike. The service's own routes and the operator's \
(`/admin`) are at the root. Method names are matched without regard to case, everything else exactly. Every method works \
by `GET` and by `POST`; the verb that is used less is under *Other verb*. `HEAD` answers wherever a resource answers `GET`, \
without a body.

**Parameters** come in the query, as JSON, as a form or as multipart; the query wins over the body. Numbers may be sent \
as strings, booleans as `true`, `yes` or `1`, objects and lists inside a form or a query as JSON text. A JSON body may carry comments, and in it `null` counts as absent \
where nothing says that it removes; a form and a query have no `null`, an empty value stands for it. Unknown parameters are passed over. What Telegram has (sendMessage, not getContacts) reads \
parameters as leniently as Telegram: the nearest number of a range, `abc` as 0, anything but `true` as false. All parameters \
together may have 1 MiB.

**Answers** are `{\"ok\": true, \"result\": …}` or `{\"ok\": false, \"error_code\": …, \"description\": …}`, with the HTTP status \
equal to `error_code`, for every failure: also an unknown route (404), a wrong verb (405, with `Allow`) and headers that are \
too large (431). Only `GET /messages` and `GET /contacts/{contact_id}/messages` answer with a bare array. Absent fields are left out, never `null`. Times \
are Unix seconds. Where a bot lives on a Bot API server, the answers of that server come through as they are. Each answer carries `X-Request-Id`.

**Access.** An account's token may do everything. A key (`cgk_…`) or an application's access token (`cga_…`, by OAuth2) may \
do what its scopes say; where it lacks one, the \
answer is a 403 that names it. `contacts:read` and `contacts:write` show contacts without `phone_number`, `email`, `note` and \
`attributes`: for those, for finding somebody by them (`q`, `phone_number`), for naming them in `fields`, and for writing them \
it takes `contacts:private` too. Without it, contacts shared inside messages have no `phone_number` and no `vcard`. A key that is \
narrowed to labels or contacts sees those and the chats with them, and nothing else, as if there were nothing else.

**Trying again.** A 2xx answer to a write means that it is on disk. Send an `Idempotency-Key` with a POST, and repeating it is \
safe: after a broken connection, a 500 or a 503 do so with growing, random pauses; after a 429 or 503 wait `Retry-After` \
seconds first.";

/// The document's head.
pub(super) fn info() -> Info {
    let license = LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0"));
    InfoBuilder::new()
        .title("Contactgram: a Telegram Contact API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(INTRODUCTION))
        .license(Some(license.build()))
        .build()
}

/// Tags in the order of the explorer.
pub(super) fn tags() -> Vec<Tag> {
    [
        (CONTACTS, "People the account knows."),
        (MESSAGES, "Sending, changing and reading messages."),
        (SENDING, "What goes out later, and to many."),
        (UPDATES, "What happened: by asking, or brought to a webhook."),
        (CHATS, "Chats, who is in them, and pressed buttons."),
        (ACCOUNT, "The account itself, and its audit log."),
        (OAUTH, "How applications get tokens: the endpoints of RFC 6749 and its companions, with OAuth's own errors."),
        (SERVICE, "The server's health, and this document."),
        (ADMIN, "With the admin token: people and groups of the local connector, for tests and demonstrations. What people do here, accounts see as on Telegram."),
        (OTHER_VERB, "The same by the verb that is used less."),
    ]
    .map(|(name, about)| TagBuilder::new().name(name).description(Some(about)).build())
    .to_vec()
}

/// The two places where the API is mounted.
pub(super) fn servers() -> [Server; 2] {
    let token = ServerVariableBuilder::new()
        .default_value("123456789:AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
        .description(Some("An account's token, or a key."));
    [
        ServerBuilder::new().url("/v1").description(Some("The token in a header")).build(),
        ServerBuilder::new()
            .url("/bot{token}")
            .description(Some("The token in the path"))
            .parameter("token", token)
            .build(),
    ]
}

/// Where the rest is.
pub(super) fn at_root() -> Server {
    ServerBuilder::new().url("/").description(Some("The root")).build()
}

/// Any of these opens an account, with these scopes; none is needed where the path has the token.
pub(super) fn security(scopes: &[&str]) -> [SecurityRequirement; 4] {
    let by = |name: &str| SecurityRequirement::new(name, scopes.iter().copied());
    [by(BEARER), by(OAUTH2), by(BASIC), SecurityRequirement::default()]
}

/// Adds the kinds of credentials.
pub(super) fn share(components: Components) -> Components {
    let scheme = |scheme: HttpAuthScheme, about: &str| {
        let mut http = Http::new(scheme);
        http.description = Some(about.to_owned());
        SecurityScheme::Http(http)
    };
    let mut components = components;
    for (name, scheme) in [
        (
            BEARER,
            scheme(
                HttpAuthScheme::Bearer,
                "An account's token, `<account id>:<secret>`, a key, `cgk_<account id>_<secret>`, or an access token of OAuth2, \
                 `cga_<account id>_<secret>`. What each operation takes is the list beside it.",
            ),
        ),
        (
            BASIC,
            scheme(
                HttpAuthScheme::Basic,
                "An account's token as user name (the account's id) and password (the secret), where the operator allows it.",
            ),
        ),
        (
            CLIENT,
            scheme(
                HttpAuthScheme::Basic,
                "An application's client id and secret, each encoded as in a form.",
            ),
        ),
        (
            ADMIN_TOKEN,
            scheme(HttpAuthScheme::Bearer, "The operator's token: `contactgram admin-token` makes one."),
        ),
    ] {
        components.add_security_scheme(name, scheme);
    }
    let secret = ApiKeyValue::with_description(
        "X-Telegram-Bot-Api-Secret-Token",
        "What this server gave an account's Bot API server with setWebhook.",
    );
    components.add_security_scheme(UPSTREAM, SecurityScheme::ApiKey(ApiKey::Header(secret)));
    components.add_security_scheme(OAUTH2, oauth2());
    components
}

/// Both ways in which an application gets a token.
fn oauth2() -> SecurityScheme {
    let scopes = || Scopes::from_iter(Scope::ALL.map(|scope| (scope.name(), said_of(scope))));
    let (authorize, token) = ("/oauth/authorize", "/oauth/token");
    let flows = [
        Flow::AuthorizationCode(AuthorizationCode::with_refresh_url(authorize, token, scopes(), token)),
        Flow::ClientCredentials(ClientCredentials::new(token, scopes())),
    ];
    let about = "An application's token; the code flow takes PKCE (S256).";
    SecurityScheme::OAuth2(OAuth2::with_description(flows, about))
}

fn said_of(scope: Scope) -> &'static str {
    match scope {
        Scope::ContactsRead => "Contacts without phone number, e-mail, note and attributes",
        Scope::ContactsPrivate => "Those fields too",
        Scope::ContactsWrite => "Add, change and delete contacts",
        Scope::MessagesRead => "History and chats",
        Scope::MessagesSend => "Send, edit and delete messages",
        Scope::UpdatesRead => "getUpdates and webhooks",
        Scope::AccountManage => "The account's settings",
    }
}

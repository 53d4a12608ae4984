//! What each route asks of a credential: the one table of it. `routes` and `botapi` let nobody pass who has not what
//! their row says; the description and the tests read the same rows. A route or a method that has no row does not
//! compile.

use crate::routes::Place;
use crate::{botapi, portal};
use Need::{Client, Credential, Nothing, Operator, Scopes, Upstream};
use contactgram_model::Role;
use contactgram_model::scope::Scope;
use contactgram_model::scope::Scope::{
    AccountManage, ContactsPrivate, ContactsRead, ContactsWrite, MessagesRead, MessagesSend, UpdatesRead,
};
use http::Method;

/// What it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: anybody may ask.
    Nothing,
    /// A credential that opens an account, whatever it may do.
    Credential,
    /// A credential with all of these.
    Scopes(&'static [Scope]),
    /// The admin token.
    Operator,
    /// An application that says who it is, as OAuth has it.
    Client,
    /// An account's upstream, which has to send the secret that it was given.
    Upstream,
    /// A page of the portal, which somebody opens who has signed in.
    Page(Who),
}

/// Who may open a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Anybody: signing in itself.
    Anybody,
    /// Whoever has signed in.
    SignedIn,
    /// Whoever has this role on the account of the path, or a higher one.
    On(Role),
    /// Whoever has this role on all accounts, or a higher one.
    Everywhere(Role),
}

impl Need {
    /// The scopes that a credential must have.
    pub const fn scopes(self) -> &'static [Scope] {
        match self {
            Need::Scopes(scopes) => scopes,
            Need::Nothing
            | Need::Credential
            | Need::Operator
            | Need::Client
            | Need::Upstream
            | Need::Page(_) => &[],
        }
    }
}

/// The verbs that any route knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    const ALL: [Verb; 5] = [Verb::Get, Verb::Post, Verb::Put, Verb::Patch, Verb::Delete];

    /// HEAD is GET; the door takes the body away.
    pub fn of(method: &Method) -> Option<Verb> {
        Some(match *method {
            Method::GET | Method::HEAD => Verb::Get,
            Method::POST => Verb::Post,
            Method::PUT => Verb::Put,
            Method::PATCH => Verb::Patch,
            Method::DELETE => Verb::Delete,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Put => "PUT",
            Verb::Patch => "PATCH",
            Verb::Delete => "DELETE",
        }
    }
}

/// What a verb on a resource takes; `None` where the resource has no such verb. Which method a request means is
/// known only behind the credential: each has a row of its own.
pub(crate) const fn of(place: Place, verb: Verb) -> Option<Need> {
    match (place, verb) {
        (Place::Contacts | Place::Contact | Place::ContactsExport, Verb::Get) => {
            Some(Scopes(&[ContactsRead]))
        }
        (Place::Contacts | Place::ContactsImport, Verb::Post) => Some(Scopes(&[ContactsWrite])),
        (Place::Contact, Verb::Put | Verb::Patch | Verb::Delete) => Some(Scopes(&[ContactsWrite])),
        (Place::ContactDelete, Verb::Post | Verb::Delete) => Some(Scopes(&[ContactsWrite])),
        (Place::ContactMessages | Place::Messages | Place::Message, Verb::Get) => {
            Some(Scopes(&[MessagesRead]))
        }
        (Place::ContactMessages, Verb::Post) => Some(Scopes(&[MessagesSend])),
        (Place::Audit, Verb::Get) => Some(Scopes(&[AccountManage])),
        (Place::Consumers, Verb::Get) | (Place::Consumer, Verb::Delete) => Some(Scopes(&[UpdatesRead])),
        (Place::Outbox, Verb::Get)
        | (Place::OutboxEntry, Verb::Get | Verb::Patch | Verb::Delete)
        | (Place::Broadcasts, Verb::Get)
        | (Place::Broadcast, Verb::Get | Verb::Delete)
        | (Place::BroadcastPause | Place::BroadcastResume, Verb::Post)
        | (Place::BroadcastRecipients, Verb::Get) => Some(Scopes(&[MessagesSend])),
        // Who gets it is found among the contacts.
        (Place::Broadcasts, Verb::Post) => Some(Scopes(&[MessagesSend, ContactsRead])),
        (Place::Webhooks | Place::Webhook | Place::WebhookDeliveries | Place::Stream, Verb::Get)
        | (Place::Webhook, Verb::Delete) => Some(Scopes(&[UpdatesRead])),
        // Whoever answers there is shown everything.
        (Place::Webhooks | Place::WebhookRotate | Place::WebhookReplay, Verb::Post)
        | (Place::Webhook, Verb::Patch) => Some(Scopes(&[UpdatesRead, ContactsPrivate])),
        (Place::Method | Place::NoMethod, Verb::Get | Verb::Post) => Some(Credential),
        (Place::Contacts, Verb::Put | Verb::Patch | Verb::Delete)
        | (Place::Contact, Verb::Post)
        | (Place::ContactsImport, Verb::Get | Verb::Put | Verb::Patch | Verb::Delete)
        | (Place::ContactsExport, Verb::Post | Verb::Put | Verb::Patch | Verb::Delete)
        | (Place::ContactDelete, Verb::Get | Verb::Put | Verb::Patch)
        | (Place::ContactMessages, Verb::Put | Verb::Patch | Verb::Delete)
        | (
            Place::Messages
            | Place::Message
            | Place::Audit
            | Place::Consumers
            | Place::Outbox
            | Place::BroadcastRecipients
            | Place::WebhookDeliveries
            | Place::Stream,
            Verb::Post | Verb::Put | Verb::Patch | Verb::Delete,
        )
        | (Place::OutboxEntry, Verb::Post | Verb::Put)
        | (Place::Broadcasts, Verb::Put | Verb::Patch | Verb::Delete)
        | (Place::Broadcast, Verb::Post | Verb::Put | Verb::Patch)
        | (
            Place::BroadcastPause | Place::BroadcastResume,
            Verb::Get | Verb::Put | Verb::Patch | Verb::Delete,
        )
        | (Place::Webhooks, Verb::Put | Verb::Patch | Verb::Delete)
        | (Place::Webhook, Verb::Post | Verb::Put)
        | (Place::WebhookRotate | Place::WebhookReplay, Verb::Get | Verb::Put | Verb::Patch | Verb::Delete)
        | (Place::Consumer, Verb::Get | Verb::Post | Verb::Put | Verb::Patch)
        | (Place::Method | Place::NoMethod, Verb::Put | Verb::Patch | Verb::Delete) => None,
    }
}

/// What forwarding and copying take: the answer, or whoever gets it, is told what the message says.
pub(crate) const PASS_ON: Need = Scopes(&[MessagesSend, MessagesRead]);
/// What sharing a number takes: the answer tells whose it is.
pub(crate) const SHARE: Need = Scopes(&[MessagesSend, ContactsPrivate]);

/// Everything beside the API.
const OTHERS: &[(&str, &[Verb], Need)] = &[
    ("/livez", &[Verb::Get], Nothing),
    ("/readyz", &[Verb::Get], Nothing),
    ("/openapi.json", &[Verb::Get], Nothing),
    ("/docs", &[Verb::Get], Nothing),
    ("/docs/start.js", &[Verb::Get], Nothing),
    ("/docs/swagger-ui.js", &[Verb::Get], Nothing),
    ("/docs/swagger-ui.css", &[Verb::Get], Nothing),
    ("/docs/LICENSE", &[Verb::Get], Nothing),
    ("/.well-known/oauth-authorization-server", &[Verb::Get], Nothing),
    ("/file/bot{token}/{*path}", &[Verb::Get], Scopes(botapi::file::NEEDS)),
    ("/upstream/{account}", &[Verb::Post], Upstream),
    ("/oauth/token", &[Verb::Post], Client),
    ("/oauth/revoke", &[Verb::Post], Client),
    ("/oauth/introspect", &[Verb::Post], Client),
    ("/admin/people", &[Verb::Get, Verb::Post], Operator),
    ("/admin/people/{id}", &[Verb::Get, Verb::Patch], Operator),
    ("/admin/people/{id}/messages", &[Verb::Get], Operator),
    ("/admin/people/{id}/write", &[Verb::Post], Operator),
    ("/admin/people/{id}/edit", &[Verb::Post], Operator),
    ("/admin/people/{id}/press", &[Verb::Post], Operator),
    ("/admin/people/{id}/presses/{account}/{query}", &[Verb::Get], Operator),
    ("/admin/people/{id}/share", &[Verb::Post], Operator),
    ("/admin/people/{id}/join", &[Verb::Post], Operator),
    ("/admin/people/{id}/leave", &[Verb::Post], Operator),
    ("/admin/people/{id}/block", &[Verb::Post], Operator),
    ("/admin/people/{id}/unblock", &[Verb::Post], Operator),
    ("/admin/groups", &[Verb::Get, Verb::Post], Operator),
    ("/admin/groups/{id}/members", &[Verb::Post], Operator),
];

/// A path for the router; one that has no row does not compile.
macro_rules! route {
    ($path:literal) => {
        const { $crate::needs::listed($path) }
    };
}
pub(crate) use route;

/// The path, if it is in the table.
///
/// # Panics
/// When it is not, while the program is compiled.
pub(crate) const fn listed(path: &'static str) -> &'static str {
    let mut row = 0;
    while row < OTHERS.len() {
        if same(OTHERS[row].0.as_bytes(), path.as_bytes()) {
            return path;
        }
        row += 1;
    }
    row = 0;
    while row < portal::PAGES.len() {
        if same(portal::PAGES[row].0.as_bytes(), path.as_bytes()) {
            return path;
        }
        row += 1;
    }
    panic!("a route that is not in the table of what routes take")
}

/// What a page takes, by the path that the router knows it under.
pub(crate) fn of_page(path: &str, verb: &Method) -> Option<Need> {
    let verb = Verb::of(verb)?;
    let mut rows = portal::PAGES.iter().filter(|(page, ..)| *page == path);
    rows.find(|(_, verbs, _)| verbs.contains(&verb)).map(|(.., need)| *need)
}

const fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The verb.
    pub verb: &'static str,
    /// The path; under `/v1` and `/bot<token>` where [`Row::is_api`] says so. A method's name is in lower case.
    pub path: &'static str,
    /// Whether it is a method of the Bot API, named without a slash.
    pub is_method: bool,
    /// Whether it is an account's, or else at the root.
    pub is_api: bool,
    /// What it takes.
    pub need: Need,
}

/// The whole table: every resource and verb, every method by both of its verbs, and everything beside the API.
pub fn table() -> Vec<Row> {
    let resources = Place::ALL.into_iter().filter(|place| *place != Place::Method).flat_map(|place| {
        Verb::ALL.into_iter().filter_map(move |verb| {
            let (path, verb, need) = (place.path(), verb.name(), of(place, verb)?);
            Some(Row { verb, path, is_method: false, is_api: true, need })
        })
    });
    let methods = botapi::needs().flat_map(|(path, need)| {
        ["GET", "POST"].map(|verb| Row { verb, path, is_method: true, is_api: true, need })
    });
    let others = OTHERS.iter().chain(portal::PAGES).flat_map(|(path, verbs, need)| {
        let row = |verb: &Verb| Row { verb: verb.name(), path, is_method: false, is_api: false, need: *need };
        verbs.iter().map(row)
    });
    resources.chain(methods).chain(others).collect()
}

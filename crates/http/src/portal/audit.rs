//! The audit log: the server's own, for who owns all accounts, and each account's. Read here by filters and taken
//! along as a table for a spreadsheet, which is itself written down.

use super::answer::{Oops, Seen, guarded, page};
use super::shell::{Shell, path};
use super::visit::Visit;
use super::words;
use askama::Template;
use axum::body::Body;
use axum::response::Response;
use contactgram_hub::{AuditQuery, AuditView};
use contactgram_model::{Action, Role, Timestamp, UserId, times};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

const PAGE: i64 = 100;
/// Entries of one export's step, and at most in all: what is longer is taken by the command line.
const STEP: i64 = 1_000;
const MOST: usize = 100_000;
const DAY_S: i64 = 86_400;

struct Row {
    seq: i64,
    at: Timestamp,
    who: String,
    action: String,
    target: String,
    details: String,
}

impl From<AuditView> for Row {
    fn from(entry: AuditView) -> Row {
        let details = entry.details.get();
        Row {
            seq: entry.seq,
            at: entry.at,
            who: if entry.actor.label.is_empty() { entry.actor.kind } else { entry.actor.label },
            action: entry.action,
            target: entry.target,
            details: if details == "{}" { String::new() } else { details.to_owned() },
        }
    }
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    shell: Shell,
    here: String,
    export: String,
    older: Option<String>,
    rows: Vec<Row>,
    /// Every action, and whether it is the one that is looked for.
    actions: Vec<(&'static str, bool)>,
    action: String,
    actor: String,
    from: String,
    until: String,
}

/// `GET /portal/audit`
pub(super) async fn of_server(visit: Visit) -> Seen {
    show(&visit, UserId::EVERY_ACCOUNT).await
}

/// `GET /portal/a/{account}/audit`
pub(super) async fn of_account(visit: Visit) -> Seen {
    let (account, _) = visit.account()?;
    show(&visit, account).await
}

async fn show(visit: &Visit, account: UserId) -> Seen {
    let everywhere = account == UserId::EVERY_ACCOUNT;
    let query = AuditQuery { limit: PAGE, cursor: some(visit.query("cursor")), ..filter(visit) };
    let found = visit.hub().audit_as(visit.actor()?, Some(account), query).await?;
    let (title, active) = if everywhere { ("Server audit", "audit") } else { ("Audit log", "account-audit") };
    let at = if everywhere { "/portal/audit".to_owned() } else { format!("{}/audit", path(account)) };
    page(&AuditPage {
        shell: visit.shell(title, active)?,
        export: address(&format!("{at}/export"), visit, None),
        older: found.next_cursor.as_deref().map(|cursor| address(&at, visit, Some(cursor))),
        rows: found.entries.into_iter().map(Row::from).collect(),
        actions: Action::ALL
            .iter()
            .map(|action| (action.name(), action.name() == visit.query("action")))
            .collect(),
        action: visit.query("action").to_owned(),
        actor: visit.query("actor").to_owned(),
        from: visit.query("from").to_owned(),
        until: visit.query("until").to_owned(),
        here: at,
    })
}

fn some(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The filter of the page; days that are none leave it open.
fn filter(visit: &Visit) -> AuditQuery {
    let day = |name: &str| some(visit.query(name)).and_then(|text| times::moment(&text).ok());
    AuditQuery {
        from: day("from"),
        // The day itself is meant to be among them.
        until: day("until").map(|midnight| midnight + DAY_S),
        actor: some(visit.query("actor")),
        action: some(visit.query("action")),
        ..AuditQuery::default()
    }
}

fn address(at: &str, visit: &Visit, cursor: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in ["action", "actor", "from", "until"] {
        if let Some(value) = some(visit.query(name)) {
            query.append_pair(name, &value);
        }
    }
    if let Some(cursor) = cursor {
        query.append_pair("cursor", cursor);
    }
    format!("{at}?{}", query.finish())
}

/// `GET /portal/audit/export`
pub(super) async fn export_server(visit: Visit) -> Seen {
    export(&visit, UserId::EVERY_ACCOUNT).await
}

/// `GET /portal/a/{account}/audit/export`
pub(super) async fn export_account(visit: Visit) -> Seen {
    let (account, _) = visit.account()?;
    export(&visit, account).await
}

async fn export(visit: &Visit, account: UserId) -> Seen {
    let by = visit.actor()?;
    visit.hub().audit_is_exported(by, Some(account)).await?;
    let (mut table, mut rows) = (format!("{}\r\n", AuditView::COLUMNS), 0);
    let mut query = AuditQuery { limit: STEP, ..filter(visit) };
    loop {
        let found = visit.hub().audit_as(by, Some(account), query.clone()).await?;
        rows += found.entries.len();
        for entry in &found.entries {
            table.push_str(&entry.csv());
            table.push_str("\r\n");
        }
        query.cursor = found.next_cursor;
        if query.cursor.is_none() || rows >= MOST {
            break;
        }
    }
    let mut response = Response::new(Body::from(table));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"audit.csv\""));
    guarded(headers);
    Ok::<_, Oops>(response)
}

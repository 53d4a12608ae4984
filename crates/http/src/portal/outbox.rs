//! The outbox: what waits to be sent, and what became of what was. One that waits has another text or time given, or is
//! taken back. Messages get here from the conversation's "Send later", from programs and from broadcasts.

use super::answer::{Oops, Seen, page, page_of, to};
use super::chats::content;
use super::form::Form;
use super::rows::{ContactRow, read, shortened};
use super::shell::{Shell, path};
use super::visit::Visit;
use super::words;
use crate::botapi::needs_of;
use askama::Template;
use contactgram_hub::access::{ContactsRead, MessagesSend};
use contactgram_hub::{ContactKey, EntryChange, EntryView, Error, OutboxList};
use contactgram_model::outbox::EntryState;
use contactgram_model::{ContactId, Role, Timestamp, times};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Entries on a page.
pub(super) const ROWS: i64 = 50;
/// What can be looked for, and what it is called.
const STATES: &[(&str, &str)] = &[
    ("", "All"),
    ("queued", "Waiting"),
    ("sent", "Sent"),
    ("failed", "Failed"),
    ("unknown", "Unknown"),
    ("cancelled", "Taken back"),
];

/// A send as a list shows it.
pub(super) struct Row {
    pub id: i64,
    pub who: String,
    /// The conversation that it goes to.
    pub chat: Option<i64>,
    pub says: String,
    /// A word for its state, and its colour.
    pub state: (&'static str, &'static str),
    /// Why it was not sent, or not yet.
    pub why: Option<String>,
    /// When it goes out, or when it changed last.
    pub at: Timestamp,
    pub broadcast: Option<i64>,
}

impl Row {
    pub fn of(entry: &EntryView, names: &Names) -> Row {
        let waits = matches!(entry.status, "queued" | "held");
        Row {
            id: entry.id,
            who: names.of(entry),
            chat: entry.chat_id.as_i64(),
            says: shortened(&says(entry)),
            state: state(entry.status),
            why: entry.error.clone(),
            at: entry.next_try_at.filter(|_| waits).unwrap_or(entry.updated_at),
            broadcast: entry.broadcast_id,
        }
    }
}

/// A state in a plain word, and its colour.
pub(super) fn state(status: &str) -> (&'static str, &'static str) {
    match status {
        "queued" => ("waits", ""),
        "sending" => ("on its way", ""),
        "sent" => ("sent", "good"),
        "failed" => ("failed", "bad"),
        "unknown" => ("unknown", "warn"),
        "blocked" => ("blocked you", "warn"),
        "skipped" => ("left out", ""),
        "held" => ("paused", "warn"),
        _ => ("taken back", ""),
    }
}

/// What a state means for whoever looks.
fn meaning(status: &str) -> &'static str {
    match status {
        "queued" => "It goes out by itself when its time and its turn have come.",
        "sending" => "It is being sent at this moment.",
        "sent" => "It is out.",
        "failed" => "It was not sent, and is not tried again.",
        "unknown" => {
            "It was sent and no answer came: it arrived or it did not. It is never sent again by itself; look into the \
             conversation before you write once more."
        }
        "blocked" => "They blocked the account, or are gone.",
        "skipped" => "Nobody could be written to from the beginning.",
        "held" => "Its broadcast is paused.",
        _ => "It was taken back before it was sent.",
    }
}

/// What an entry says, as far as a line can.
fn says(entry: &EntryView) -> String {
    let Some(params) = &entry.params else { return format!("({})", entry.method) };
    let text = ["text", "caption"].into_iter().find_map(|name| params[name].as_str());
    text.map_or_else(|| format!("({})", entry.method), str::to_owned)
}

/// Names of those whom entries go to.
pub(super) struct Names(HashMap<i64, String>);

impl Names {
    pub async fn read(visit: &Visit, entries: &[EntryView]) -> Result<Names, Oops> {
        let permit = visit.permit::<ContactsRead>()?;
        let mut names = HashMap::new();
        for id in entries.iter().filter_map(whom) {
            if names.contains_key(&id) {
                continue;
            }
            match visit.hub().contact(&permit, ContactKey::Id(ContactId(id))).await {
                Ok(stored) => drop(names.insert(id, read::<ContactRow>(&stored.body)?.name())),
                Err(Error::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Names(names))
    }

    /// Whom an entry goes to.
    pub fn of(&self, entry: &EntryView) -> String {
        match (whom(entry), entry.chat_id.as_str()) {
            (Some(id), _) => self.0.get(&id).cloned().unwrap_or_else(|| format!("Chat {id}")),
            (None, Some(name)) => name.to_owned(),
            (None, None) => "–".to_owned(),
        }
    }
}

fn whom(entry: &EntryView) -> Option<i64> {
    entry.contact_id.or_else(|| entry.chat_id.as_i64())
}

/// A page of a list, of those in one state where that is asked for.
pub(super) fn asked(visit: &Visit) -> OutboxList {
    let offset = visit.query("offset").parse::<i64>().unwrap_or(0).clamp(0, i64::MAX / 2);
    OutboxList { state: EntryState::parse(visit.query("status")), limit: ROWS, offset }
}

#[derive(Template)]
#[template(path = "outbox.html")]
struct OutboxPage {
    shell: Shell,
    at: String,
    here: String,
    states: &'static [(&'static str, &'static str)],
    status: String,
    rows: Vec<Row>,
    newer: Option<String>,
    older: Option<String>,
    now: Timestamp,
}

/// `GET /portal/a/{account}/outbox`
pub(super) async fn list(visit: Visit) -> Seen {
    let (at, asked) = (path(visit.account()?.0), asked(&visit));
    let found = visit.hub().outbox(&visit.permit::<MessagesSend>()?, asked).await?;
    let names = Names::read(&visit, &found.entries).await?;
    let status = asked.state.map_or("", EntryState::name).to_owned();
    let from = |offset: i64| format!("{at}/outbox?status={status}&offset={offset}");
    page(&OutboxPage {
        shell: Shell { live: Some(format!("{at}/live")), ..visit.shell("Outbox", "outbox")? },
        here: visit.here(),
        states: STATES,
        newer: (asked.offset > 0).then(|| from((asked.offset - ROWS).max(0))),
        older: (found.total_count > asked.offset + ROWS).then(|| from(asked.offset + ROWS)),
        rows: found.entries.iter().map(|entry| Row::of(entry, &names)).collect(),
        now: visit.hub().now(),
        status,
        at,
    })
}

#[derive(Template)]
#[template(path = "entry.html")]
struct EntryPage {
    shell: Shell,
    form: Form,
    at: String,
    entry: EntryView,
    row: Row,
    meaning: &'static str,
    /// What it says, whole.
    says: String,
    /// Whether its text can be another, beside its time.
    has_text: bool,
    now: Timestamp,
}

/// `GET /portal/a/{account}/outbox/{id}`
pub(super) async fn show(visit: Visit) -> Seen {
    let entry = known(&visit).await?;
    show_with(&visit, entry, None).await
}

async fn known(visit: &Visit) -> Result<EntryView, Oops> {
    Ok(visit.hub().outbox_entry(&visit.permit::<MessagesSend>()?, visit.number("id")?).await?)
}

fn has_text(entry: &EntryView) -> bool {
    entry.method.eq_ignore_ascii_case("sendMessage") && entry.params.is_some()
}

async fn show_with(visit: &Visit, entry: EntryView, form: Option<Form>) -> Seen {
    let names = Names::read(visit, std::slice::from_ref(&entry)).await?;
    let says = says(&entry);
    let unix = entry.send_at.map(|at| at.to_string()).unwrap_or_default();
    let time = entry.send_at.map(times::minute).unwrap_or_default();
    let filled = || Form::of([("text", says.clone()), ("send_at", time), ("send_at_unix", unix)]);
    let page = EntryPage {
        shell: visit.shell(format!("To {}", names.of(&entry)), "outbox")?,
        form: form.unwrap_or_else(filled),
        at: path(visit.account()?.0),
        row: Row::of(&entry, &names),
        meaning: meaning(entry.status),
        has_text: has_text(&entry),
        now: visit.hub().now(),
        says,
        entry,
    };
    page_of(page.form.is_wrong(), &page)
}

/// `POST /portal/a/{account}/outbox/{id}`
pub(super) async fn save(visit: Visit) -> Seen {
    let (entry, form) = (known(&visit).await?, visit.form.clone());
    // What it will say takes what saying it at once takes.
    visit.caller()?.needs(needs_of(&entry.method))?;
    let mut params = Map::new();
    if has_text(&entry) && form.one("text").trim() != says(&entry) {
        let text = form.one("text").trim().to_owned();
        if let Err(bad) = content(&text) {
            return show_with(&visit, entry, Some(form.with("text", bad.0))).await;
        }
        params.insert("text".to_owned(), Value::from(text));
        // They counted the characters of the text before.
        params.insert("entities".to_owned(), Value::Null);
    }
    let send_at = match form.moment("send_at") {
        Ok(send_at) => send_at,
        Err(why) => return show_with(&visit, entry, Some(form.with("send_at", why))).await,
    };
    let change = EntryChange { params, chat: None, send_at: Some(send_at) };
    let saved = visit.hub().change_outbox(&visit.permit::<MessagesSend>()?, entry.id, change).await;
    match saved {
        Ok(_) => back(&visit, "saved"),
        Err(error) => {
            let form = form.refused(error, &["send_at", "text"])?;
            let entry = known(&visit).await?;
            show_with(&visit, entry, Some(form)).await
        }
    }
}

/// `POST /portal/a/{account}/outbox/{id}/cancel`
pub(super) async fn cancel(visit: Visit) -> Seen {
    visit.hub().cancel_outbox(&visit.permit::<MessagesSend>()?, visit.number("id")?).await?;
    back(&visit, "taken-back")
}

fn back(visit: &Visit, done: &str) -> Seen {
    Ok(to(&format!("{}/outbox/{}?done={done}", path(visit.account()?.0), visit.number("id")?)))
}

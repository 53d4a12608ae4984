//! One broadcast: how far it is, what became of each contact; paused, resumed and cancelled here. The page looks again by
//! itself as long as the broadcast runs.

use super::answer::{Seen, page, to};
use super::outbox::{Names, ROWS, Row, asked};
use super::shell::{Shell, path};
use super::visit::Visit;
use super::words;
use askama::Template;
use contactgram_hub::BroadcastView;
use contactgram_hub::access::MessagesSend;
use contactgram_model::outbox::EntryState;
use contactgram_model::{Role, Timestamp};

/// What a broadcast's state is called, and its colour.
pub(super) fn colour(status: &str) -> &'static str {
    match status {
        "running" => "good",
        "paused" => "warn",
        _ => "",
    }
}

/// A number of the broadcast's: the state it counts, what that is called, and how many.
pub(super) struct Count {
    pub state: &'static str,
    pub text: &'static str,
    pub count: i64,
}

/// The numbers of a broadcast, those that are always of interest first.
fn counts(cast: &BroadcastView) -> Vec<Count> {
    let waiting = if cast.status == "paused" { "held" } else { "queued" };
    let all = [
        ("sent", "Sent", cast.sent),
        (waiting, "Waiting", cast.queued),
        ("sending", "On their way", cast.sending),
        ("failed", "Failed", cast.failed),
        ("blocked", "Blocked you", cast.blocked),
        ("unknown", "Unknown", cast.unknown),
        ("skipped", "Left out", cast.skipped),
        ("cancelled", "Taken back", cast.cancelled),
    ];
    let shown = all.into_iter().enumerate().filter(|(at, (_, _, count))| *at < 2 || *count > 0);
    shown.map(|(_, (state, text, count))| Count { state, text, count }).collect()
}

#[derive(Template)]
#[template(path = "broadcast.html")]
struct BroadcastPage {
    shell: Shell,
    at: String,
    /// Where this broadcast's pages are.
    base: String,
    here: String,
    cast: BroadcastView,
    /// How many it is done with.
    done: i64,
    says: String,
    whom: String,
    colour: &'static str,
    counts: Vec<Count>,
    status: String,
    rows: Vec<Row>,
    newer: Option<String>,
    older: Option<String>,
    now: Timestamp,
}

/// `GET /portal/a/{account}/broadcasts/{id}`
pub(super) async fn show(visit: Visit) -> Seen {
    let (hub, permit) = (visit.hub(), visit.permit::<MessagesSend>()?);
    let (at, id, mut asked) = (path(visit.account()?.0), visit.number("id")?, asked(&visit));
    let cast = hub.broadcast_view(&permit, id).await?;
    let status = asked.state.map_or("", EntryState::name).to_owned();
    asked.limit = ROWS + 1;
    let mut entries = hub.recipients(&permit, id, asked).await?;
    let more = entries.len() as i64 > ROWS;
    entries.truncate(ROWS as usize);
    let names = Names::read(&visit, &entries).await?;
    let from = |offset: i64| format!("{at}/broadcasts/{id}?status={status}&offset={offset}");
    page(&BroadcastPage {
        shell: visit.shell(format!("Broadcast {id}"), "broadcasts")?,
        base: format!("{at}/broadcasts/{id}"),
        here: visit.here(),
        done: cast.total - cast.queued - cast.sending,
        says: says(&cast),
        whom: whom(&cast),
        colour: colour(cast.status),
        counts: counts(&cast),
        rows: entries.iter().map(|entry| Row::of(entry, &names)).collect(),
        newer: (asked.offset > 0).then(|| from((asked.offset - ROWS).max(0))),
        older: more.then(|| from(asked.offset + ROWS)),
        now: hub.now(),
        cast,
        status,
        at,
    })
}

/// What a broadcast says.
pub(super) fn says(cast: &BroadcastView) -> String {
    let params = cast.params.as_ref();
    let text = ["text", "caption"].into_iter().find_map(|name| params?.get(name)?.as_str());
    text.map_or_else(|| format!("({})", cast.method), str::to_owned)
}

/// Who was selected, in words.
pub(super) fn whom(cast: &BroadcastView) -> String {
    let Some(to) = &cast.to else { return "contacts named one by one".to_owned() };
    let part = |name: &str| to[name].as_str().map(str::to_owned);
    match (part("label"), part("q")) {
        (Some(label), None) => format!("contacts labelled “{label}”"),
        (Some(label), Some(q)) => format!("contacts labelled “{label}” and found by “{q}”"),
        (None, Some(q)) => format!("contacts found by “{q}”"),
        (None, None) => "contacts named one by one".to_owned(),
    }
}

/// `POST /portal/a/{account}/broadcasts/{id}/pause`
pub(super) async fn pause(visit: Visit) -> Seen {
    visit.hub().pause_broadcast(&visit.permit::<MessagesSend>()?, visit.number("id")?).await?;
    back(&visit, "paused")
}

/// `POST /portal/a/{account}/broadcasts/{id}/resume`
pub(super) async fn resume(visit: Visit) -> Seen {
    visit.hub().resume_broadcast(&visit.permit::<MessagesSend>()?, visit.number("id")?).await?;
    back(&visit, "resumed")
}

/// `POST /portal/a/{account}/broadcasts/{id}/cancel`
pub(super) async fn cancel(visit: Visit) -> Seen {
    visit.hub().cancel_broadcast(&visit.permit::<MessagesSend>()?, visit.number("id")?).await?;
    back(&visit, "broadcast-cancelled")
}

fn back(visit: &Visit, done: &str) -> Seen {
    Ok(to(&format!("{}/broadcasts/{}?done={done}", path(visit.account()?.0), visit.number("id")?)))
}

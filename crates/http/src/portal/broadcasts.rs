//! Broadcasts: the list, and beginning one. How many people it reaches is said before it is sent; only the form that said
//! so begins it, and only once. What becomes of it is in `broadcast`.

use super::answer::{Oops, Seen, page, page_of, to};
use super::broadcast::{colour, says, whom};
use super::chats::content;
use super::form::Form;
use super::rows::shortened;
use super::shell::{Shell, path};
use super::visit::Visit;
use super::words;
use crate::broadcasts::selection;
use crate::reply::Failure;
use askama::Template;
use contactgram_hub::access::{ContactsRead, MessagesSend};
use contactgram_hub::{BroadcastView, Error, NewCast, Once, Reach, Selection};
use contactgram_model::{Role, Timestamp};
use contactgram_wire::params::Params;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Broadcasts on a page.
const ROWS: i64 = 30;
const METHOD: &str = "sendMessage";
/// What the form has.
const FIELDS: [&str; 4] = ["contact_ids", "label", "q", "text"];

/// A broadcast as the list shows it.
struct CastRow {
    id: i64,
    says: String,
    whom: String,
    status: &'static str,
    colour: &'static str,
    sent: i64,
    total: i64,
    begun: String,
}

impl CastRow {
    fn of(cast: &BroadcastView, now: Timestamp) -> CastRow {
        CastRow {
            id: cast.id,
            says: shortened(&says(cast)),
            whom: whom(cast),
            status: cast.status,
            colour: colour(cast.status),
            sent: cast.sent,
            total: cast.total,
            begun: words::since(cast.created_at, now),
        }
    }
}

#[derive(Template)]
#[template(path = "broadcasts.html")]
struct BroadcastsPage {
    shell: Shell,
    at: String,
    here: String,
    rows: Vec<CastRow>,
    older: Option<String>,
}

/// `GET /portal/a/{account}/broadcasts`
pub(super) async fn list(visit: Visit) -> Seen {
    let at = path(visit.account()?.0);
    let offset = visit.query("offset").parse::<i64>().unwrap_or(0).clamp(0, i64::MAX / 2);
    let mut rows = visit.hub().broadcasts(&visit.permit::<MessagesSend>()?, (ROWS + 1, offset)).await?;
    let more = rows.len() as i64 > ROWS;
    rows.truncate(ROWS as usize);
    page(&BroadcastsPage {
        shell: Shell { live: Some(format!("{at}/live")), ..visit.shell("Broadcasts", "broadcasts")? },
        here: visit.here(),
        older: more.then(|| format!("{at}/broadcasts?offset={}", offset + ROWS)),
        rows: rows.iter().map(|cast| CastRow::of(cast, visit.hub().now())).collect(),
        at,
    })
}

/// What somebody is asked before a broadcast begins.
struct Sure {
    /// How many contacts are selected.
    selected: String,
    /// How many of them it reaches, where that is less, and how many not.
    reaches: Option<(String, String)>,
    /// Whether that is known.
    known: bool,
    /// To how many the button sends.
    to: String,
}

impl Sure {
    fn of(Reach { selected, reachable }: Reach) -> Sure {
        let fewer = reachable.filter(|reachable| *reachable < selected);
        Sure {
            selected: words::people(selected),
            reaches: fewer.map(|count| (words::people(count), words::number(selected - count))),
            known: reachable.is_some(),
            to: words::people(reachable.unwrap_or(selected)),
        }
    }
}

#[derive(Template)]
#[template(path = "broadcast_new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    at: String,
    labels: Vec<String>,
    /// Whom the form reaches, once it was looked at.
    sure: Option<Sure>,
    /// Makes the form that begins it good for once.
    once: String,
}

/// `GET /portal/a/{account}/broadcasts/new`
pub(super) async fn new(visit: Visit) -> Seen {
    let label = visit.query("label").to_owned();
    new_with(&visit, Form::of([("label", label)]), None).await
}

async fn new_with(visit: &Visit, form: Form, reach: Option<Reach>) -> Seen {
    let once = match (reach, form.one("once")) {
        (None, _) => String::new(),
        (Some(_), "") => fresh()?,
        (Some(_), once) => once.to_owned(),
    };
    let page = NewPage {
        shell: visit.shell("New broadcast", "broadcasts")?,
        at: path(visit.account()?.0),
        labels: visit.hub().labels(&visit.permit::<ContactsRead>()?).await?,
        sure: reach.map(Sure::of),
        once,
        form,
    };
    page_of(page.form.is_wrong(), &page)
}

/// `POST /portal/a/{account}/broadcasts/new`
pub(super) async fn check(visit: Visit) -> Seen {
    // Another look is another form to begin with.
    let form = visit.form.clone().without("once");
    match asked(&form) {
        Ok((_, to)) => match visit.hub().reach(&visit.permit::<ContactsRead>()?, &to).await {
            Ok(Reach { selected: 0, .. }) => {
                new_with(&visit, form.with("label", "nobody is selected by that"), None).await
            }
            Ok(Reach { reachable: Some(0), .. }) => {
                let text = "nobody of those who are selected can be written to";
                new_with(&visit, form.with("label", text), None).await
            }
            Ok(reach) => new_with(&visit, form, Some(reach)).await,
            Err(error) => new_with(&visit, form.refused(error, &FIELDS)?, None).await,
        },
        Err(wrong) => new_with(&visit, refused(form, wrong)?, None).await,
    }
}

/// `POST /portal/a/{account}/broadcasts`
pub(super) async fn begin(visit: Visit) -> Seen {
    #[derive(Deserialize)]
    struct Begun {
        id: i64,
    }
    let form = visit.form.clone();
    let (text, to_whom) = match asked(&form) {
        Ok(asked) => asked,
        Err(wrong) => return new_with(&visit, refused(form, wrong)?, None).await,
    };
    let Some(key) = form.some("once").filter(|key| key.len() <= 64) else { return check(visit).await };
    let mut digest = Sha256::new_with_prefix(b"broadcast");
    for field in FIELDS {
        digest.update(field);
        digest.update([0]);
        digest.update(form.one(field));
        digest.update([0]);
    }
    let once = Once { key: format!("portal {key}"), fingerprint: digest.finalize().into() };
    let params = Map::from_iter([("text".to_owned(), Value::from(text))]);
    let new = NewCast { method: METHOD.to_owned(), params, to: to_whom };
    let (send, read) = (visit.permit::<MessagesSend>()?, visit.permit::<ContactsRead>()?);
    match visit.hub().broadcast((&send, &read), new, Some(once)).await {
        Ok(answer) => {
            let Begun { id } = serde_json::from_str(&answer.result).map_err(Error::internal)?;
            Ok(to(&format!("{}/broadcasts/{id}", path(visit.account()?.0))))
        }
        Err(error) => new_with(&visit, form.refused(error, &FIELDS)?, None).await,
    }
}

/// What is wrong, and where it is if no field is named.
struct Wrong(Option<&'static str>, Error);

/// What the form says, by the rules of the API.
fn asked(form: &Form) -> Result<(String, Selection), Wrong> {
    let text = form.one("text").trim().to_owned();
    content(&text).map_err(|bad| Wrong(Some("text"), bad.into()))?;
    let ids = form.list("contact_ids");
    let numbers: Option<Vec<i64>> = ids.iter().map(|text| text.parse().ok()).collect();
    let numbers = numbers.ok_or(Wrong(Some("contact_ids"), Error::bad("must be ids with commas between")))?;
    let mut whom = Map::new();
    for name in ["label", "q"] {
        if let Some(text) = form.some(name) {
            whom.insert(name.to_owned(), Value::from(text));
        }
    }
    match (numbers.is_empty(), whom.is_empty()) {
        (true, true) => {
            let text = "say who gets it: a label, a search, or contacts one by one";
            return Err(Wrong(Some("label"), Error::bad(text)));
        }
        (false, false) => {
            let text = "name contacts one by one, or select them by a label or a search";
            return Err(Wrong(Some("contact_ids"), Error::bad(text)));
        }
        (true, false) => {}
        (false, true) => drop(whom.insert("contact_ids".to_owned(), json!(numbers))),
    }
    let params = Params::from_iter([("to", Value::Object(whom).to_string())]);
    let chosen = selection(&params).map_err(|failure| match failure {
        Failure::Hub(error) => Wrong(None, error),
        _ => Wrong(None, Error::Internal),
    })?;
    Ok((text, chosen))
}

fn refused(form: Form, Wrong(field, error): Wrong) -> Result<Form, Oops> {
    match (field, error) {
        (Some(field), Error::BadRequest(text)) => Ok(form.with(field, text)),
        (_, error) => Ok(form.refused(error, &FIELDS)?),
    }
}

/// A word of chance.
fn fresh() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(Error::internal)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

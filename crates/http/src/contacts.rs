//! Contacts as resources: `/contacts` and `/contacts/{contact_id}`. The methods of the same name are in
//! `botapi::contacts` and share the reading of parameters with these.

mod transfer;

pub(crate) use transfer::{MOST as MOST_FILE, export, exported, import};

use crate::call::{Asked, Call};
use crate::reply::{self, Failure, Reply, bad};
use contactgram_hub::access::{ContactsRead, ContactsWrite};
use contactgram_hub::{Answer, Caller, ContactKey, ContactPage, Error, ListQuery};
use contactgram_model::contact::{ContactChange, FIELDS, PRIVATE_FIELDS};
use contactgram_model::scope::Scope;
use contactgram_model::{ContactId, page};
use contactgram_wire::contact::{Meaning, needs_region, read_change};
use contactgram_wire::params::Params;
use http::header::{HeaderMap, IF_MATCH, IF_NONE_MATCH};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// `GET /contacts`
pub(crate) async fn list(call: Call) -> Reply {
    let (permit, params) = (call.permit()?, call.query());
    let mask = mask(&call.caller, &params)?;
    let page = call.hub().contacts(&permit, list_query(&params)?).await?;
    Ok(reply::result(page_json(page, mask.as_deref())?))
}

/// `POST /contacts`
pub(crate) async fn add(call: Call) -> Reply {
    let permit = call.permit()?;
    let asked = call.ask().await?;
    let change = change(&asked, Meaning::Add).await?;
    let answer = asked.hub().add_contact(&permit, change, asked.once.clone()).await?;
    let location = answer.created.map(|id| format!("contacts/{id}"));
    let response = reply::done(answer);
    Ok(match location {
        Some(location) => reply::located(response, &location),
        None => response,
    })
}

/// `GET /contacts/{contact_id}`
pub(crate) async fn get(call: Call) -> Reply {
    let (permit, key) = (call.permit::<ContactsRead>()?, key(&call)?);
    let mask = match call.parts.uri.query() {
        Some(_) => mask(&call.caller, &call.query())?,
        None => None,
    };
    let contact = call.hub().contact(&permit, key).await?;
    let version = contact.version;
    if matches(&call.parts.headers, version) {
        return Ok(reply::not_modified(version));
    }
    let result = contact_json(contact.body, mask.as_deref())?;
    Ok(reply::done(Answer { version: Some(version), ..Answer::json(result) }))
}

/// `PATCH /contacts/{contact_id}`
pub(crate) async fn patch(call: Call) -> Reply {
    write(call, Meaning::Merge).await
}

/// `PUT /contacts/{contact_id}`
pub(crate) async fn put(call: Call) -> Reply {
    write(call, Meaning::Replace).await
}

/// `DELETE /contacts/{contact_id}`, and `/delete` below it
pub(crate) async fn remove(call: Call) -> Reply {
    let (permit, target) =
        (call.permit::<ContactsWrite>()?, (key(&call)?, only_version(&call.parts.headers)?));
    let asked = call.ask().await?;
    Ok(reply::done(asked.hub().delete_contact(&permit, target, asked.once.clone()).await?))
}

async fn write(call: Call, meaning: Meaning) -> Reply {
    let (permit, target) =
        (call.permit::<ContactsWrite>()?, (key(&call)?, only_version(&call.parts.headers)?));
    let asked = call.ask().await?;
    let change = change(&asked, meaning).await?;
    Ok(reply::done(asked.hub().edit_contact(&permit, target, change, None).await?))
}

/// What the parameters say of a contact.
pub(crate) async fn change(asked: &Asked, meaning: Meaning) -> Result<ContactChange, Failure> {
    let body: Map<String, Value> = asked.params.object();
    let region = match needs_region(&body) {
        true => asked.hub().region(&asked.caller).await?,
        false => None,
    };
    let mut change = read_change(&body, region.as_deref(), meaning)?;
    if !asked.caller.may(Scope::ContactsPrivate) {
        // What a caller can't see, a body that leaves it out does not mean to remove.
        PRIVATE_FIELDS
            .into_iter()
            .filter(|field| !body.contains_key(*field))
            .for_each(|field| change.spare_private(field));
    }
    Ok(change)
}

/// What the parameters ask of a list.
pub(crate) fn list_query(params: &Params) -> Result<ListQuery, Failure> {
    let text = |name: &str| -> Result<Option<String>, Failure> {
        Ok(params.strict_text(name)?.filter(|text| !text.is_empty()).map(str::to_owned))
    };
    Ok(ListQuery {
        limit: params.whole("limit", 1..=page::MAX_LIMIT)?,
        offset: params.whole("offset", 0..=i64::MAX)?,
        cursor: text("cursor")?,
        q: text("q")?,
        label: text("label")?,
        sort: text("sort")?,
        sync_token: text("sync_token")?,
    })
}

/// The `fields` parameter, checked. Whoever asks for what they may not see is told so.
pub(crate) fn mask(caller: &Caller, params: &Params) -> Result<Option<Vec<String>>, Failure> {
    let Some(text) = params.text("fields").filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let fields: Vec<String> = text.split(',').map(|field| field.trim().to_owned()).collect();
    if fields.iter().any(|field| PRIVATE_FIELDS.contains(&field.as_str())) {
        caller.needs(&[Scope::ContactsPrivate])?;
    }
    match fields.iter().find(|field| !FIELDS.contains(&field.as_str())) {
        Some(unknown) => Err(bad(format!("fields names {unknown:?}, which a contact does not have"))),
        None => Ok(Some(fields)),
    }
}

/// A contact's JSON, with the fields of a mask alone.
pub(crate) fn contact_json(body: String, mask: Option<&[String]>) -> Result<String, Failure> {
    match mask {
        None => Ok(body),
        Some(mask) => to_json(&masked(from_json(&body)?, mask)),
    }
}

/// A page of contacts as JSON. In it removed contacts are whole whatever the mask.
pub(crate) fn page_json(page: ContactPage, mask: Option<&[String]>) -> Result<String, Failure> {
    let rows = match mask {
        None => page.json,
        Some(mask) => {
            let all: Vec<Map<String, Value>> = from_json(&format!("[{}]", page.json))?;
            let rows =
                all.into_iter().map(|row| if row.contains_key("deleted") { row } else { masked(row, mask) });
            let rows = to_json(&rows.collect::<Vec<_>>())?;
            rows[1..rows.len() - 1].to_owned()
        }
    };
    let mut json = String::with_capacity(rows.len() + 256);
    json.push_str("{\"total_count\":");
    json.push_str(&page.total_count.to_string());
    json.push_str(",\"contacts\":[");
    json.push_str(&rows);
    json.push(']');
    // Both are base64url: nothing in them needs escaping.
    for (name, value) in [("next_cursor", page.next_cursor), ("next_sync_token", page.next_sync_token)] {
        if let Some(value) = value {
            json.push_str(&format!(",\"{name}\":\"{value}\""));
        }
    }
    json.push('}');
    Ok(json)
}

fn masked(mut all: Map<String, Value>, mask: &[String]) -> Map<String, Value> {
    all.retain(|field, _| mask.contains(field));
    all
}

fn to_json<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Error::internal(error).into())
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|error| Error::internal(error).into())
}

fn key(call: &Call) -> Result<ContactKey, Failure> {
    contact_id(call.part("contact_id")).map(ContactKey::Id)
}

/// A contact's id in a path; what can't be one leads to no contact.
pub(crate) fn contact_id(text: &str) -> Result<ContactId, Failure> {
    text.parse().map(ContactId).map_err(|_| Error::missing("contact not found").into())
}

/// Whether `If-None-Match` names what the caller would get.
fn matches(headers: &HeaderMap, version: i64) -> bool {
    if !headers.contains_key(IF_NONE_MATCH) {
        return false;
    }
    let tag = format!("\"{version}\"");
    headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value.trim() == "*" || value.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
    })
}

/// The version that `If-Match` asks for. A tag that this server never gave matches nothing.
fn only_version(headers: &HeaderMap) -> Result<Option<i64>, Failure> {
    let Some(value) = headers.get(IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version =
        text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).and_then(|tag| tag.parse().ok());
    Ok(Some(version.unwrap_or(-1)))
}

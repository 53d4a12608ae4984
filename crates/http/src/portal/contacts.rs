//! An account's contacts: found as one types, shown with their conversation, added, edited and removed. Which fields
//! there are follows the role, as in the API.

use super::answer::{Oops, Seen, page, page_of, to};
use super::chats::Thread;
use super::form::Form;
use super::rows::{ContactRow, read};
use super::shell::{Shell, path};
use super::visit::Visit;
use super::words;
use crate::reply::Failure;
use askama::Template;
use contactgram_hub::access::{ContactsRead, ContactsWrite};
use contactgram_hub::{AS_TYPED, ChatRef, ContactKey, Error, ListQuery};
use contactgram_model::contact::ContactChange;
use contactgram_model::scope::Scope;
use contactgram_model::{ContactId, Role};
use contactgram_wire::contact::{Meaning, read_change};
use serde_json::{Map, Value};

const PAGE: i64 = 50;
/// What the form has, and what a refusal may name.
const FIELDS: [&str; 8] =
    ["first_name", "last_name", "phone_number", "username", "email", "user_id", "labels", "note"];

#[derive(Template)]
#[template(path = "contacts.html")]
struct ContactsPage {
    shell: Shell,
    at: String,
    here: String,
    first: String,
    paged: bool,
    next: Option<String>,
    total: String,
    q: String,
    label: String,
    sort: String,
    labels: Vec<String>,
    rows: Vec<ContactRow>,
    private: bool,
    may_write: bool,
}

/// `GET /portal/a/{account}/contacts`
pub(super) async fn list(visit: Visit) -> Seen {
    let (account, role) = visit.account()?;
    let permit = visit.permit::<ContactsRead>()?;
    let (q, label) = (visit.query("q").trim().to_owned(), visit.query("label").trim().to_owned());
    let sort = match visit.query("sort") {
        sort @ ("id" | "updated_at") => sort.to_owned(),
        _ => "name".to_owned(),
    };
    let cursor = Some(visit.query("cursor").to_owned()).filter(|cursor| !cursor.is_empty());
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let query = ListQuery {
        limit: Some(PAGE),
        cursor: cursor.clone(),
        q: some(&q),
        label: some(&label),
        sort: Some(sort.clone()),
        ..ListQuery::default()
    };
    let (found, are_many) = visit.hub().contacts_as_typed(&permit, query).await?;
    let rows: Vec<ContactRow> = read(&format!("[{}]", found.json))?;
    let first = address(&path(account), [("q", &q), ("label", &label), ("sort", &sort)], None);
    let next = found.next_cursor.as_deref();
    let plural = if found.total_count == 1 { "" } else { "s" };
    page(&ContactsPage {
        shell: Shell {
            live: Some(format!("{}/live", path(account))),
            ..visit.shell("Contacts", "contacts")?
        },
        at: path(account),
        here: visit.here(),
        paged: cursor.is_some(),
        next: next
            .map(|next| address(&path(account), [("q", &q), ("label", &label), ("sort", &sort)], Some(next))),
        total: match are_many {
            true => format!("Of the first {} found: type more to narrow it down", words::number(AS_TYPED)),
            false => format!("{} contact{plural}", words::number(found.total_count)),
        },
        labels: visit.hub().labels(&permit).await?,
        rows,
        first,
        q,
        label,
        sort,
        private: visit.caller()?.may(Scope::ContactsPrivate),
        may_write: role >= Role::Agent,
    })
}

fn address(at: &str, filter: [(&str, &String); 3], cursor: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(
        filter
            .into_iter()
            .filter(|(name, value)| !value.is_empty() && (*name, value.as_str()) != ("sort", "name")),
    );
    if let Some(cursor) = cursor {
        query.append_pair("cursor", cursor);
    }
    match query.finish() {
        query if query.is_empty() => format!("{at}/contacts"),
        query => format!("{at}/contacts?{query}"),
    }
}

#[derive(Template)]
#[template(path = "contact.html")]
struct ContactPage {
    shell: Shell,
    at: String,
    contact: ContactRow,
    thread: Thread,
    private: bool,
    may_write: bool,
}

/// `GET /portal/a/{account}/contacts/{id}`
pub(super) async fn show(visit: Visit) -> Seen {
    let (account, role) = visit.account()?;
    let (contact, _) = known(&visit).await?;
    let thread = Thread::of(&visit, ChatRef::Contact(contact.id)).await?;
    page(&ContactPage {
        shell: Shell {
            live: Some(format!("{}/live", path(account))),
            ..visit.shell(contact.name(), "contacts")?
        },
        at: path(account),
        contact,
        thread,
        private: visit.caller()?.may(Scope::ContactsPrivate),
        may_write: role >= Role::Agent,
    })
}

async fn known(visit: &Visit) -> Result<(ContactRow, i64), Oops> {
    let id = ContactId(visit.number("id")?);
    let stored = visit.hub().contact(&visit.permit::<ContactsRead>()?, ContactKey::Id(id)).await?;
    Ok((read(&stored.body)?, stored.version))
}

#[derive(Template)]
#[template(path = "contact_form.html")]
struct ContactForm {
    shell: Shell,
    form: Form,
    action: String,
    back: String,
    back_text: String,
    version: String,
    private: bool,
    new: bool,
}

/// `GET /portal/a/{account}/contacts/new`
pub(super) async fn new(visit: Visit) -> Seen {
    new_with(&visit, Form::default())
}

fn new_with(visit: &Visit, form: Form) -> Seen {
    let at = path(visit.account()?.0);
    page_of(
        form.is_wrong(),
        &ContactForm {
            shell: visit.shell("Add a contact", "contacts")?,
            action: format!("{at}/contacts"),
            back: format!("{at}/contacts"),
            back_text: "Contacts".to_owned(),
            version: String::new(),
            private: visit.caller()?.may(Scope::ContactsPrivate),
            new: true,
            form,
        },
    )
}

/// `POST /portal/a/{account}/contacts`
pub(super) async fn add(visit: Visit) -> Seen {
    let (at, form) = (path(visit.account()?.0), visit.form.clone());
    let body = body(&form, &FIELDS, false);
    let added = match change(&visit, &body, Meaning::Add).await {
        Ok(change) => visit.hub().add_contact(&visit.permit::<ContactsWrite>()?, change, None).await,
        Err(refused) => Err(refused),
    };
    match added {
        Ok(answer) => {
            let contact: ContactRow = read(&answer.result)?;
            Ok(to(&format!("{at}/contacts/{}?done=saved", contact.id)))
        }
        Err(error) => new_with(&visit, form.refused(error, &FIELDS)?),
    }
}

/// `GET /portal/a/{account}/contacts/{id}/edit`
pub(super) async fn edit(visit: Visit) -> Seen {
    let (contact, version) = known(&visit).await?;
    let text = Option::unwrap_or_default;
    let form = Form::of([
        ("first_name", contact.first_name.clone()),
        ("last_name", text(contact.last_name.clone())),
        ("phone_number", text(contact.phone_number.clone())),
        ("username", text(contact.username.clone())),
        ("email", text(contact.email.clone())),
        ("labels", contact.labels.join(", ")),
        ("note", text(contact.note.clone())),
        ("version", version.to_string()),
    ]);
    edit_with(&visit, form)
}

fn edit_with(visit: &Visit, form: Form) -> Seen {
    let back = format!("{}/contacts/{}", path(visit.account()?.0), visit.number("id")?);
    page_of(
        form.is_wrong(),
        &ContactForm {
            shell: visit.shell("Edit the contact", "contacts")?,
            action: back.clone(),
            back_text: "Contact".to_owned(),
            back,
            version: form.one("version").to_owned(),
            private: visit.caller()?.may(Scope::ContactsPrivate),
            new: false,
            form,
        },
    )
}

/// `POST /portal/a/{account}/contacts/{id}`
pub(super) async fn save(visit: Visit) -> Seen {
    let (at, form) = (path(visit.account()?.0), visit.form.clone());
    let (key, version) = (ContactKey::Id(ContactId(visit.number("id")?)), form.one("version").parse().ok());
    let body = body(&form, &FIELDS, true);
    let saved = match change(&visit, &body, Meaning::Merge).await {
        Ok(change) => {
            let permit = visit.permit::<ContactsWrite>()?;
            visit.hub().edit_contact(&permit, (key, version), change, None).await
        }
        Err(refused) => Err(refused),
    };
    match saved {
        Ok(answer) => {
            let contact: ContactRow = read(&answer.result)?;
            Ok(to(&format!("{at}/contacts/{}?done=saved", contact.id)))
        }
        Err(Error::PreconditionFailed(_)) => {
            let text = "somebody else changed this contact meanwhile: open it again to see how";
            edit_with(&visit, form.refused(Error::bad(text), &[])?)
        }
        Err(error) => edit_with(&visit, form.refused(error, &FIELDS)?),
    }
}

/// `POST /portal/a/{account}/contacts/{id}/remove`
pub(super) async fn remove(visit: Visit) -> Seen {
    let key = ContactKey::Id(ContactId(visit.number("id")?));
    visit.hub().delete_contact(&visit.permit::<ContactsWrite>()?, (key, None), None).await?;
    Ok(to(&format!("{}/contacts?done=removed", path(visit.account()?.0))))
}

/// The form as the API would be sent it. Where a contact is edited, an emptied field removes what it held.
fn body(form: &Form, fields: &[&str], emptied: bool) -> Map<String, Value> {
    let mut body = Map::new();
    for field in fields {
        // A field that the page did not show says nothing.
        let Some(text) = form.all(field).next() else { continue };
        let value = match (*field, text.trim()) {
            ("labels", _) => Some(Value::from(form.list("labels"))),
            (_, "") => emptied.then_some(Value::Null),
            ("user_id", text) => Some(text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)),
            (_, text) => Some(Value::from(text)),
        };
        if let Some(value) = value {
            body.insert((*field).to_owned(), value);
        }
    }
    body
}

async fn change(visit: &Visit, body: &Map<String, Value>, meaning: Meaning) -> Result<ContactChange, Error> {
    let caller = visit.caller().map_err(|_| Error::Internal)?;
    let region = visit.hub().region(caller).await?;
    read_change(body, region.as_deref(), meaning).map_err(|bad| match Failure::from(bad) {
        Failure::Hub(error) => error,
        _ => Error::Internal,
    })
}

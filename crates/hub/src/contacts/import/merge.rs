//! What a line of a file changes in a contact that is there already. Called by `apply`. It decides, and writes nothing.

use contactgram_model::contact::ContactChange;
use contactgram_model::{Contact, ContactSource};
use contactgram_wire::transfer::{OnConflict, Said};
use serde_json::Map;

/// Whether a contact that has the id of a line may be the one that it means: ids of another server's contacts may be
/// somebody else's here. One thing that both say has to agree; a line that says nothing of who it is has the id alone.
pub(super) fn agrees(said: &Said, contact: &Contact) -> bool {
    let change = &said.change;
    let set = |field: &Option<Option<String>>| field.clone().flatten();
    let same_text = |one: &Option<String>, other: &Option<String>| match (one, other) {
        (Some(one), Some(other)) => Some(one.eq_ignore_ascii_case(other)),
        (Some(_), None) => Some(false),
        (None, _) => None,
    };
    let phone = change.phone_number.as_ref().and_then(Option::as_ref).map(|phone| phone.e164().to_owned());
    let name = change
        .first_name
        .as_ref()
        .map(|first| *first == contact.first_name && set(&change.last_name) == contact.last_name);
    let told = [
        same_text(&phone, &contact.phone_number),
        same_text(&set(&change.username), &contact.username),
        same_text(&set(&change.email), &contact.email),
        change.user_id.map(|id| Some(id) == contact.user_id),
        said.created_at.map(|at| at == contact.created_at),
        name,
    ];
    let mut told = told.into_iter().flatten().peekable();
    told.peek().is_none() || told.any(|agrees| agrees)
}

/// The change that a line makes to a contact.
pub(super) fn change(said: &Said, contact: &Contact, rule: OnConflict) -> ContactChange {
    let says = &said.change;
    match rule {
        OnConflict::Skip => ContactChange::default(),
        OnConflict::Replace => {
            // First and last name are one thing: half of each would be nobody's.
            let last_name = match says.first_name {
                Some(_) => Some(says.last_name.clone().flatten()),
                None => says.last_name.clone(),
            };
            ContactChange { last_name, ..says.clone() }
        }
        OnConflict::Merge => missing(says, contact),
    }
}

/// What a contact lacks.
fn missing(says: &ContactChange, contact: &Contact) -> ContactChange {
    let lacking = |said: &Option<Option<String>>, has: &Option<String>| match has {
        None => said.clone().filter(Option::is_some),
        Some(_) => None,
    };
    let (mut first_name, mut last_name) = (None, None);
    if let Some(first) = &says.first_name {
        if is_nobodys_choice(contact) {
            first_name = Some(first.clone());
            last_name = Some(says.last_name.clone().flatten());
        } else if *first == contact.first_name {
            last_name = lacking(&says.last_name, &contact.last_name);
        }
    }
    let labels = says.labels.as_ref().map(|more| {
        let mut all: Vec<String> = contact.labels.iter().chain(more).cloned().collect();
        all.sort_unstable();
        all.dedup();
        all
    });
    let attributes = says.attributes.as_ref().map(|more| {
        let mut all = contact.attributes.clone();
        for (name, value) in more {
            all.entry(name.clone()).or_insert_with(|| value.clone());
        }
        all
    });
    ContactChange {
        first_name,
        last_name,
        username: lacking(&says.username, &contact.username),
        phone_number: says
            .phone_number
            .clone()
            .filter(|said| said.is_some() && contact.phone_number.is_none()),
        email: lacking(&says.email, &contact.email),
        user_id: says.user_id,
        language_code: lacking(&says.language_code, &contact.language_code),
        labels: labels.filter(|all| *all != contact.labels),
        note: lacking(&says.note, &contact.note),
        attributes: attributes.filter(|all: &Map<_, _>| *all != contact.attributes),
        merge_attributes: false,
    }
}

/// Whether nobody gave the contact its name: it is what the user is called by themselves, or was put there for want of
/// one.
fn is_nobodys_choice(contact: &Contact) -> bool {
    let stands_in = [&contact.phone_number, &contact.username, &contact.email]
        .into_iter()
        .flatten()
        .any(|text| *text == contact.first_name);
    (contact.source == ContactSource::Message && contact.own_name.is_none())
        || (stands_in && contact.last_name.is_none())
}

/// What somebody is called who has no name in the file.
pub(super) fn stand_in(change: &ContactChange) -> Option<String> {
    let text = |field: &Option<Option<String>>| field.clone().flatten();
    let phone = || change.phone_number.as_ref().and_then(Option::as_ref).map(|phone| phone.e164().to_owned());
    let name = text(&change.username).or_else(|| text(&change.email)).or_else(phone);
    name.map(|name| name.chars().take(64).collect())
}

//! Contacts for client libraries that can only call methods.

use super::Done;
use crate::call::Asked;
use crate::contacts::{change, contact_json, list_query, mask, page_json};
use crate::reply::{Failure, bad};
use contactgram_hub::{Answer, ContactKey};
use contactgram_model::ContactId;
use contactgram_wire::contact::Meaning;
use contactgram_wire::params::Params;

/// `getContact`
pub(super) async fn get(asked: Asked) -> Done {
    let mask = mask(&asked.caller, &asked.params)?;
    let contact = asked.hub().contact(&asked.permit()?, key(&asked).await?).await?;
    Ok(Answer::json(contact_json(contact.body, mask.as_deref())?))
}

/// `getContacts`
pub(super) async fn list(asked: Asked) -> Done {
    let mask = mask(&asked.caller, &asked.params)?;
    let page = asked.hub().contacts(&asked.permit()?, list_query(&asked.params)?).await?;
    Ok(Answer::json(page_json(page, mask.as_deref())?))
}

/// `addContact`
pub(super) async fn add(asked: Asked) -> Done {
    let (permit, change) = (asked.permit()?, change(&asked, Meaning::Add).await?);
    Ok(asked.hub().add_contact(&permit, change, asked.once.clone()).await?)
}

/// `editContact`
pub(super) async fn edit(asked: Asked) -> Done {
    let id = contact_id(&asked.params)?.ok_or_else(|| bad("parameter \"contact_id\" is required"))?;
    let (permit, change) = (asked.permit()?, change(&asked, Meaning::Merge).await?);
    Ok(asked.hub().edit_contact(&permit, (id, None), change, asked.once.clone()).await?)
}

/// `deleteContact`
pub(super) async fn delete(asked: Asked) -> Done {
    let target = (key(&asked).await?, None);
    Ok(asked.hub().delete_contact(&asked.permit()?, target, asked.once.clone()).await?)
}

/// The contact that `contact_id`, `user_id`, `phone_number` or `username` names.
async fn key(asked: &Asked) -> Result<ContactKey, Failure> {
    let params = &asked.params;
    if let Some(key) = contact_id(params)? {
        return Ok(key);
    }
    let text = |name: &str| params.text(name).map(str::trim).filter(|text| !text.is_empty());
    if let Some(phone) = text("phone_number") {
        return Ok(ContactKey::Phone(asked.phone(phone).await?.e164().to_owned()));
    }
    match text("username") {
        Some(name) => Ok(ContactKey::Username(name.trim_start_matches('@').to_owned())),
        None => Err(bad("parameter \"contact_id\" is required")),
    }
}

fn contact_id(params: &Params) -> Result<Option<ContactKey>, Failure> {
    for name in ["contact_id", "user_id"] {
        if let Some(text) = params.text(name).map(str::trim).filter(|text| !text.is_empty()) {
            let id = text.parse().map_err(|_| bad(format!("{name} must be a whole number")))?;
            return Ok(Some(ContactKey::Id(ContactId(id))));
        }
    }
    Ok(None)
}

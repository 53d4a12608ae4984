//! What a caller is shown: which contacts, and how much of them and of messages. A permit carries its view, and
//! whatever reads or answers with contacts or messages asks it. It never asks for scopes by name in a request:
//! that is `access`.

use super::Caller;
use crate::{Answer, Error};
use contactgram_model::scope::Scope;
use contactgram_model::{Contact, ContactId, StoredContact, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::views::{self, ViewId};
use serde_json::Value;
use std::borrow::Cow;

/// What a shared contact inside a message loses without `contacts:private`.
const SHARED: [&str; 2] = ["phone_number", "vcard"];

/// What one caller may see of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    account: UserId,
    private: bool,
    history: bool,
    narrow: Option<ViewId>,
}

impl View {
    /// Everything: for people, and for what the server does by itself.
    pub(crate) fn whole(account: UserId) -> View {
        View { account, private: true, history: true, narrow: None }
    }

    pub(super) fn of(caller: &Caller) -> View {
        let (private, history) = (caller.may(Scope::ContactsPrivate), caller.may(Scope::MessagesRead));
        View { account: caller.account, private, history, narrow: caller.narrow }
    }

    /// Whose.
    pub(crate) fn account(self) -> UserId {
        self.account
    }

    /// Whether phone numbers, e-mail addresses, notes and attributes are shown.
    pub(crate) fn private(self) -> bool {
        self.private
    }

    /// The contacts that the caller is narrowed to, if it is.
    pub(crate) fn narrow(self) -> Option<ViewId> {
        self.narrow
    }

    /// Refuses what takes `messages:read`.
    pub(crate) fn needs_history(self) -> Result<(), Error> {
        if self.history { Ok(()) } else { Err(super::lacks(Scope::MessagesRead)) }
    }

    /// Refuses what takes `contacts:private`.
    pub(crate) fn needs_private(self) -> Result<(), Error> {
        if self.private { Ok(()) } else { Err(super::lacks(Scope::ContactsPrivate)) }
    }

    /// Whether the account's contact of this id is there for the caller.
    pub(crate) fn shows(self, tx: &mut dyn Tx, id: ContactId) -> Result<bool, Error> {
        match self.narrow {
            None => Ok(true),
            Some(view) => Ok(views::shows(tx, self.account, view, id)?),
        }
    }

    /// Refuses a change that the caller can't see, or would not see afterwards.
    pub(crate) fn keeps(self, tx: &mut dyn Tx, id: ContactId) -> Result<(), Error> {
        match self.shows(tx, id)? {
            true => Ok(()),
            false => Err(Error::Forbidden("the credential is narrowed to other contacts".into())),
        }
    }

    /// A contact as the caller sees it.
    pub(crate) fn stored(self, contact: StoredContact) -> Result<StoredContact, Error> {
        match self.private {
            true => Ok(contact),
            false => contact.without_private().map_err(Error::internal),
        }
    }

    /// Contacts as the caller sees them: JSON with commas between.
    pub(crate) fn contacts(self, rows: String) -> Result<String, Error> {
        if self.private || rows.is_empty() {
            return Ok(rows);
        }
        let mut all: Vec<Contact> = serde_json::from_str(&format!("[{rows}]")).map_err(Error::internal)?;
        all.iter_mut().for_each(Contact::hide_private);
        let json = serde_json::to_string(&all).map_err(Error::internal)?;
        Ok(json[1..json.len() - 1].to_owned())
    }

    /// An answer with a contact as the caller sees it.
    pub(crate) fn with_contact(self, answer: Answer) -> Result<Answer, Error> {
        Ok(Answer { result: self.contacts(answer.result)?, ..answer })
    }

    /// A message as the caller sees it in the history.
    pub(crate) fn message(self, body: &str) -> Result<Cow<'_, str>, Error> {
        // Quotes inside texts are escaped: this is a field, or the message has none.
        if self.private || !body.contains("\"contact\":{") {
            return Ok(Cow::Borrowed(body));
        }
        without_private(body).map(Cow::Owned)
    }

    /// An answer with the message that was just written, as the caller sees it: what it replies to is history.
    pub(crate) fn with_message(self, answer: Answer) -> Result<Answer, Error> {
        let mut result = match self.message(&answer.result)? {
            Cow::Owned(result) => result,
            Cow::Borrowed(_) => answer.result,
        };
        if !self.history && result.contains("\"reply_to_message\":{") {
            let mut sent: Value = serde_json::from_str(&result).map_err(Error::internal)?;
            // An album is answered with all its messages.
            let all = match &mut sent {
                Value::Array(all) => all.as_mut_slice(),
                one => std::slice::from_mut(one),
            };
            for message in all.iter_mut().filter_map(Value::as_object_mut) {
                message.remove("reply_to_message");
            }
            result = sent.to_string();
        }
        Ok(Answer { result, ..answer })
    }

    /// A list of updates as the caller sees it.
    pub(crate) fn updates(self, json: String) -> Result<String, Error> {
        if self.private { Ok(json) } else { without_private(&json) }
    }
}

fn without_private(json: &str) -> Result<String, Error> {
    let mut value: Value = serde_json::from_str(json).map_err(Error::internal)?;
    hide(&mut value);
    Ok(value.to_string())
}

/// Takes private fields out of every contact there is, however deep: those that messages share, and those that
/// updates tell of.
fn hide(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(hide),
        Value::Object(fields) => {
            for (name, inner) in fields.iter_mut() {
                let private: &[&str] = match name.as_str() {
                    "contact" => &SHARED,
                    "contact_added" | "contact_changed" => &contactgram_model::contact::PRIVATE_FIELDS,
                    _ => &[],
                };
                if let Some(contact) = inner.as_object_mut() {
                    private.iter().for_each(|field| drop(contact.remove(*field)));
                }
                hide(inner);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ANN: UserId = UserId(5);
    const PUBLIC: View = View { account: ANN, private: false, history: true, narrow: None };

    #[test]
    fn private_fields_are_taken_out_wherever_a_contact_stands() {
        let shared = json!({"first_name": "Ben", "phone_number": "+1", "vcard": "V", "user_id": 7});
        let message = json!({"text": "\"contact\":{", "reply_to_message": {"contact": shared}});
        let updates = json!([
            {"update_id": 1, "message": message, "callback_query": {"message": {"contact": shared}}},
            {"update_id": 2, "contact_added": {"id": 7, "phone_number": "+1", "email": "e", "note": "n", "attributes": {}}},
            {"update_id": 3, "contact_removed": {"id": 7}},
        ]);
        let seen: Value = serde_json::from_str(&PUBLIC.updates(updates.to_string()).unwrap()).unwrap();
        let left = json!({"first_name": "Ben", "user_id": 7});
        assert_eq!(seen[0]["message"]["reply_to_message"]["contact"], left);
        assert_eq!(seen[0]["callback_query"]["message"]["contact"], left);
        assert_eq!(seen[1]["contact_added"], json!({"id": 7}));
        assert_eq!(seen[2], updates[2]);
        assert_eq!(View::whole(ANN).updates(updates.to_string()).unwrap(), updates.to_string());
    }

    #[test]
    fn a_message_without_a_contact_is_shown_as_it_is_kept() {
        let body = json!({"text": "my \"contact\":{ is"}).to_string();
        assert!(matches!(PUBLIC.message(&body).unwrap(), Cow::Borrowed(same) if same == body));
    }

    #[test]
    fn what_a_message_replies_to_is_shown_to_those_alone_who_may_read() {
        let body = json!({"message_id": 2, "reply_to_message": {"text": "old"}});
        let answer = |view: View| view.with_message(Answer::json(body.to_string())).unwrap().result;
        assert_eq!(answer(PUBLIC), body.to_string());
        let blind = View { history: false, ..PUBLIC };
        assert_eq!(answer(blind), json!({"message_id": 2}).to_string());
        let album = blind.with_message(Answer::json(json!([body, body]).to_string())).unwrap().result;
        assert_eq!(album, json!([{"message_id": 2}, {"message_id": 2}]).to_string());
    }
}

//! What one client knows: the writes that were acknowledged to it, in the harness's own memory. Kept by
//! writers and pollers, read by `check`. Nothing here speaks to the server.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::http::{Answer, Request};
use crate::process::Account;

/// A change of the server's data that a writer asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    Add {
        name: String,
        phone: Option<String>,
    },
    /// The note of one of the journal's contacts.
    Note {
        contact: usize,
        note: String,
    },
    Remove {
        contact: usize,
    },
    Send {
        text: String,
    },
}

/// An operation as it was asked, with its key if it had one.
#[derive(Debug, Clone)]
pub struct Asked {
    pub op: Op,
    pub request: Request,
}

/// A contact as the last acknowledged write left it.
#[derive(Debug, Clone)]
pub struct Contact {
    pub id: i64,
    pub name: String,
    pub note: Option<String>,
    pub there: bool,
}

/// A message that was acknowledged.
#[derive(Debug, Clone)]
pub struct Sent {
    pub text: String,
    pub id: i64,
}

/// One writer's acknowledged writes.
#[derive(Debug)]
pub struct Journal {
    pub writer: usize,
    /// Which of the stage's accounts writes, and which is written to.
    pub from: usize,
    pub to: usize,
    pub contacts: Vec<Contact>,
    pub sent: Vec<Sent>,
    /// Acknowledged requests with a key, and their answers.
    pub keyed: Vec<(Asked, Answer)>,
    /// The one request whose outcome is unknown: the next check finds out.
    pub doubt: Option<Asked>,
    /// Answers that no such request should get.
    pub odd: Vec<String>,
    pub acknowledged: u64,
    pub refused: u64,
    next: u64,
}

/// One account's consumer of updates.
#[derive(Debug, Default)]
pub struct Cursor {
    /// The largest offset that was answered, and the largest that was sent.
    pub confirmed: i64,
    pub sent: i64,
    /// Every update seen, by its id; the text of the message in it.
    pub seen: BTreeMap<i64, Option<String>>,
    pub odd: Vec<String>,
}

impl Journal {
    pub fn new(writer: usize, accounts: usize) -> Journal {
        let from = writer % accounts;
        Journal {
            writer,
            from,
            to: (from + 1) % accounts,
            contacts: Vec::new(),
            sent: Vec::new(),
            keyed: Vec::new(),
            doubt: None,
            odd: Vec::new(),
            acknowledged: 0,
            refused: 0,
            next: 0,
        }
    }

    /// A name that no other operation of the stage has.
    pub fn unique(&mut self) -> String {
        self.next += 1;
        format!("t-{}-{}", self.writer, self.next)
    }

    /// A phone number that nobody else of the stage has, while there are any.
    pub fn phone(&self) -> Option<String> {
        (self.next < 10_000 && self.writer < 100)
            .then(|| format!("+447900{:02}{:04}", self.writer, self.next))
    }

    /// The request that does `op`.
    pub fn ask(&self, op: Op, accounts: &[Account], key: Option<String>) -> Asked {
        let token = &accounts[self.from].token;
        let id = |contact: usize| self.contacts[contact].id;
        let request = match &op {
            Op::Add { name, phone: Some(phone) } => {
                let body = json!({"first_name": name, "phone_number": phone});
                Request::with_body("POST", token, "/v1/contacts", &body)
            }
            Op::Add { name, phone: None } => {
                let body = json!({"first_name": name, "email": format!("{name}@example.org")});
                Request::with_body("POST", token, "/v1/contacts", &body)
            }
            Op::Note { contact, note } => {
                let path = format!("/v1/contacts/{}", id(*contact));
                Request::with_body("PATCH", token, path, &json!({"note": note}))
            }
            Op::Remove { contact } => {
                Request { verb: "DELETE", ..Request::get(token, format!("/v1/contacts/{}", id(*contact))) }
            }
            Op::Send { text } => {
                let body = json!({"chat_id": accounts[self.to].id, "text": text});
                Request::with_body("POST", token, "/v1/sendMessage", &body)
            }
        };
        Asked { op, request: Request { key, ..request } }
    }

    /// Takes note of an answer that counts.
    pub fn answered(&mut self, asked: Asked, answer: Answer) {
        if answer.is_in_doubt() {
            self.doubt = Some(asked);
            return;
        }
        if answer.is_proper_503() {
            self.refused += 1;
            return;
        }
        let Some(result) = answer.result() else {
            self.odd.push(format!("{:?} was answered with {} {}", asked.op, answer.status, answer.body));
            return;
        };
        if !self.happened(&asked.op, &result) {
            self.odd.push(format!("{:?} was answered with {}", asked.op, answer.body));
            return;
        }
        self.acknowledged += 1;
        if asked.request.key.is_some() {
            self.keyed.push((asked, answer));
        }
    }

    /// Keeps what was done; false when the answer says something else.
    fn happened(&mut self, op: &Op, result: &Value) -> bool {
        match op {
            Op::Add { name, .. } => {
                let Some(id) = result["id"].as_i64() else { return false };
                self.contacts.push(Contact { id, name: name.clone(), note: None, there: true });
            }
            Op::Note { contact, note } => {
                if result["note"] != note.as_str() {
                    return false;
                }
                self.contacts[*contact].note = Some(note.clone());
            }
            Op::Remove { contact } => self.contacts[*contact].there = false,
            Op::Send { text } => {
                let Some(id) = result["message_id"].as_i64() else { return false };
                self.sent.push(Sent { text: text.clone(), id });
            }
        }
        true
    }
}

impl Cursor {
    /// Takes note of a page of updates that was asked for with `offset`, and returns the next offset.
    pub fn page(&mut self, offset: i64, page: &Value) -> i64 {
        self.confirmed = self.confirmed.max(offset);
        let mut next = offset;
        for update in page.as_array().into_iter().flatten() {
            let Some(id) = update["update_id"].as_i64() else {
                self.odd.push(format!("an update without an id: {update}"));
                continue;
            };
            if id < offset {
                self.odd.push(format!("update {id} came again after {offset} was confirmed"));
            }
            let text = update["message"]["text"].as_str().map(str::to_owned);
            let before = self.seen.insert(id, text.clone());
            if before.is_some_and(|before| before != text) {
                self.odd.push(format!("update {id} says something else than before"));
            }
            next = next.max(id + 1);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Vec<Account> {
        (1..3).map(|id| Account { id, token: format!("token-{id}") }).collect()
    }

    fn ok(result: &Value) -> Answer {
        Answer { status: 200, body: json!({"ok": true, "result": result}).to_string(), retry_after: None }
    }

    #[test]
    fn what_was_acknowledged_is_kept_as_the_last_write_left_it() {
        let mut journal = Journal::new(0, 2);
        let name = journal.unique();
        let add = journal.ask(Op::Add { name, phone: None }, &accounts(), Some("key".to_owned()));
        journal.answered(add, ok(&json!({"id": 7})));
        let note = journal.ask(Op::Note { contact: 0, note: "n".to_owned() }, &accounts(), None);
        assert_eq!((note.request.verb, note.request.path.as_str()), ("PATCH", "/v1/contacts/7"));
        journal.answered(note, ok(&json!({"id": 7, "note": "n"})));
        assert_eq!(journal.contacts[0].note.as_deref(), Some("n"));
        let remove = journal.ask(Op::Remove { contact: 0 }, &accounts(), None);
        journal.answered(remove, ok(&json!(true)));
        assert!(!journal.contacts[0].there);
        assert_eq!((journal.acknowledged, journal.keyed.len(), journal.odd.len()), (3, 1, 0));
    }

    #[test]
    fn a_refusal_that_nobody_should_get_is_odd_and_changes_nothing() {
        let mut journal = Journal::new(1, 2);
        let send = journal.ask(Op::Send { text: "hello".to_owned() }, &accounts(), None);
        journal.answered(send.clone(), Answer { status: 500, ..ok(&json!(null)) });
        journal.answered(send, ok(&json!({"no": "id"})));
        assert_eq!((journal.odd.len(), journal.sent.len(), journal.acknowledged), (2, 0, 0));
    }

    #[test]
    fn an_update_that_comes_again_or_changes_is_odd() {
        let update = |id: i64, text: &str| json!([{"update_id": id, "message": {"text": text}}]);
        let mut cursor = Cursor::default();
        assert_eq!(cursor.page(0, &update(5, "a")), 6);
        assert_eq!(cursor.page(0, &update(5, "a")), 6);
        assert_eq!((cursor.confirmed, cursor.odd.len()), (0, 0), "seen twice and not confirmed is right");
        cursor.page(0, &update(5, "b"));
        cursor.page(6, &update(5, "b"));
        assert_eq!((cursor.confirmed, cursor.odd.len()), (6, 2));
    }
}

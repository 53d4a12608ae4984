//! Compares a running server with the journals, over its API: contacts, messages on both sides, updates,
//! idempotency keys; and looks for damage in the file. What was in doubt may be done or not, but whole.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

use super::journal::{Asked, Contact, Cursor, Journal, Op, Sent};
use crate::findings::Findings;
use crate::http::{Connection, Request};
use crate::process::Account;

/// Acknowledged keys of each writer that are asked again.
const KEYS: usize = 3;
const PAGE: usize = 1000;

/// A contact as the server lists it.
type Listed = (i64, Option<String>);
/// What one side of a chat has: ids of messages by their text.
type Texts = HashMap<String, Vec<i64>>;

/// One comparison.
pub struct Check<'a> {
    connection: Connection,
    accounts: &'a [Account],
    findings: &'a mut Findings,
}

impl<'a> Check<'a> {
    pub fn new(address: SocketAddr, accounts: &'a [Account], findings: &'a mut Findings) -> Check<'a> {
        Check { connection: Connection::new(address), accounts, findings }
    }

    /// Compares everything.
    pub async fn all(
        &mut self,
        journals: &mut [Journal],
        cursors: &mut [(usize, Cursor)],
    ) -> Result<(), String> {
        for journal in &mut *journals {
            journal.odd.drain(..).for_each(|odd| self.findings.wrong(odd));
            self.findings.in_doubt += u64::from(journal.doubt.is_some());
            self.settle(journal).await?;
        }
        for account in 0..self.accounts.len() {
            let mut contacts = self.contacts(account).await?;
            for journal in journals.iter_mut().filter(|journal| journal.from == account) {
                self.compare_contacts(journal, &mut contacts);
            }
            self.nothing_left("contact", contacts.into_iter().map(|(name, found)| (name, found.len())));
        }
        for account in 0..self.accounts.len() {
            let mut sent = self.messages(account, "out").await?;
            let to = (account + 1) % self.accounts.len();
            let mut received = self.messages(to, "in").await?;
            let cursor = cursors.iter_mut().find(|(owner, _)| *owner == to);
            if let Some((_, cursor)) = cursor {
                self.updates(to, cursor, &received).await?;
            }
            for journal in journals.iter_mut().filter(|journal| journal.from == account) {
                self.compare_messages(journal, &mut sent, &mut received);
            }
            for (side, texts) in [("sent message", sent), ("received message", received)] {
                self.nothing_left(side, texts.into_iter().map(|(text, ids)| (text, ids.len())));
            }
        }
        for journal in &*journals {
            self.keys(journal).await?;
        }
        Ok(())
    }

    /// Sends the keys in doubt again whose effect is there already, and nothing else: the answers are
    /// acknowledgements although nothing is written for them.
    pub async fn repeat_what_is_there(&mut self, journals: &mut [Journal]) -> Result<(), String> {
        for account in 0..self.accounts.len() {
            let (contacts, sent) = (self.contacts(account).await?, self.messages(account, "out").await?);
            let is_there = |asked: &mut Asked| match &asked.op {
                Op::Add { name, .. } => asked.request.key.is_some() && contacts.contains_key(name),
                Op::Send { text } => asked.request.key.is_some() && sent.contains_key(text),
                Op::Note { .. } | Op::Remove { .. } => false,
            };
            for journal in journals.iter_mut().filter(|journal| journal.from == account) {
                if let Some(asked) = journal.doubt.take_if(is_there) {
                    let answer = self.send(&asked.request).await?;
                    journal.answered(asked, answer);
                }
            }
        }
        Ok(())
    }

    /// A request in doubt that has a key is sent again, which settles the doubt.
    async fn settle(&mut self, journal: &mut Journal) -> Result<(), String> {
        if let Some(asked) = journal.doubt.take_if(|asked| asked.request.key.is_some()) {
            let answer = self.send(&asked.request).await?;
            journal.answered(asked, answer);
            journal.odd.drain(..).for_each(|odd| self.findings.wrong(format!("after the restart: {odd}")));
        }
        Ok(())
    }

    /// Keys that were acknowledged must be answered as before, byte for byte. Last of all: a key that was lost
    /// would bring its effect back.
    async fn keys(&mut self, journal: &Journal) -> Result<(), String> {
        for (asked, first) in journal.keyed.iter().rev().take(KEYS) {
            let again = self.send(&asked.request).await?;
            if again != *first {
                self.findings.wrong(format!("{:?} has another answer than before: {}", asked.op, again.body));
            }
        }
        Ok(())
    }

    fn compare_contacts(&mut self, journal: &mut Journal, listed: &mut HashMap<String, Vec<Listed>>) {
        let doubt = journal.doubt.take_if(|asked| !matches!(asked.op, Op::Send { .. })).map(|asked| asked.op);
        for (at, contact) in journal.contacts.iter_mut().enumerate() {
            let found = listed.remove(&contact.name).unwrap_or_default();
            if found.len() > 1 {
                self.findings.repeated(format!("contact {} is there {} times", contact.name, found.len()));
            }
            self.compare_contact((at, contact), found.into_iter().next(), doubt.as_ref());
        }
        if let Some(Op::Add { name, .. }) = doubt
            && let Some(found) = listed.remove(&name)
        {
            if found.len() > 1 {
                self.findings.repeated(format!("contact {name} is there {} times", found.len()));
            }
            let made = found.into_iter().next();
            journal.contacts.extend(made.map(|(id, note)| Contact { id, name, note, there: true }));
        }
    }

    fn compare_contact(
        &mut self,
        (at, contact): (usize, &mut Contact),
        found: Option<Listed>,
        doubt: Option<&Op>,
    ) {
        let name = &contact.name;
        match found {
            None if !contact.there => {}
            None if doubt == Some(&Op::Remove { contact: at }) => contact.there = false,
            None => self.findings.lost(format!("contact {name}")),
            Some(_) if !contact.there => self.findings.lost(format!("the removal of contact {name}")),
            Some((id, _)) if id != contact.id => {
                self.findings.wrong(format!("contact {name} has id {id} instead of {}", contact.id));
            }
            Some((_, note)) if note == contact.note => {}
            Some((_, note)) => match doubt {
                Some(Op::Note { contact: other, note: new })
                    if *other == at && note.as_ref() == Some(new) =>
                {
                    contact.note = note;
                }
                _ => self.findings.lost(format!("contact {name}: {:?} instead of {note:?}", contact.note)),
            },
        }
    }

    /// A message is on both sides or on none.
    fn compare_messages(&mut self, journal: &mut Journal, sent: &mut Texts, received: &mut Texts) {
        for message in &journal.sent {
            let text = &message.text;
            let (mine, theirs) =
                (sent.remove(text).unwrap_or_default(), received.remove(text).unwrap_or_default());
            match (mine.as_slice(), theirs.len()) {
                ([], _) | (_, 0) => self.findings.lost(format!("message {text}")),
                ([id], 1) if *id == message.id => {}
                ([id], 1) => {
                    self.findings.wrong(format!("message {text} has id {id} instead of {}", message.id));
                }
                _ => self.findings.repeated(format!("message {text}")),
            }
        }
        let Some(Asked { op: Op::Send { text }, .. }) = journal.doubt.take() else { return };
        let (mine, theirs) =
            (sent.remove(&text).unwrap_or_default(), received.remove(&text).unwrap_or_default());
        match (mine.as_slice(), theirs.len()) {
            ([], 0) => {}
            ([id], 1) => journal.sent.push(Sent { text, id: *id }),
            (mine, theirs) => {
                let sides = format!("{} sent and {theirs} received", mine.len());
                self.findings.wrong(format!("message {text} in doubt is half there: {sides}"));
            }
        }
    }

    /// Reads the rest of the log: no gap, nothing confirmed again, and each received message exactly once.
    async fn updates(&mut self, account: usize, cursor: &mut Cursor, received: &Texts) -> Result<(), String> {
        let (low, high) = (cursor.confirmed, cursor.sent.max(cursor.confirmed));
        let mut offset = 0;
        loop {
            let body = json!({"offset": offset, "limit": 100, "timeout": 0});
            let token = &self.accounts[account].token;
            let request = Request::with_body("POST", token, "/v1/getUpdates", &body);
            let page = self.send(&request).await?.result().ok_or_else(|| unanswered(&request))?;
            if let Some(first) = page[0]["update_id"].as_i64().filter(|_| offset == 0) {
                if first < low {
                    self.findings.repeated(format!("update {first}, though {low} was confirmed"));
                } else if low > 0 && first != low && first != high {
                    self.findings.lost(format!("updates from {low} or {high} to {first}"));
                }
            }
            cursor.sent = cursor.sent.max(offset);
            offset = cursor.page(offset, &page);
            if page.as_array().is_none_or(Vec::is_empty) {
                if offset > 0 || high == 0 {
                    break;
                }
                // Nothing is left to show where the position is: from here on it is known.
                offset = high;
            }
        }
        cursor.odd.drain(..).for_each(|odd| self.findings.wrong(odd));
        let ids: Vec<i64> = cursor.seen.keys().copied().collect();
        for pair in ids.windows(2).filter(|pair| pair[1] != pair[0] + 1) {
            self.findings.wrong(format!("no update between {} and {}", pair[0], pair[1]));
        }
        let mut told: HashMap<&str, usize> = HashMap::new();
        for text in cursor.seen.values().flatten() {
            *told.entry(text).or_default() += 1;
        }
        for text in received.keys() {
            match told.remove(text.as_str()) {
                None => self.findings.lost(format!("the update of message {text}")),
                Some(1) => {}
                Some(times) => self.findings.repeated(format!("{times} updates of message {text}")),
            }
        }
        for text in told.keys() {
            self.findings.lost(format!("message {text}, of which an update told"));
        }
        Ok(())
    }

    fn nothing_left(&mut self, what: &str, left: impl Iterator<Item = (String, usize)>) {
        for (name, _) in left {
            self.findings.wrong(format!("{what} {name} is there, and nobody was told so"));
        }
    }

    /// The contacts that writers made, by name: accounts also have each other.
    async fn contacts(&mut self, account: usize) -> Result<HashMap<String, Vec<Listed>>, String> {
        let mut listed: HashMap<String, Vec<Listed>> = HashMap::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/v1/contacts?limit={PAGE}&cursor={cursor}");
            let request = Request::get(&self.accounts[account].token, path);
            let page = self.send(&request).await?.result().ok_or_else(|| unanswered(&request))?;
            for contact in page["contacts"].as_array().into_iter().flatten() {
                let name = contact["first_name"].as_str().unwrap_or_default();
                let id = contact["id"].as_i64().unwrap_or_default();
                if name.starts_with("t-") {
                    let note = contact["note"].as_str().map(str::to_owned);
                    listed.entry(name.to_owned()).or_default().push((id, note));
                }
            }
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return Ok(listed),
            }
        }
    }

    async fn messages(&mut self, account: usize, direction: &str) -> Result<Texts, String> {
        let mut texts = Texts::new();
        let mut after = 0;
        loop {
            let path = format!("/v1/messages?direction={direction}&order=asc&limit={PAGE}&after={after}");
            let request = Request::get(&self.accounts[account].token, path);
            let answer = self.send(&request).await?;
            let page: Vec<Value> = serde_json::from_str(&answer.body).map_err(|_| unanswered(&request))?;
            for message in &page {
                let text = message["text"].as_str().unwrap_or_default().to_owned();
                after = message["message_id"].as_i64().unwrap_or(i64::MAX);
                texts.entry(text).or_default().push(after);
            }
            if page.len() < PAGE {
                return Ok(texts);
            }
        }
    }

    async fn send(&mut self, request: &Request) -> Result<crate::http::Answer, String> {
        self.connection.send(request).await.map_err(|_| unanswered(request))
    }
}

/// Looks for damage in the file, beside the running server: a first connection would tidy up after the crash.
pub async fn file(path: &Path, findings: &mut Findings) {
    let path = path.to_owned();
    let looked = tokio::task::spawn_blocking(move || -> rusqlite::Result<String> {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
        let connection = rusqlite::Connection::open_with_flags(path, flags)?;
        connection.pragma_query_value(None, "integrity_check", |row| row.get(0))
    });
    match looked.await {
        Ok(Ok(said)) if said == "ok" => {}
        Ok(Ok(said)) => findings.wrong(format!("integrity_check: {said}")),
        Ok(Err(why)) => findings.wrong(format!("integrity_check: {why}")),
        Err(why) => findings.wrong(format!("integrity_check: {why}")),
    }
}

fn unanswered(request: &Request) -> String {
    format!("{} {} got no answer that can be read", request.verb, request.path)
}

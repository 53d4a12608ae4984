//! The load: writers that change things one after another, and one consumer of updates an account. Each
//! journals what was acknowledged to it before the cut and stops at the first thing it can't know.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;

use super::journal::{Asked, Cursor, Journal, Op};
use crate::http::{Connection, Lost, Request};
use crate::process::Account;
use crate::random::Random;

/// After a 503: the server is asked again soon, to see that it recovers.
const PAUSE: Duration = Duration::from_millis(20);

/// What all clients of a round share.
#[derive(Clone)]
pub struct Scene {
    pub address: SocketAddr,
    pub accounts: Arc<Vec<Account>>,
    /// Set before the power goes, or when the load is to end: what is answered later does not count.
    pub cut: Arc<AtomicBool>,
    /// Writes acknowledged in this round.
    pub acknowledged: Arc<AtomicU64>,
}

impl Scene {
    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }
}

/// Writes until the cut.
pub async fn write(scene: Scene, mut journal: Journal) -> Journal {
    let (mut random, mut connection) = (Random::new(), Connection::new(scene.address));
    while journal.doubt.is_none() && !scene.is_cut() {
        let asked = choose(&mut journal, &mut random, &scene.accounts);
        let answer = connection.send(&asked.request).await;
        // Looked at after the answer is here: what came before the cut began was on the disk before it.
        match answer {
            Err(Lost::Unsent) => break,
            Err(Lost::Unanswered) => journal.doubt = Some(asked),
            Ok(_) if scene.is_cut() => journal.doubt = Some(asked),
            Ok(answer) => {
                let refused = answer.status == 503;
                journal.answered(asked, answer);
                scene.acknowledged.fetch_add(u64::from(!refused), Ordering::Relaxed);
                if refused {
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
    journal
}

/// Consumes updates until the cut, confirming each page with the next call.
pub async fn poll(scene: Scene, (account, mut cursor): (usize, Cursor)) -> (usize, Cursor) {
    let token = &scene.accounts[account].token;
    let mut connection = Connection::new(scene.address);
    let mut next = cursor.confirmed;
    while !scene.is_cut() {
        let body = json!({"offset": next, "limit": 100, "timeout": 1});
        cursor.sent = cursor.sent.max(next);
        let asked = connection.send(&Request::with_body("POST", token, "/v1/getUpdates", &body)).await;
        let Ok(answer) = asked else { break };
        if scene.is_cut() {
            break;
        }
        match answer.result() {
            Some(page) => next = cursor.page(next, &page),
            None if answer.is_proper_503() => tokio::time::sleep(PAUSE).await,
            None => {
                cursor.odd.push(format!("getUpdates was answered with {} {}", answer.status, answer.body));
            }
        }
    }
    (account, cursor)
}

/// Half of the writes that may have a key have one.
fn choose(journal: &mut Journal, random: &mut Random, accounts: &[Account]) -> Asked {
    let there: Vec<usize> = (0..journal.contacts.len()).filter(|&at| journal.contacts[at].there).collect();
    let kind = random.below(100);
    let name = journal.unique();
    let key = (random.below(2) == 0).then(|| format!("key-{name}"));
    if kind >= 65 && !there.is_empty() {
        let contact = there[random.below(there.len() as u64) as usize];
        let op = if kind < 90 { Op::Note { contact, note: name } } else { Op::Remove { contact } };
        return journal.ask(op, accounts, None);
    }
    if kind < 40 {
        return journal.ask(Op::Send { text: name }, accounts, key);
    }
    let phone = journal.phone().filter(|_| random.below(8) == 0);
    journal.ask(Op::Add { name, phone }, accounts, key)
}

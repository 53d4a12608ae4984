//! What a webhook's receiver was sent, counted as it comes: what each chat waits for, what came again, what
//! came too soon. Kept by `stress`; messages of a chat are numbered from 0 in their texts.

use std::collections::HashMap;

use super::hook::{Do, Seen};

/// The books of one receiver.
#[derive(Default)]
pub struct Ledger {
    /// The number that each chat waits for.
    next: HashMap<i64, i64>,
    tally: Tally,
}

/// The sums.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub chats: usize,
    pub tries: usize,
    pub refused: usize,
    pub held: usize,
    pub broken: usize,
    /// Messages that were accepted, each counted once.
    pub delivered: i64,
    /// Acceptances of what had been accepted before.
    pub repeated: i64,
    /// Messages that came before their turn, the first few of them.
    pub disordered: Vec<String>,
}

impl Ledger {
    /// Notes a request and what will be done with it.
    pub fn note(&mut self, seen: &Seen, act: &Do) {
        let next = self.next.entry(seen.chat).or_default();
        let number = seen.text.parse::<i64>();
        if !number.as_ref().is_ok_and(|number| number <= next) && self.tally.disordered.len() < 10 {
            self.tally.disordered.push(format!("{:?} for {next} in {}", seen.text, seen.chat));
        }
        self.tally.tries += 1;
        match act {
            Do::Say(200..300, ..) if number.as_ref() == Ok(next) => {
                *next += 1;
                self.tally.delivered += 1;
            }
            Do::Say(200..300, ..) => self.tally.repeated += 1,
            Do::Say(..) => self.tally.refused += 1,
            Do::Later(..) | Do::After(_) => self.tally.held += 1,
            Do::Reset => self.tally.broken += 1,
        }
        self.tally.chats = self.next.len();
    }

    pub fn tally(&self) -> Tally {
        self.tally.clone()
    }
}

//! How long a search takes: by the beginning of a name, a part of one, one and two characters, and in the scripts
//! that are folded or written without spaces. One caller at a time, so that it is the latency and not the queue.

use std::time::Duration;

use super::Operation;
use crate::Failed;
use crate::client;
use crate::client::Client;
use crate::load::{Load, drive};
use crate::process::CpuMark;
use crate::report::{Report, Round};
use crate::stage::Stage;

/// What is looked for, and how the row is called. All occur in the names and texts that `fill` makes.
const CONTACTS: [(&str, &str); 8] = [
    ("prefix", "vander"),
    ("infix", "enquis"),
    ("two words", "grace stein"),
    ("number", "0004711"),
    ("1 character", "q"),
    ("2 characters", "qu"),
    ("Cyrillic", "шевч"),
    ("Chinese", "建国"),
];
const MESSAGES: [(&str, &str); 3] =
    [("message word", "invoice"), ("message Cyrillic", "встреча"), ("message Chinese", "会议")];

pub fn measure(stage: &Stage, report: &mut Report) -> Result<(), Failed> {
    let server = stage.server(stage.size())?;
    let (process, address) = (server.process.id(), server.process.address);
    let root = format!("/bot{}", server.set.sender.token);
    let found = |resource: &str, word: &str| format!("{root}/{resource}?limit=20&q={}", encoded(word));
    let contacts = CONTACTS.iter().map(|(name, word)| (*name, found("contacts", word)));
    let messages = MESSAGES.iter().map(|(name, word)| (*name, found("messages", word)));
    let has_messages = stage.settings.messages > 0;
    let mut entries = Vec::new();
    for (name, path) in contacts.chain(messages.filter(|_| has_messages)) {
        let mut request = Vec::new();
        client::get(&mut request, &path);
        Client::connect(address)?.ask(&request)?;
        stage.wait_until_quiet();
        let before = CpuMark::of(process);
        let mut next = |out: &mut Vec<u8>| out.extend_from_slice(&request);
        let length = Duration::from_secs_f64(stage.settings.length().as_secs_f64().min(3.0));
        let done = drive(&mut Load { address, connections: 1, length, status: 200, next: &mut next })?;
        let cpu_ns = CpuMark::of(process).since(&before) as f64;
        entries.push((
            name.to_owned(),
            vec![Round {
                per_second: Some(done.per_second()),
                p50_us: Some(done.quantile(0.5)),
                p99_us: Some(done.quantile(0.99)),
                cpu_us: Some(cpu_ns / 1000.0 / done.answers.max(1) as f64),
                ..Round::default()
            }],
        ));
    }
    server.stop()?;
    report.add(Operation::Search, entries, &[]);
    Ok(())
}

/// A word as a query string writes it.
fn encoded(word: &str) -> String {
    word.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fill::names;

    #[test]
    fn words_of_other_scripts_are_written_in_percent() {
        assert_eq!(encoded("a 建"), "a%20%E5%BB%BA");
    }

    #[test]
    fn what_is_looked_for_is_there() {
        let people: Vec<String> = (0..200_000)
            .map(names::somebody)
            .map(|who| format!("{} {} {}", who.first_name, who.last_name, who.phone_number).to_lowercase())
            .collect();
        for (name, word) in CONTACTS {
            let words: Vec<&str> = word.split(' ').collect();
            let found = people.iter().any(|person| words.iter().all(|word| person.contains(word)));
            assert!(found, "{name}");
        }
        for (name, word) in MESSAGES {
            assert!((0..2000).any(|number| names::text(number).contains(word)), "{name}");
        }
    }
}

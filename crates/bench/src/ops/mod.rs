//! The operations: what each asks, of whom, and which ratio is the goal. `steady` holds those that are asked
//! over and over, `relay` those of a gateway, `search`, `wake`, `idle` and `start` those with
//! figures of their own. Called by `run`.

mod idle;
mod relay;
mod search;
mod start;
mod steady;
mod wake;

use clap::ValueEnum;

use crate::Failed;
use crate::report::Report;
use crate::stage::Stage;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Operation {
    /// One contact by its id
    Get,
    /// A page of 50 behind a cursor, at any depth
    List,
    /// A page of 50 at an offset, at any depth
    Offset,
    /// A new contact
    Post,
    /// A message from one account to another
    Send,
    /// getUpdates with nothing new
    Updates,
    /// Contacts and messages by words and parts of words, one caller at a time
    Search,
    /// From a send to the answer of a waiting getUpdates
    Wake,
    /// Memory of 10,000 waiting getUpdates
    Idle,
    /// From the start of the process to its first answer, and memory at rest
    Start,
    /// A method that a gateway passes on, and keeps nothing of
    Pass,
    /// A sendMessage that a gateway passes on and keeps
    Record,
    /// One request at a time through a gateway
    Hop,
    /// Memory and processor time of 1,000 bots that wait
    Bots,
    /// Memory of eight downloads of 50 MiB
    File,
}

impl Operation {
    pub fn name(self) -> &'static str {
        match self {
            Operation::Get => "get",
            Operation::List => "list",
            Operation::Offset => "offset",
            Operation::Post => "post",
            Operation::Send => "send",
            Operation::Updates => "updates",
            Operation::Search => "search",
            Operation::Wake => "wake",
            Operation::Idle => "idle",
            Operation::Start => "start",
            Operation::Pass => "pass",
            Operation::Record => "record",
            Operation::Hop => "hop",
            Operation::Bots => "bots",
            Operation::File => "file",
        }
    }
}

/// All operations in their order.
pub fn all() -> Vec<Operation> {
    Operation::value_variants().to_vec()
}

/// Measures one operation.
pub fn measure(operation: Operation, stage: &Stage, report: &mut Report) -> Result<(), Failed> {
    eprintln!("measuring {}", operation.name());
    match operation {
        Operation::Search => search::measure(stage, report),
        Operation::Wake => wake::measure(stage, report),
        Operation::Idle => idle::measure(stage, report),
        Operation::Start => start::measure(stage, report),
        Operation::Pass | Operation::Record | Operation::Hop | Operation::Bots | Operation::File => {
            relay::measure(operation, stage, report)
        }
        steady => steady::measure(steady, stage, report),
    }
}

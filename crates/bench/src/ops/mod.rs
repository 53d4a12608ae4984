//! The operations: what each asks, of whom, and which ratio is the goal. `steady` holds those that are asked
//! over and over, `search`, `wake`, `idle` and `start` those with
//! figures of their own. Called by `run`.

mod idle;
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
        steady => steady::measure(steady, stage, report),
    }
}

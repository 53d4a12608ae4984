//! Signals: the first SIGTERM or SIGINT asks the server to finish, the second ends the process at once.
//! Called by `serve`. It never waits for anything but signals.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::supervisor;

/// What a shell reports for a process ended by SIGINT.
const INTERRUPTED: i32 = 130;

/// A token that is cancelled by the first signal.
///
/// # Errors
/// The operating system refuses to deliver signals.
pub fn on_signal() -> io::Result<CancellationToken> {
    let mut signals =
        Signals { term: signal(SignalKind::terminate())?, int: signal(SignalKind::interrupt())? };
    let token = CancellationToken::new();
    let asked = token.clone();
    tokio::spawn(async move {
        let name = signals.next().await;
        tracing::info!(signal = name, "stopping; a second signal ends at once");
        asked.cancel();
        supervisor::stopping();
        let name = signals.next().await;
        tracing::warn!(signal = name, "ended before requests in progress were answered");
        std::process::exit(INTERRUPTED);
    });
    Ok(token)
}

struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.term.recv() => "SIGTERM",
            _ = self.int.recv() => "SIGINT",
        }
    }
}

//! A sign of life for whatever takes longer than a second. Called by the commands. It writes to standard
//! error, only to a terminal, and leaves nothing behind.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(200);

/// Waits for `work`; after a second says what is being done and for how long.
pub async fn during<T>(what: &str, work: impl Future<Output = T>) -> T {
    if !std::io::stderr().is_terminal() {
        return work.await;
    }
    let mut work = std::pin::pin!(work);
    let started = Instant::now();
    if let Ok(done) = tokio::time::timeout(PATIENCE, work.as_mut()).await {
        return done;
    }
    loop {
        show(&format!("{what} … {} s", started.elapsed().as_secs()));
        if let Ok(done) = tokio::time::timeout(STEP, work.as_mut()).await {
            show("");
            return done;
        }
    }
}

fn show(text: &str) {
    let mut terminal = std::io::stderr().lock();
    // Back to the line's start, and clear it.
    let _ = write!(terminal, "\r\x1b[K{text}").and_then(|()| terminal.flush());
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn the_result_is_handed_through() {
        assert_eq!(super::during("Counting", async { 7 }).await, 7);
    }
}

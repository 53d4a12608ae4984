//! A caller's closure and the caller who waits for it: what both engines run. It knows what keeps a
//! transaction and what undoes it, and turns panics into errors. It never touches a connection.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use crate::{R, StoreError, Tx};

/// What the engine shall do with what the closure wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Keep,
    Undo,
}

/// One closure waiting in a queue. It may run more than once: only the last outcome counts.
pub(crate) trait Job: Send {
    /// Runs the closure and remembers its outcome.
    fn run(&mut self, tx: &mut dyn Tx) -> Verdict;

    /// Tells the caller: the remembered outcome, or `fate` where the transaction itself failed.
    fn answer(self: Box<Self>, fate: R<()>);

    /// Whether the caller has stopped waiting.
    fn gone(&self) -> bool;
}

/// The closure `f` with the way back to its caller.
pub(crate) struct Call<T, E, F> {
    f: F,
    outcome: Option<Result<T, E>>,
    caller: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Call<T, E, F> {
    pub(crate) fn new(f: F) -> (Self, oneshot::Receiver<Result<T, E>>) {
        let (caller, answer) = oneshot::channel();
        (Call { f, outcome: None, caller }, answer)
    }
}

impl<T, E, F> Job for Call<T, E, F>
where
    T: Send,
    E: From<StoreError> + Send,
    F: Fn(&mut dyn Tx) -> Result<T, E> + Send,
{
    fn run(&mut self, tx: &mut dyn Tx) -> Verdict {
        let outcome = guarded(tx, &self.f);
        let verdict = if outcome.is_ok() { Verdict::Keep } else { Verdict::Undo };
        self.outcome = Some(outcome);
        verdict
    }

    fn answer(self: Box<Self>, fate: R<()>) {
        let result = match (fate, self.outcome) {
            (Err(error), _) => Err(error.into()),
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(StoreError::Closed.into()),
        };
        // A caller who stopped waiting meanwhile is none of the store's business.
        let _ = self.caller.send(result);
    }

    fn gone(&self) -> bool {
        self.caller.is_closed()
    }
}

/// Runs a closure so that neither a panic nor a swallowed SQL error passes for success.
pub(crate) fn guarded<T, E: From<StoreError>>(
    tx: &mut dyn Tx,
    f: &impl Fn(&mut dyn Tx) -> Result<T, E>,
) -> Result<T, E> {
    let outcome = catch_unwind(AssertUnwindSafe(|| f(&mut *tx))).unwrap_or_else(|_| {
        tracing::error!("an operation of the store panicked; nothing of it is kept");
        Err(StoreError::Panic.into())
    });
    match tx.broken() {
        Some(error) if outcome.is_ok() => Err(error.clone().into()),
        _ => outcome,
    }
}

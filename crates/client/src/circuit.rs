//! The circuit breaker of one client, which many calls share and anybody may watch. Asked by the sending loop before each
//! try and told after it. The rules are `contactgram_resilience::breaker`'s.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use contactgram_resilience::breaker::{Breaker, BreakerOptions, Pass, Phase, Refused, Verdict};
use contactgram_resilience::entropy;
use tokio::sync::watch;

#[derive(Debug)]
pub(crate) struct Circuit {
    breaker: Mutex<Breaker>,
    phase: watch::Sender<Phase>,
}

/// Leave for one try. Dropped without a verdict, since its caller gave up, it says nothing of the server.
pub(crate) struct Admitted {
    circuit: Arc<Circuit>,
    pass: Option<Pass>,
}

impl Circuit {
    pub fn new(options: BreakerOptions) -> Circuit {
        Circuit { breaker: Mutex::new(Breaker::new(options)), phase: watch::Sender::new(Phase::Closed) }
    }

    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    pub fn watch(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    pub fn admit(self: &Arc<Self>) -> Result<Admitted, Refused> {
        let pass = self.change(|breaker, now| breaker.admit(now))?;
        Ok(Admitted { circuit: Arc::clone(self), pass: Some(pass) })
    }

    fn change<T>(&self, change: impl FnOnce(&mut Breaker, Instant) -> T) -> T {
        let now = tokio::time::Instant::now().into_std();
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut breaker, now);
        let phase = breaker.phase();
        // While it is locked, so that changes are told in their order.
        let is_new = self.phase.send_if_modified(|told| std::mem::replace(told, phase) != phase);
        drop(breaker);
        if is_new {
            tracing::warn!(breaker.state = ?phase, "circuit breaker");
        }
        changed
    }
}

impl Admitted {
    pub fn report(mut self, verdict: Verdict) {
        if let Some(pass) = self.pass.take() {
            self.circuit.change(|breaker, now| breaker.report(pass, verdict, now, entropy()));
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if let Some(pass) = self.pass.take() {
            self.circuit.change(|breaker, now| breaker.cancel(pass, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken() -> Arc<Circuit> {
        let options = BreakerOptions { failures_in_a_row: 2, ..BreakerOptions::default() };
        let circuit = Arc::new(Circuit::new(options));
        for _ in 0..2 {
            circuit.admit().expect("closed").report(Verdict::Failed);
        }
        circuit
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_watches_sees_it_open_probe_and_close() {
        let circuit = broken();
        let mut seen = circuit.watch();
        assert_eq!(*seen.borrow_and_update(), Phase::Open);
        let wait = circuit.admit().err().expect("open").retry_after;
        tokio::time::advance(wait).await;
        let probe = circuit.admit().expect("its wait is over");
        assert_eq!(*seen.borrow_and_update(), Phase::HalfOpen);
        assert!(circuit.admit().is_err());
        probe.report(Verdict::Healthy);
        assert_eq!((*seen.borrow_and_update(), circuit.phase()), (Phase::Closed, Phase::Closed));
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_its_caller_gave_up_leaves_its_turn_to_the_next() {
        let circuit = broken();
        tokio::time::advance(circuit.admit().err().expect("open").retry_after).await;
        drop(circuit.admit().expect("the probe"));
        assert!(circuit.admit().is_ok());
    }
}

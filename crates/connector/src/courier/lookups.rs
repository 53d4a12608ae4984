//! Looks names up for all webhooks together, so that names whose servers don't answer hold up no others.
//! Wrapped around the system's resolver by the courier. The system's resolver takes a blocking thread for as
//! long as it likes, whatever became of who asked; those threads also serve the rest of the process. It keeps
//! no answer: who asks after one has come asks anew.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, watch};

use super::resolver::Lookup;

/// Names looked up at a time: a share of the runtime's 512 blocking threads that the others don't miss.
const AT_A_TIME: usize = 64;

type Found = Result<Vec<IpAddr>, (io::ErrorKind, String)>;

/// Lookups under way, by name.
struct Lookups {
    inner: Lookup,
    places: Semaphore,
    under_way: Mutex<HashMap<String, watch::Receiver<Option<Found>>>>,
}

/// The same lookup with two bounds: one at a time for a name, and not too many names at a time.
pub(super) fn shared(inner: Lookup) -> Lookup {
    let lookups = Arc::new(Lookups { inner, places: Semaphore::new(AT_A_TIME), under_way: Mutex::default() });
    Arc::new(move |name| {
        let answer = lookups.answer(name);
        Box::pin(wait(answer)) as Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>
    })
}

async fn wait(mut answer: watch::Receiver<Option<Found>>) -> io::Result<Vec<IpAddr>> {
    let failed = |_| io::Error::other("the lookup was given up");
    let found = answer.wait_for(Option::is_some).await.map_err(failed)?.clone();
    found.unwrap_or_else(|| Ok(Vec::new())).map_err(|(kind, words)| io::Error::new(kind, words))
}

impl Lookups {
    /// Where the answer will be: that of a lookup under way, or of a new one.
    fn answer(self: &Arc<Self>, name: String) -> watch::Receiver<Option<Found>> {
        let mut under_way = self.lock();
        if let Some(answer) = under_way.get(&name) {
            return answer.clone();
        }
        let (tell, answer) = watch::channel(None);
        under_way.insert(name.clone(), answer.clone());
        drop(under_way);
        let lookups = Arc::clone(self);
        // A task of its own: whoever asked may stop waiting, the thread that asks the system doesn't.
        tokio::spawn(async move {
            let _leaving = Leaving { lookups: &lookups, name: &name };
            let _place = lookups.places.acquire().await;
            let found = (lookups.inner)(name.clone()).await;
            // Nobody may be waiting any more.
            let _ = tell.send(Some(found.map_err(|error| (error.kind(), error.to_string()))));
        });
        answer
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Receiver<Option<Found>>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Strikes a lookup off, also when it ends in a panic or with the runtime.
struct Leaving<'a> {
    lookups: &'a Lookups,
    name: &'a str,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.lookups.lock().remove(self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Answers with the number of the call, when there is a permit; names that begin with `dead` never.
    fn counting(go: &Arc<Semaphore>) -> (Lookup, Arc<AtomicUsize>) {
        let calls = Arc::new(AtomicUsize::new(0));
        let (go, counter) = (Arc::clone(go), Arc::clone(&calls));
        let lookup: Lookup = Arc::new(move |name: String| {
            let number = counter.fetch_add(1, Ordering::SeqCst) as u8;
            let go = Arc::clone(&go);
            Box::pin(async move {
                if name.starts_with("dead") {
                    std::future::pending::<()>().await;
                }
                go.acquire().await.unwrap().forget();
                match name.starts_with("lost") {
                    true => Err(io::Error::new(io::ErrorKind::NotFound, "no such name")),
                    false => Ok(vec![IpAddr::from([1, 1, 1, number])]),
                }
            })
        });
        (lookup, calls)
    }

    #[tokio::test]
    async fn those_who_ask_for_a_name_together_share_one_lookup_and_later_ones_do_not() {
        let go = Arc::new(Semaphore::new(0));
        let (lookup, calls) = counting(&go);
        let lookup = shared(lookup);
        let (one, two) = (lookup("a.example".into()), lookup("a.example".into()));
        go.add_permits(1);
        let (one, two) = tokio::join!(one, two);
        assert_eq!((one.unwrap(), two.unwrap()), (vec![[1, 1, 1, 0].into()], vec![[1, 1, 1, 0].into()]));
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        go.add_permits(1);
        assert_eq!(
            lookup("a.example".into()).await.unwrap(),
            [IpAddr::from([1, 1, 1, 1])],
            "no answer is kept"
        );
    }

    #[tokio::test]
    async fn a_lookup_goes_on_when_the_first_who_asked_goes_away() {
        let go = Arc::new(Semaphore::new(0));
        let (lookup, calls) = counting(&go);
        let lookup = shared(lookup);
        let first = lookup("a.example".into());
        let second = lookup("a.example".into());
        drop(first);
        go.add_permits(1);
        assert!(second.await.is_ok());
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn every_waiter_hears_why_a_lookup_failed() {
        let (lookup, _) = counting(&Arc::new(Semaphore::new(9)));
        let lookup = shared(lookup);
        let (one, two) = tokio::join!(lookup("lost.example".into()), lookup("lost.example".into()));
        for error in [one.unwrap_err(), two.unwrap_err()] {
            assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::NotFound, "no such name"));
        }
    }

    #[tokio::test]
    async fn a_dead_name_takes_one_place_however_many_deliveries_wait_for_it() {
        let (lookup, calls) = counting(&Arc::new(Semaphore::new(9)));
        let lookup = shared(lookup);
        let waiting: Vec<_> = (0..1000).map(|_| tokio::spawn(lookup("dead.example".into()))).collect();
        tokio::task::yield_now().await;
        assert!(lookup("alive.example".into()).await.is_ok());
        assert_eq!(calls.load(Ordering::SeqCst), 2);
        waiting.iter().for_each(tokio::task::JoinHandle::abort);
    }

    #[tokio::test]
    async fn no_more_names_are_looked_up_at_a_time_than_there_are_places() {
        let (lookup, calls) = counting(&Arc::new(Semaphore::new(9)));
        let lookup = shared(lookup);
        let waiting: Vec<_> =
            (0..AT_A_TIME + 50).map(|n| tokio::spawn(lookup(format!("dead{n}.example")))).collect();
        for _ in 0..AT_A_TIME + 50 {
            tokio::task::yield_now().await;
        }
        assert_eq!(calls.load(Ordering::SeqCst), AT_A_TIME);
        waiting.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

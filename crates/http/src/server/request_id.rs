//! The name of one request in answers and logs.
//! The door's middleware calls it once a request; the server itself for answers that no handler gives.
//! It never trusts a caller's id further than its own alphabet and length.

use std::cell::RefCell;
use std::mem::swap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use http::{HeaderName, HeaderValue};
use pin_project_lite::pin_project;

pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The caller's id when it is 1–128 visible ASCII characters without quotes, else 32 random hexadecimal digits.
/// The result shares no memory with the request, so a kept id keeps no buffer alive.
pub fn request_id(incoming: Option<&HeaderValue>) -> HeaderValue {
    incoming
        .map(HeaderValue::as_bytes)
        .filter(|id| is_sane(id))
        .and_then(|id| HeaderValue::from_bytes(id).ok())
        .unwrap_or_else(fresh)
}

/// What `future` logs can be told to be this request's: see [`in_hand`]. A span would do the same for the
/// price of a registry entry with every request, most of which log nothing.
pub fn named<F: Future>(id: &mut HeaderValue, future: F) -> Named<'_, F> {
    Named { id, future }
}

/// Shows `f` the id of the request that this thread is working for, if it is working for one.
pub fn in_hand<R>(f: impl FnOnce(Option<&str>) -> R) -> R {
    IN_HAND.with_borrow(|id| f(id.to_str().ok().filter(|id| !id.is_empty())))
}

pin_project! {
    /// See [`named`].
    pub struct Named<'a, F> {
        id: &'a mut HeaderValue,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Named<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _taken = Taken::new(this.id);
        this.future.poll(cx)
    }
}

thread_local! {
    static IN_HAND: RefCell<HeaderValue> = const { RefCell::new(HeaderValue::from_static("")) };
}

/// While this lives, the id is in hand; afterwards it is back in its place, whatever happened.
struct Taken<'a>(&'a mut HeaderValue);

impl<'a> Taken<'a> {
    fn new(id: &'a mut HeaderValue) -> Self {
        IN_HAND.with_borrow_mut(|in_hand| swap(in_hand, id));
        Taken(id)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        IN_HAND.with_borrow_mut(|in_hand| swap(in_hand, self.0));
    }
}

fn is_sane(id: &[u8]) -> bool {
    const LONGEST: usize = 128;
    (1..=LONGEST).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`'))
}

fn fresh() -> HeaderValue {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 2 * ID_BYTES];
    for (pair, byte) in text.chunks_exact_mut(2).zip(random()) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    HeaderValue::from_bytes(&text).expect("hexadecimal digits are a valid header value")
}

const ID_BYTES: usize = 16;
const POOL_IDS: usize = 32;

/// Random bytes fetched for many ids at a time: the system call would cost more than the rest of an id.
struct Pool {
    bytes: [u8; ID_BYTES * POOL_IDS],
    used: usize,
}

thread_local! {
    static POOL: RefCell<Pool> =
        const { RefCell::new(Pool { bytes: [0; ID_BYTES * POOL_IDS], used: ID_BYTES * POOL_IDS }) };
}

fn random() -> [u8; ID_BYTES] {
    POOL.with_borrow_mut(|pool| {
        if pool.used == pool.bytes.len() {
            if getrandom::fill(&mut pool.bytes).is_err() {
                return counted();
            }
            pool.used = 0;
        }
        let mut id = [0; ID_BYTES];
        id.copy_from_slice(&pool.bytes[pool.used..pool.used + ID_BYTES]);
        pool.used += ID_BYTES;
        id
    })
}

/// An id names, it protects nothing: without a source of randomness, unique in this process is better than none.
fn counted() -> [u8; ID_BYTES] {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    u128::from(COUNT.fetch_add(1, Ordering::Relaxed)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn given(text: &str) -> HeaderValue {
        request_id(Some(&HeaderValue::from_bytes(text.as_bytes()).unwrap()))
    }

    #[test]
    fn a_sane_id_is_the_callers() {
        let longest = "x".repeat(128);
        for id in ["a", "req-42/7:b_{z}", "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", &longest] {
            assert_eq!(given(id), *id);
        }
    }

    #[test]
    fn an_id_that_could_confuse_a_log_is_replaced() {
        let too_long = "x".repeat(129);
        for id in ["", "a b", "a\tb", "say\"it", "say'it", "caf\u{e9}", &too_long] {
            let fresh = given(id);
            assert_ne!(fresh, *id);
            assert!(fresh.as_bytes().iter().all(u8::is_ascii_hexdigit));
            assert_eq!(fresh.len(), 32);
        }
    }

    #[tokio::test]
    async fn a_request_is_in_hand_while_it_is_worked_on_and_only_then() {
        let seen = || in_hand(|id| id.map(str::to_owned));
        let (mut one, mut two) = (given("one"), given("two"));
        let work = async {
            let before = seen();
            tokio::task::yield_now().await;
            (before, seen())
        };
        let (first, second) = tokio::join!(named(&mut one, work), named(&mut two, async { seen() }));
        assert_eq!(first, (Some("one".to_owned()), Some("one".to_owned())));
        assert_eq!((second, seen()), (Some("two".to_owned()), None));
        assert_eq!((one, two), (given("one"), given("two")));
    }

    #[test]
    fn a_panic_leaves_no_request_in_hand() {
        let mut id = given("one");
        let crash = std::panic::AssertUnwindSafe(|| {
            let _taken = Taken::new(&mut id);
            panic!("as told");
        });
        assert!(std::panic::catch_unwind(crash).is_err());
        assert_eq!(in_hand(|id| id.map(str::to_owned)), None);
    }

    #[test]
    fn fresh_ids_do_not_repeat_across_refills_of_the_pool() {
        let ids: HashSet<_> = (0..10 * POOL_IDS).map(|_| request_id(None)).collect();
        assert_eq!(ids.len(), 10 * POOL_IDS);
    }

    #[test]
    fn ids_without_randomness_are_still_distinct() {
        assert_ne!(counted(), counted());
    }
}

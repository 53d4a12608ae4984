//! The name of one request in answers and logs.
//! The door's middleware calls it once a request; the server itself for answers that no handler gives.
//! It never trusts a caller's id further than its own alphabet and length.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderName, HeaderValue};

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

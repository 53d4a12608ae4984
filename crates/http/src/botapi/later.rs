//! Sends that go out later: `Prefer: respond-async` (RFC 7240) or `send_at` on a method that sends puts it into the outbox,
//! and the answer is its entry. Here too is who runs such a method for an account of the local connector when its time has
//! come.

use super::{chat_id, find, recipient, run};
use crate::call::Asked;
use crate::reply::{self, Failure, Reply, bad};
use contactgram_hub::{Caller, ChatRef, Hub, Later, LocalCall, LocalRefusal, Once};
use contactgram_wire::params::Params;
use http::HeaderMap;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Whether the caller would rather hear at once that something was taken than later that it was done.
pub(crate) fn is_preferred(headers: &HeaderMap) -> bool {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    preferences
        .flat_map(|value| value.split(','))
        .any(|one| one.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("respond-async"))
}

/// Whether the parameters name a time.
pub(crate) fn is_scheduled(params: &Params) -> bool {
    params.text("send_at").is_some_and(|text| !text.is_empty())
}

/// Puts a call of a method into the outbox.
pub(super) async fn queue(asked: Asked, method: &str) -> Reply {
    let chat = match method.eq_ignore_ascii_case("sendmessage") {
        true => recipient(&asked).await?,
        false => chat_id(&asked.params, "chat_id")?,
    };
    queue_to(asked, (method, chat)).await
}

/// The same where the route says where to.
pub(crate) async fn queue_to(asked: Asked, (method, chat): (&str, ChatRef)) -> Reply {
    let permit = asked.permit()?;
    if let Some(file) = asked.params.files().first() {
        return Err(bad(format!(
            "{} is an uploaded file: what is sent later can name files by their file_id or address alone",
            file.name
        )));
    }
    let send_at = asked.params.whole("send_at", 0..=i64::MAX)?;
    let mut params = asked.params.object();
    params.remove("send_at");
    if method.eq_ignore_ascii_case("sendmessage") {
        params.remove("contact_id");
        params.remove("phone_number");
    }
    let once = asked.once.clone().map(|once| Once { fingerprint: later(&once.fingerprint), ..once });
    let later = Later { method: method.to_owned(), params, chat, send_at };
    Ok(reply::done(asked.hub().queue(&permit, later, once).await?))
}

/// Lets the outbox run methods of the local connector.
pub(crate) fn run_outbox(hub: &Arc<Hub>) {
    let weak = Arc::downgrade(hub);
    hub.run_local_with(Arc::new(move |caller: Caller, call: LocalCall| {
        let (hub, entry) = (weak.upgrade(), find(&call.method));
        Box::pin(async move {
            let done = match (hub, entry) {
                (Some(hub), Some(entry)) => {
                    let params = Params::from_iter(call.params);
                    run(entry, Asked { hub, caller, params, once: Some(call.once), uploads: Vec::new() })
                        .await
                }
                _ => Err(Failure::NoMethod),
            };
            done.map_err(|failure| {
                let (code, text, retry_after) = failure.told();
                LocalRefusal { code, text, retry_after }
            })
        })
    }));
}

/// The same request is another one when it is to be done later.
fn later(fingerprint: &[u8; 32]) -> [u8; 32] {
    Sha256::new_with_prefix(fingerprint).chain_update(b"later").finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preference_is_found_among_others_in_any_case() {
        let asks = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("prefer", value.parse().unwrap());
            }
            is_preferred(&headers)
        };
        assert!(asks(&["respond-async"]) && asks(&["return=minimal, Respond-Async; foo=1"]));
        assert!(asks(&["wait=10", "respond-async"]));
        assert!(!asks(&[]) && !asks(&["respond-asynchronously"]) && !asks(&["wait=10"]));
    }
}

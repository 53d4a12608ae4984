//! Methods of a bot that lives on a Bot API server: passed through to it, whatever they are called, and answered with what
//! it says, byte for byte. What sends waits for its turn; answers to what sends, edits or deletes are read on the way and
//! kept. Only what this server does itself (updates, webhooks, contacts, history) stays here.

mod fingerprint;
mod go;
mod upload;

use super::{OURS, later};
use crate::call::{Asked, Call, route};
use crate::reply::{self, Body, Failure, Reply};
use crate::server::read_body;
use contactgram_connector::bot::{MOST_BUFFERED, PassBody, PassError, Why};
use contactgram_hub::{Caller, Error, Gateway, Hub, Known, Once, Passing, REUSED, ReplyCall, sends};
use contactgram_model::scope::Scope;
use contactgram_wire::params::{Params, upload_boundary};
pub(crate) use fingerprint::Sum;
use go::{Going, Outgoing};
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Request};
use http_body_util::Either;
use hyper::body::Body as _;
use serde_json::Value;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use upload::Upload;

/// The headers that speak to this server and to no upstream.
const OURS_ALONE: [&str; 3] = ["idempotency-key", "x-flood-control", "prefer"];

/// What a method takes of a credential, by what its name says it does. Whoever may do everything may do those that
/// nobody knows yet.
pub(crate) fn needs(method: &str) -> &'static [Scope] {
    const ACTS: [&str; 12] = [
        "send",
        "forward",
        "copy",
        "edit",
        "deletemessage",
        "answer",
        "stop",
        "pin",
        "unpin",
        "setmessagereaction",
        "react",
        "leavechat",
    ];
    match method {
        "getme" => &[],
        "getfile" | "getuserprofilephotos" => &[Scope::MessagesRead],
        _ if method.starts_with("get") => &[Scope::MessagesRead, Scope::ContactsPrivate],
        "sendcontact" => &[Scope::MessagesSend, Scope::ContactsPrivate],
        // The answer, or whoever gets it, is told what the message says.
        _ if method.starts_with("forward") || method.starts_with("copy") => {
            &[Scope::MessagesSend, Scope::MessagesRead]
        }
        _ if ACTS.iter().any(|begin| method.starts_with(begin)) => &[Scope::MessagesSend],
        _ => &[Scope::AccountManage],
    }
}

/// Whether what a method answers is kept.
fn is_kept(method: &str) -> bool {
    ["send", "forward", "copy", "edit", "deletemessage", "stop"].iter().any(|begin| method.starts_with(begin))
}

/// Passes a request through.
pub(super) async fn through(call: Call, gateway: Arc<Gateway>) -> Reply {
    let name = call.part("method").to_owned();
    let method = name.to_ascii_lowercase();
    call.caller.needs(needs(&method))?;
    whole_view(&call.caller)?;
    if sends(&method) && later::is_preferred(&call.parts.headers) {
        return later::queue(call.ask().await?, &name).await;
    }
    let key = call.key()?;
    let caller = call.caller;
    let (limits, hub) = (call.body_limits(), call.shared_hub());
    let (mut parts, body) = call.into_request().into_parts();
    let flood_control = parts.headers.get("x-flood-control").and_then(|value| value.to_str().ok());
    let is_paced = !flood_control.is_some_and(|word| word.trim().eq_ignore_ascii_case("off"));
    for name in OURS_ALONE {
        parts.headers.remove(name);
    }
    let query = parts.uri.query().map(str::to_owned);
    let content_type =
        parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let boundary = content_type.as_deref().and_then(upload_boundary);
    let route = key.as_ref().map(|_| route(&parts).to_owned()).unwrap_or_default();
    let sum = || Sum::new(&route, query.as_deref().unwrap_or_default(), boundary);
    let mut params = Params::from_query(query.as_deref());
    let (outgoing, known, idle) = if body.is_end_stream() || is_small(&parts.headers) {
        let idle = limits.idle;
        let body = read_body(body, limits).await?;
        // What can't be read here is the upstream's to refuse.
        if let Ok(read) = Params::read(query.as_deref(), content_type.as_deref(), body.clone()).await {
            params = read;
        }
        let known = key.is_some().then(|| {
            let mut sum = sum();
            sum.add(&body);
            sum.finish()
        });
        (Outgoing::Small(body), known, idle)
    } else {
        let upload = Upload::open(body, (&mut params, content_type.as_deref()), limits.idle).await?;
        (Outgoing::Stream(upload), None, limits.idle)
    };
    if sends(&method) && later::is_scheduled(&params) {
        let once = key.zip(known).map(|(key, fingerprint)| Once { key, fingerprint });
        return match outgoing {
            Outgoing::Small(_) => {
                later::queue(Asked { hub, caller, params, once, uploads: Vec::new() }, &name).await
            }
            Outgoing::Stream(_) => Err(reply::bad("send_at is for what has no files and is short")),
        };
    }
    let is_kept = is_kept(&method);
    if is_kept || key.is_some() {
        // An answer that is packed can't be read on its way.
        parts.headers.remove(ACCEPT_ENCODING);
    }
    let passing = Passing::new(&method, params.text("chat_id"));
    let sum = key.is_some().then(sum);
    let (mut head, ()) = Request::new(()).into_parts();
    (head.method, head.headers) = (parts.method, parts.headers);
    let going = Going { hub, gateway, name, method, query, head, params, passing, is_paced, is_kept };
    match key.zip(sum) {
        None => going.go(outgoing).await,
        Some((key, sum)) => once(going, outgoing, (key, known, sum), idle).await,
    }
}

/// Passes a request through once for its key: written down before, and answered from what is kept when it comes again.
async fn once(
    going: Going,
    mut outgoing: Outgoing,
    (key, known, sum): (String, Option<[u8; 32]>, Sum),
    idle: Duration,
) -> Reply {
    let account = going.gateway.account();
    match going.hub.begin_once(account, key, known).await? {
        Known::First(begun) => {
            let summed = match &mut outgoing {
                Outgoing::Small(_) => None,
                Outgoing::Stream(upload) => Some(upload.summed(sum)),
            };
            let fingerprint = move || match summed {
                Some(sum) => sum.lock().unwrap_or_else(PoisonError::into_inner).finish(),
                None => known.unwrap_or_default(),
            };
            // Whoever hangs up now makes nobody wonder what became of it.
            let hub = Arc::clone(&going.hub);
            let going = hub.see_through(going.go_once(outgoing, begun, fingerprint));
            going.await.map_err(Error::internal)?
        }
        Known::Before { fingerprint, answer } => {
            if let Outgoing::Stream(mut upload) = outgoing {
                let sum = upload.summed(sum);
                upload.drain(idle).await?;
                let given = sum.lock().unwrap_or_else(PoisonError::into_inner).finish();
                if given[..] != fingerprint[..] {
                    return Err(REUSED.into());
                }
            }
            Ok(reply::bare(answer, []))
        }
    }
}

/// Lets nobody pass whose credential sees some contacts alone: which of them a call concerns is the upstream's to know.
pub(super) fn whole_view(caller: &Caller) -> Result<(), Error> {
    match caller.is_narrowed() {
        true => Err(Error::Forbidden("the credential sees some contacts alone".into())),
        false => Ok(()),
    }
}

/// Makes the call that the answer to a webhook named. Its result goes nowhere.
pub(super) async fn reply_call(hub: &Hub, gateway: &Gateway, caller: Caller, reply: ReplyCall) {
    let method = reply.method.to_ascii_lowercase();
    // As at the Bot API: nobody is there to be answered.
    let asks = method.starts_with("get")
        || OURS.contains(&method.as_str())
        || method == "logout"
        || method == "close";
    if asks || caller.needs(needs(&method)).is_err() {
        return;
    }
    let params = reply.params.into_iter().map(|(name, text)| (name, Value::String(text))).collect();
    if let Err(error) = hub.call_upstream(gateway, &reply.method, params).await {
        tracing::debug!(
            account.id = gateway.account().0,
            ?error,
            "a webhook's reply named a call that failed"
        );
    }
}

/// Whether a body is short, of a known length, and readable: it is read before it is passed on.
fn is_small(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let length = text(CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    let upload = text(CONTENT_TYPE).is_some_and(|kind| kind.to_ascii_lowercase().contains("multipart/"));
    length.is_some_and(|length| length <= MOST_BUFFERED) && !upload && !headers.contains_key(CONTENT_ENCODING)
}

/// An answer's body on its way.
pub(super) fn streamed(body: PassBody) -> Body {
    Either::Right(axum::body::Body::new(body))
}

/// Why there is no answer of the upstream, in the terms of this API.
pub(super) fn failure(error: PassError) -> Failure {
    let unavailable = |text: &'static str, wait| Failure::Hub(Error::unavailable(text, wait));
    match error {
        PassError::Open { retry_after } => unavailable("the upstream is down", retry_after),
        PassError::NotSent(_) => unavailable("the upstream can't be reached", Duration::from_secs(1)),
        PassError::Unknown(Why::Caller) => crate::reply::bad("the body ended before its time"),
        PassError::Unknown(_) => Failure::NoAnswer,
        PassError::NoSuchPath => Failure::NoMethod,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_takes_what_its_name_says_it_does() {
        let send: &[Scope] = &[Scope::MessagesSend];
        for method in
            ["sendphoto", "editmessagecaption", "answercallbackquery", "deletemessages", "pinchatmessage"]
        {
            assert_eq!(needs(method), send, "{method}");
        }
        let manage: &[Scope] = &[Scope::AccountManage];
        for method in
            ["setmycommands", "banchatmember", "logout", "somethingnew", "deletewebhook", "setwebhook"]
        {
            assert_eq!(needs(method), manage, "{method}");
        }
        assert_eq!(needs("getme"), &[] as &[Scope]);
        assert!(needs("getchat").contains(&Scope::ContactsPrivate));
        assert!(needs("copymessage").contains(&Scope::MessagesRead));
    }
}

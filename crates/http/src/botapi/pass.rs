//! Methods of a bot that lives on a Bot API server: passed through to it, whatever they are called, and answered with what
//! it says, byte for byte. Answers to what sends, edits or deletes are read on the way and kept. Only what this server does
//! itself (updates, webhooks, contacts, history) stays here.

use super::OURS;
use crate::call::Call;
use crate::reply::{Body, Failure, Reply, Response};
use crate::server::read_body;
use contactgram_connector::bot::{Answer, Door, MOST_BUFFERED, PassBody, PassError, Refusal, Why};
use contactgram_hub::{About, Caller, Error, Gateway, Hub, NO_KEYS, ReplyCall};
use contactgram_model::scope::Scope;
use contactgram_resilience::verdict::{Decision, Kind};
use contactgram_wire::params::Params;
use http::Request;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::{Either, Full};
use hyper::body::Body as _;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// The largest answer that is read on its way, in bytes: the messages of an album are far below.
const MOST_KEPT: usize = 4 << 20;

/// What a method takes of a credential, by what its name says it does. Whoever may do everything may do those that
/// nobody knows yet.
pub(super) fn needs(method: &str) -> &'static [Scope] {
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
    if call.parts.headers.contains_key("idempotency-key") {
        return Err(NO_KEYS.into());
    }
    let most = call.body_limits();
    let hub = call.shared_hub();
    let (parts, body) = call.into_request().into_parts();
    let small = body.is_end_stream() || is_small(&parts.headers);
    let query = parts.uri.query().map(str::to_owned);
    let content_type =
        parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (mut head, ()) = Request::new(()).into_parts();
    head.method = parts.method.clone();
    head.headers = parts.headers;
    if is_kept(&method) {
        // An answer that is packed can't be read on its way.
        head.headers.remove(ACCEPT_ENCODING);
    }
    let door = Door::Method(&name);
    let mut params = Params::from_query(query.as_deref());
    let answered = if small {
        let body = read_body(body, most).await?;
        // What can't be read here is the upstream's to refuse.
        if let Ok(read) = Params::read(query.as_deref(), content_type.as_deref(), body.clone()).await {
            params = read;
        }
        gateway.upstream().pass_small(door, query.as_deref(), Request::from_parts(head, body)).await
    } else {
        gateway.upstream().pass(door, query.as_deref(), Request::from_parts(head, body)).await
    };
    let answer = answered.map_err(failure)?;
    if !is_kept(&method) {
        return Ok(answer.map(streamed));
    }
    let (head, body) = answer.into_parts();
    let body = body.whole(MOST_KEPT).await.map_err(|why| failure(PassError::Unknown(why)))?;
    let about = About::read(&method, |name| params.text(name).map(Cow::Borrowed));
    if head.status.is_success() {
        if let Some(answer) = Answer::read(&body) {
            hub.keep_sent(&gateway, about, answer.result.get()).await;
        }
    } else if let Some(chat) = about.chat {
        let refusal = Refusal::read(head.status.as_u16(), &head.headers, &body);
        if refusal.decide(Kind::Send) == Decision::Blocked {
            hub.keep_blocked(&gateway, chat).await;
        }
    }
    Ok(Response::from_parts(head, Either::Left(Full::new(body))))
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
    let called = hub.call_upstream(gateway, &reply.method, params).await;
    if let Err(error) = called {
        tracing::debug!(
            account.id = gateway.account().0,
            ?error,
            "a webhook's reply named a call that failed"
        );
    }
}

/// Whether a body is short, of a known length, and readable: it is read before it is passed on.
fn is_small(headers: &http::HeaderMap) -> bool {
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

//! The Bot API's methods: `/bot<token>/<method>` and `/v1/<method>`, by GET and POST, names without regard
//! to case. One table says which method is which function; webhooks that answer with a method call go
//! through the same table.

mod accounts;
mod chats;
mod commands;
mod contacts;
mod messages;
mod updates;
mod webhooks;

pub(crate) use messages::text_draft;
pub(crate) use messages::{formatted, shared_contact};

use crate::call::{Asked, Call};
use crate::reply::{self, Failure, Reply};
use contactgram_hub::{Answer, Caller, Error, Hub, ReplyCall};
use contactgram_wire::params::Params;
use http::Method;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What a method ends in.
pub(crate) type Done = Result<Answer, Failure>;

type Handler = fn(Asked) -> Pin<Box<dyn Future<Output = Done> + Send>>;

macro_rules! methods {
    ($($name:literal => $handler:path,)*) => {
        /// Every method, by its lower-case name.
        const METHODS: &[(&str, Handler)] = &[$(($name, |asked| Box::pin($handler(asked))),)*];
    };
}

methods! {
    "getme" => accounts::me,
    "logout" => accounts::log_out,
    "close" => accounts::close,
    "getupdates" => updates::get,
    "setwebhook" => webhooks::set,
    "deletewebhook" => webhooks::delete,
    "getwebhookinfo" => webhooks::info,
    "sendmessage" => messages::send,
    "sendcontact" => messages::send_contact,
    "forwardmessage" => messages::forward,
    "forwardmessages" => messages::forward_several,
    "copymessage" => messages::copy,
    "copymessages" => messages::copy_several,
    "editmessagetext" => messages::edit_text,
    "editmessagereplymarkup" => messages::edit_markup,
    "deletemessage" => messages::delete,
    "deletemessages" => messages::delete_several,
    "getmessages" => messages::history,
    "sendchataction" => chats::action,
    "getchat" => chats::get,
    "getchatmember" => chats::member,
    "getchatmembercount" => chats::member_count,
    "leavechat" => chats::leave,
    "answercallbackquery" => chats::answer_callback,
    "setmycommands" => commands::set,
    "getmycommands" => commands::get,
    "deletemycommands" => commands::delete,
    "getcontact" => contacts::get,
    "getcontacts" => contacts::list,
    "addcontact" => contacts::add,
    "editcontact" => contacts::edit,
    "deletecontact" => contacts::delete,
}

/// Runs the method that the path names, or the parameter `method` where the path ends with the token.
pub(crate) async fn method(call: Call) -> Reply {
    if call.parts.method != Method::GET && call.parts.method != Method::POST {
        return Err(Failure::WrongVerb("GET, POST"));
    }
    let named = find(call.part("method"));
    if named.is_none() && !call.part("method").is_empty() {
        return Err(Failure::NoMethod);
    }
    let asked = call.ask().await?;
    let handler = named.or_else(|| find(asked.params.text("method").unwrap_or_default()));
    let answer = handler.ok_or(Failure::NoMethod)?(asked).await?;
    Ok(reply::done_method(answer))
}

/// Lets webhooks answer with a method call.
pub(crate) fn run_webhook_replies(hub: &Arc<Hub>) {
    let weak = Arc::downgrade(hub);
    hub.run_replies_with(Arc::new(move |caller: Caller, reply: ReplyCall| {
        let (hub, handler) = (weak.upgrade(), find(&reply.method));
        Box::pin(async move {
            let (Some(hub), Some(handler)) = (hub, handler) else { return };
            let account = caller.account();
            let asked = Asked { hub, caller, params: Params::from_iter(reply.params), once: None };
            if let Err(failure) = handler(asked).await {
                tracing::debug!(
                    account.id = account.0,
                    ?failure,
                    "a webhook's reply named a call that failed"
                );
            }
        })
    }));
}

/// The names of all methods, in lower case.
#[cfg(test)]
pub(crate) fn method_names() -> impl Iterator<Item = &'static str> {
    METHODS.iter().map(|(name, _)| *name)
}

fn find(name: &str) -> Option<Handler> {
    METHODS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, handler)| *handler)
}

/// JSON that a method answers with.
fn json<T: serde::Serialize>(value: &T) -> Done {
    Ok(Answer::of(value)?)
}

/// A 400 with a fixed text.
const fn refuse(text: &'static str) -> Failure {
    Failure::Hub(Error::bad(text))
}

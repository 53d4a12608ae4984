//! The Bot API's methods: `/bot<token>/<method>` and `/v1/<method>`, by GET and POST, names without regard
//! to case. One table says which method is which function and what it takes; webhooks that answer with a
//! method call go through the same table.

mod accounts;
mod chats;
mod commands;
mod contacts;
pub(crate) mod file;
mod files;
mod input;
mod later;
mod messages;
mod pass;
mod updates;
mod webhooks;

pub(crate) use later::{is_preferred, is_scheduled, queue_to, run_outbox};
use messages::recipient;
pub(crate) use messages::{chat_id, formatted, shared_contact, text_draft};
pub(crate) use pass::{Sum, needs as needs_of};
pub(crate) use updates::allowed;

use crate::call::{Asked, Call};
use crate::needs::{Need, PASS_ON, SHARE};
use crate::reply::{self, Failure, Reply};
use contactgram_hub::{Answer, Caller, Error, Hub, ReplyCall, sends};
use contactgram_model::scope::Scope;
use contactgram_wire::params::Params;
use http::Method;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What a method ends in.
pub(crate) type Done = Result<Answer, Failure>;

type Handler = fn(Asked) -> Pin<Box<dyn Future<Output = Done> + Send>>;

/// A method: its lower-case name, its function, and what it takes.
struct Entry(&'static str, Handler, Need);

macro_rules! methods {
    ($($name:literal => $handler:path, $need:expr;)*) => {
        /// Every method.
        const METHODS: &[Entry] = &[$(Entry($name, |asked| Box::pin($handler(asked)), $need),)*];
    };
}

const READ: Need = Need::Scopes(&[Scope::ContactsRead]);
const WRITE: Need = Need::Scopes(&[Scope::ContactsWrite]);
const HISTORY: Need = Need::Scopes(&[Scope::MessagesRead]);
const SEND: Need = Need::Scopes(&[Scope::MessagesSend]);
const UPDATES: Need = Need::Scopes(&[Scope::UpdatesRead]);
/// Whoever answers at a webhook's address is shown everything.
const SET_WEBHOOK: Need = Need::Scopes(&[Scope::UpdatesRead, Scope::ContactsPrivate]);
const MANAGE: Need = Need::Scopes(&[Scope::AccountManage]);

methods! {
    "getme" => accounts::me, Need::Credential;
    "logout" => accounts::log_out, Need::Credential;
    "close" => accounts::close, Need::Credential;
    "getupdates" => updates::get, UPDATES;
    "setwebhook" => webhooks::set, SET_WEBHOOK;
    "deletewebhook" => webhooks::delete, UPDATES;
    "getwebhookinfo" => webhooks::info, UPDATES;
    "sendmessage" => messages::send, SEND;
    "senddocument" => files::send_document, SEND;
    "sendphoto" => files::send_photo, SEND;
    "sendvideo" => files::send_video, SEND;
    "sendaudio" => files::send_audio, SEND;
    "sendvoice" => files::send_voice, SEND;
    "sendanimation" => files::send_animation, SEND;
    "sendvideonote" => files::send_video_note, SEND;
    "sendsticker" => files::send_sticker, SEND;
    "sendmediagroup" => files::send_album, SEND;
    "getfile" => files::get, HISTORY;
    "sendcontact" => messages::send_contact, SHARE;
    "forwardmessage" => messages::forward, PASS_ON;
    "forwardmessages" => messages::forward_several, PASS_ON;
    "copymessage" => messages::copy, PASS_ON;
    "copymessages" => messages::copy_several, PASS_ON;
    "editmessagetext" => messages::edit_text, SEND;
    "editmessagecaption" => messages::edit_caption, SEND;
    "editmessagereplymarkup" => messages::edit_markup, SEND;
    "deletemessage" => messages::delete, SEND;
    "deletemessages" => messages::delete_several, SEND;
    "getmessages" => messages::history, HISTORY;
    "sendchataction" => chats::action, SEND;
    "getchat" => chats::get, HISTORY;
    "getchatmember" => chats::member, HISTORY;
    "getchatmembercount" => chats::member_count, HISTORY;
    "leavechat" => chats::leave, SEND;
    "answercallbackquery" => chats::answer_callback, SEND;
    "setmycommands" => commands::set, MANAGE;
    "getmycommands" => commands::get, MANAGE;
    "deletemycommands" => commands::delete, MANAGE;
    "getcontact" => contacts::get, READ;
    "getcontacts" => contacts::list, READ;
    "addcontact" => contacts::add, WRITE;
    "editcontact" => contacts::edit, WRITE;
    "deletecontact" => contacts::delete, WRITE;
}

/// What this server does itself also where a bot lives on a Bot API server: the updates that it keeps, and what no Bot API
/// has.
const OURS: [&str; 10] = [
    "getupdates",
    "setwebhook",
    "deletewebhook",
    "getwebhookinfo",
    "getmessages",
    "getcontact",
    "getcontacts",
    "addcontact",
    "editcontact",
    "deletecontact",
];

/// Runs the method that the path names, or the parameter `method` where the path ends with the token.
pub(crate) async fn method(call: Call) -> Reply {
    if call.parts.method != Method::GET && call.parts.method != Method::POST {
        return Err(Failure::WrongVerb("GET, POST"));
    }
    let named = find(call.part("method"));
    if !named.is_some_and(|Entry(name, ..)| OURS.contains(name))
        && let Some(gateway) = call.hub().gateway_of(&call.caller)?
    {
        return match call.part("method").is_empty() {
            // A name in the body would be known too late to stream the body on.
            true => Err(Failure::NoMethod),
            false => pass::through(call, gateway).await,
        };
    }
    if named.is_none() && !call.part("method").is_empty() {
        return Err(Failure::NoMethod);
    }
    if let Some(Entry(_, _, need)) = named {
        call.caller.needs(need.scopes())?;
    }
    let is_preferred = is_preferred(&call.parts.headers);
    let keeps = named.is_some_and(|Entry(name, ..)| files::takes(name));
    let asked = if keeps { call.ask_with_files().await? } else { call.ask().await? };
    if let Some(Entry(name, ..)) = named
        && sends(name)
        && (is_preferred || is_scheduled(&asked.params))
    {
        return later::queue(asked, name).await;
    }
    let found = named.or_else(|| find(asked.params.text("method").unwrap_or_default()));
    Ok(reply::done_method(run(found.ok_or(Failure::NoMethod)?, asked).await?))
}

/// Lets webhooks answer with a method call.
pub(crate) fn run_webhook_replies(hub: &Arc<Hub>) {
    let weak = Arc::downgrade(hub);
    hub.run_replies_with(Arc::new(move |caller: Caller, reply: ReplyCall| {
        let (hub, entry) = (weak.upgrade(), find(&reply.method));
        Box::pin(async move {
            let Some(hub) = hub else { return };
            let account = caller.account();
            match hub.gateway(account) {
                Ok(Some(gateway)) => return pass::reply_call(&hub, &gateway, caller, reply).await,
                Ok(None) => {}
                Err(error) => {
                    return tracing::warn!(
                        account.id = account.0,
                        ?error,
                        "a webhook's reply is not acted on"
                    );
                }
            }
            let Some(entry) = entry else { return };
            let asked = Asked {
                hub,
                caller,
                params: Params::from_iter(reply.params),
                once: None,
                uploads: Vec::new(),
            };
            if let Err(failure) = run(entry, asked).await {
                tracing::debug!(
                    account.id = account.0,
                    ?failure,
                    "a webhook's reply named a call that failed"
                );
            }
        })
    }));
}

/// Every method, by its name in lower case, with what it takes.
pub(crate) fn needs() -> impl Iterator<Item = (&'static str, Need)> {
    METHODS.iter().map(|Entry(name, _, need)| (*name, *need))
}

/// How many methods there are.
pub(crate) const COUNT: usize = METHODS.len();

/// A method's place in the table.
pub(crate) fn number(name: &str) -> Option<usize> {
    METHODS.iter().position(|Entry(known, ..)| known.eq_ignore_ascii_case(name))
}

/// Its name in lower case.
pub(crate) fn name(number: usize) -> &'static str {
    METHODS.get(number).map_or("", |Entry(name, ..)| name)
}

/// Whether this server answers a method itself also where a bot lives on a Bot API server.
#[cfg(test)]
pub(crate) fn is_ours(name: &str) -> bool {
    OURS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn find(name: &str) -> Option<&'static Entry> {
    METHODS.get(number(name)?)
}

/// The only way to a method's function: through what it takes.
async fn run(Entry(_, handler, need): &Entry, asked: Asked) -> Done {
    asked.caller.needs(need.scopes())?;
    handler(asked).await
}

/// JSON that a method answers with.
fn json<T: serde::Serialize>(value: &T) -> Done {
    Ok(Answer::of(value)?)
}

/// A 400 with a fixed text.
const fn refuse(text: &'static str) -> Failure {
    Failure::Hub(Error::bad(text))
}

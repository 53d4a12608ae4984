//! Conversations: the newest first, one with what was said in it and a field to answer in, and, for people of the
//! local connector, a phone beside it on which the member is the other side.

use super::answer::{Oops, Seen, page_of, to};
use super::form::Form;
use super::rows::{Line, MessageRow, lines, read, shortened};
use super::shell::{Shell, path};
use super::visit::Visit;
use super::words;
use askama::Template;
use contactgram_hub::access::{ContactsRead, MessagesRead, MessagesSend};
use contactgram_hub::{Act, ChatRef, ContactKey, Draft, Error, FileName, HistoryQuery, Later, NewPerson};
use contactgram_model::{ContactId, MessageId, Role, UserId};
use contactgram_wire::message::Content;
use contactgram_wire::{BadRequest, entities};
use serde_json::{Map, Value};

const CHATS: usize = 30;
const LINES: i64 = 50;
/// What the form for a person has.
const PERSON: [&str; 3] = ["first_name", "last_name", "phone_number"];

/// A conversation as pages show it.
pub(super) struct Thread {
    pub lines: Vec<Line>,
    /// Where this page is asked for again.
    pub from: String,
    pub older: Option<String>,
    /// Below which its files are downloaded, where they are here.
    pub files: Option<String>,
    /// Where an answer is sent to, for whoever may.
    pub send: Option<String>,
    pub draft: String,
    pub wrong: Option<String>,
    /// The moment at which it is to be sent, as it was typed.
    pub later: Form,
    pub focus: bool,
}

impl Thread {
    /// The conversation with somebody, as the account sees it.
    pub async fn of(visit: &Visit, chat: ChatRef) -> Result<Thread, Oops> {
        let (account, role) = visit.account()?;
        let target = match &chat {
            ChatRef::Id(id) | ChatRef::Contact(ContactId(id)) => *id,
            ChatRef::Username(_) | ChatRef::Phone(_) => 0,
        };
        let before = visit.query("before").parse().ok().map(MessageId);
        let query = HistoryQuery { chat: Some(chat), before, limit: LINES, ..HistoryQuery::default() };
        let found = match visit.hub().messages(&visit.permit::<MessagesRead>()?, query).await {
            Ok(page) => page.json,
            // Nobody has written yet.
            Err(Error::NotFound(_) | Error::BadRequest(_)) => "[]".to_owned(),
            Err(error) => return Err(error.into()),
        };
        let mut messages: Vec<MessageRow> = read(&found)?;
        let more = messages.len() as i64 == LINES;
        let older = messages
            .last()
            .filter(|_| more)
            .map(|oldest| format!("{}?before={}", visit.path, oldest.message_id));
        messages.reverse();
        Ok(Thread {
            lines: lines(&messages, account),
            from: visit.here(),
            older,
            files: visit
                .hub()
                .gateway_of(visit.caller()?)?
                .is_none()
                .then(|| format!("{}/files", path(account))),
            send: (role >= Role::Agent && before.is_none())
                .then(|| format!("{}/chats/{target}/send", path(account))),
            draft: String::new(),
            wrong: None,
            later: Form::default(),
            focus: false,
        })
    }
}

struct ChatLine {
    id: i64,
    title: String,
    when: String,
    said: String,
    mine: bool,
}

#[derive(Template)]
#[template(path = "chats.html")]
struct ChatsPage {
    shell: Shell,
    form: Form,
    at: String,
    here: String,
    chats: Vec<ChatLine>,
    older: Option<String>,
    /// Whether the member may play people here.
    people: bool,
}

/// `GET /portal/a/{account}/chats`
pub(super) async fn list(visit: Visit) -> Seen {
    list_with(&visit, Form::default()).await
}

async fn list_with(visit: &Visit, form: Form) -> Seen {
    let (account, role) = visit.account()?;
    let below = visit.query("below").parse().ok().map(MessageId);
    let found = visit.hub().conversations(&visit.permit::<MessagesRead>()?, below, CHATS).await?;
    let today = words::day(visit.hub().now());
    let line = |(chat, body): (contactgram_model::ChatId, String)| {
        let message: MessageRow = read(&body)?;
        let day = words::day(message.date);
        Ok::<_, Error>(ChatLine {
            id: chat.0,
            title: message.chat.name(),
            when: if day == today { words::time(message.date) } else { day },
            said: shortened(&message.says()),
            mine: message.from.as_ref().is_some_and(|from| from.id == account),
        })
    };
    let chats = found.rows.into_iter().map(line).collect::<Result<Vec<_>, _>>()?;
    let at = path(account);
    let view = visit.hub().account(account).await?;
    let page = ChatsPage {
        shell: Shell { live: Some(format!("{at}/live")), ..visit.shell("Conversations", "chats")? },
        older: found.below.map(|below| format!("{at}/chats?below={}", below.0)),
        people: role >= Role::Admin && view.connector == "local",
        here: visit.here(),
        form,
        chats,
        at,
    };
    page_of(page.form.is_wrong(), &page)
}

/// A phone on the page: the member is the other side.
struct Phone {
    name: String,
    lines: Vec<Line>,
    action: String,
    wrong: Option<String>,
    focus: bool,
}

#[derive(Template)]
#[template(path = "chat.html")]
struct ChatPage {
    shell: Shell,
    at: String,
    chat: i64,
    title: String,
    contact: Option<ContactId>,
    /// Where the phone is shown, or put away.
    toggle: Option<(String, String)>,
    thread: Thread,
    phone: Option<Phone>,
}

/// What went wrong with a message, and who wrote it.
struct Unsent {
    text: String,
    why: String,
    as_them: bool,
}

/// `GET /portal/a/{account}/chats/{chat}`
pub(super) async fn show(visit: Visit) -> Seen {
    let with_phone = visit.query("phone") == "1";
    conversation(&visit, with_phone, None).await
}

async fn conversation(visit: &Visit, with_phone: bool, unsent: Option<Unsent>) -> Seen {
    let (account, role) = visit.account()?;
    let (hub, chat, at) = (visit.hub(), visit.number("chat")?, path(account));
    let here = format!("{at}/chats/{chat}");
    let mut thread = Thread::of(visit, ChatRef::Id(chat)).await?;
    let contact = match hub.contact(&visit.permit::<ContactsRead>()?, ContactKey::Id(ContactId(chat))).await {
        Ok(stored) => Some(read::<super::rows::ContactRow>(&stored.body)?),
        Err(Error::NotFound(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let named = thread.lines.iter().find(|line| !line.mine).map(|line| line.from.clone());
    let local = hub.account(account).await?.connector == "local";
    let playable = local && role >= Role::Admin && chat > 0 && hub.is_played(UserId(chat)).await?;
    // Whoever wrote nothing yet is known by nothing but their own record.
    let played = match playable && contact.is_none() && named.is_none() {
        true => Some(hub.person(UserId(chat)).await?.first_name),
        false => None,
    };
    let title = contact.as_ref().map(|contact| contact.name()).or(named).or(played);
    let title = title.unwrap_or_else(|| format!("Chat {chat}"));
    let plain = if with_phone { format!("{here}?phone=1") } else { here.clone() };
    if visit.form.one("csrf").is_empty() {
        thread.from = visit.here();
    } else {
        // This page answers a form: it is asked for again by its own address.
        thread.from.clone_from(&plain);
    }
    if with_phone {
        thread.send = thread.send.map(|send| format!("{send}?phone=1"));
    }
    let mut phone = match playable && with_phone {
        true => Some(phone(visit, UserId(chat), account, &here).await?),
        false => None,
    };
    if let Some(Unsent { text, why, as_them }) = &unsent {
        match (&mut phone, as_them) {
            (Some(phone), true) => phone.wrong = Some(why.clone()),
            _ => {
                (thread.wrong, thread.draft) = (Some(why.clone()), text.clone());
                thread.later = visit.form.clone();
            }
        }
    }
    let shell = Shell { live: Some(format!("{at}/live")), ..visit.shell(title.clone(), "chats")? };
    let toggle = playable.then(|| match with_phone {
        true => (here.clone(), "Put the phone away".to_owned()),
        false => (format!("{here}?phone=1"), format!("Be {title}")),
    });
    page_of(
        unsent.is_some(),
        &ChatPage {
            shell,
            at,
            chat,
            title,
            contact: contact.map(|contact| contact.id),
            toggle,
            thread,
            phone,
        },
    )
}

async fn phone(visit: &Visit, person: UserId, account: UserId, here: &str) -> Result<Phone, Oops> {
    let query = HistoryQuery { chat: Some(ChatRef::Id(account.0)), limit: LINES, ..HistoryQuery::default() };
    let found = match visit.hub().person_messages(person, query).await {
        Ok(page) => page.json,
        Err(Error::NotFound(_) | Error::BadRequest(_)) => "[]".to_owned(),
        Err(error) => return Err(error.into()),
    };
    let mut messages: Vec<MessageRow> = read(&found)?;
    messages.reverse();
    Ok(Phone {
        name: visit.hub().person(person).await?.first_name,
        lines: lines(&messages, person),
        action: format!("{here}/phone"),
        wrong: None,
        focus: messages.is_empty(),
    })
}

/// `GET /portal/a/{account}/files/{file}`
pub(super) async fn file(visit: Visit) -> Seen {
    let name = FileName::Id(visit.part("file").to_owned());
    let file = visit.hub().open_file(&visit.permit::<MessagesRead>()?, name).await?;
    Ok(crate::download::answer(file, &visit.headers).map(axum::body::Body::new))
}

/// `POST /portal/a/{account}/chats/{chat}/send`
pub(super) async fn send(visit: Visit) -> Seen {
    let (account, _) = visit.account()?;
    let chat = visit.number("chat")?;
    let with_phone = visit.query("phone") == "1";
    let text = visit.form.one("text").trim().to_owned();
    let (later, now) = (visit.form.moment("send_at"), visit.hub().now());
    let sent = match (content(&text), later) {
        (Ok(_), Err(why)) => Err(Error::BadRequest(format!("send_at {why}").into())),
        (Ok(_), Ok(Some(at))) if at <= now => Err(Error::bad("that time has passed")),
        (Ok(_), Ok(Some(at))) => {
            let params = Map::from_iter([("text".to_owned(), Value::from(text.as_str()))]);
            let method = "sendMessage".to_owned();
            let later = Later { method, params, chat: ChatRef::Id(chat), send_at: Some(at) };
            let queued = visit.hub().queue(&visit.permit::<MessagesSend>()?, later, None).await;
            queued.map(|_| Some("queued"))
        }
        (Ok(content), Ok(None)) => {
            let draft = Draft::new(ChatRef::Id(chat), content);
            visit.hub().send(&visit.permit::<MessagesSend>()?, draft, None).await.map(|_| None)
        }
        (Err(bad), _) => Err(bad.into()),
    };
    done(&visit, (account, chat), with_phone, sent.map_err(|why| unsent(text, why, false))).await
}

/// `POST /portal/a/{account}/chats/{chat}/phone`
pub(super) async fn write_as(visit: Visit) -> Seen {
    let (account, _) = visit.account()?;
    let chat = visit.number("chat")?;
    if chat <= 0 || !visit.hub().is_played(UserId(chat)).await? {
        return Err(Error::missing("nobody who could be played").into());
    }
    let text = visit.form.one("text").trim().to_owned();
    let written = match content(&text) {
        Ok(content) => {
            let act = Act::Write { content, reply_to: None };
            visit.hub().act(UserId(chat), ChatRef::Id(account.0), act).await.map(|_| None)
        }
        Err(bad) => Err(bad.into()),
    };
    done(&visit, (account, chat), true, written.map_err(|why| unsent(text, why, true))).await
}

/// A text as it was typed, without formatting.
pub(super) fn content(text: &str) -> Result<Content, BadRequest> {
    let text = entities::format(text, None, None)?;
    Ok(Content::text(text.text, text.entities))
}

/// What the page says of a message that was refused; what is no fault of the message is an error of its own.
fn unsent(text: String, why: Error, as_them: bool) -> Result<Unsent, Error> {
    let why = match why {
        Error::Internal | Error::Unavailable { .. } | Error::TooMany { .. } => return Err(why),
        Error::BadRequest(why) | Error::Conflict(why) | Error::Forbidden(why) => why.into_owned(),
        _ => "that can't be sent".to_owned(),
    };
    Ok(Unsent { text, why, as_them })
}

async fn done(
    visit: &Visit,
    (account, chat): (UserId, i64),
    with_phone: bool,
    sent: Result<Option<&str>, Result<Unsent, Error>>,
) -> Seen {
    match sent {
        Ok(note) => {
            let phone = with_phone.then(|| "phone=1".to_owned());
            let query: Vec<_> = phone.into_iter().chain(note.map(|note| format!("done={note}"))).collect();
            let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
            Ok(to(&format!("{}/chats/{chat}{query}", path(account))))
        }
        Err(unsent) => conversation(visit, with_phone, Some(unsent?)).await,
    }
}

/// `POST /portal/a/{account}/people`
pub(super) async fn add_person(visit: Visit) -> Seen {
    let ((account, _), form) = (visit.account()?, visit.form.clone());
    if visit.hub().account(account).await?.connector != "local" {
        return Err(Error::missing("people are of the local connector").into());
    }
    let new = NewPerson {
        first_name: form.one("first_name").to_owned(),
        last_name: form.some("last_name"),
        phone_number: form.some("phone_number"),
        ..NewPerson::default()
    };
    match visit.hub().add_person(new).await {
        Ok(person) => Ok(to(&format!("{}/chats/{}?phone=1", path(account), person.id))),
        Err(error) => list_with(&visit, form.refused(error, &PERSON)?).await,
    }
}

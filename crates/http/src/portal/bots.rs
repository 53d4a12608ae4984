//! Bots of Telegram: connected on the page of accounts, and connected again on their own, where it also says whether their
//! updates are asked for. Their token is sent here, and never shown again.

use super::account;
use super::accounts;
use super::answer::{Oops, Seen, to};
use super::form::Form;
use super::secret::{Secret, shown};
use super::shell::{Here, path};
use super::visit::Visit;
use super::words;
use contactgram_connector::bot::{CallError, Why};
use contactgram_hub::{BotView, Error, NewBot, Polling};
use contactgram_model::{PlainToken, Role, Timestamp};

/// Telegram's own Bot API server.
pub(super) const TELEGRAM: &str = "https://api.telegram.org";

/// What went wrong, in plain words, and what to do about it.
pub(super) struct Fault {
    pub at: Timestamp,
    pub what: String,
    pub advice: &'static str,
}

/// A bot at its server, as its page shows it.
pub(super) struct BotSection {
    pub upstream: String,
    pub webhook: bool,
    /// A word for the state, its colour, and a sentence.
    pub tag: (&'static str, &'static str),
    pub says: String,
    pub fault: Option<Fault>,
}

impl BotSection {
    pub fn of(view: BotView, now: Timestamp) -> BotSection {
        let since = |at: Timestamp| format!("since {} ({})", words::moment(at), words::since(at, now));
        let (tag, says) = match &view.polling {
            Polling::Runs(at) if view.webhook => {
                (("runs", "good"), format!("The server posts updates here, {}.", since(*at)))
            }
            Polling::Runs(at) => (("runs", "good"), format!("Updates are asked for, {}.", since(*at))),
            Polling::Elsewhere => {
                (("runs", "good"), "Another process of this server asks for them.".to_owned())
            }
            Polling::Fails(at) => {
                (("fails", "bad"), format!("No updates {}; it goes on trying.", since(*at)))
            }
            Polling::Stopped(at, _) => (("stopped", "bad"), format!("No updates {}.", since(*at))),
            Polling::Closed => (("stopped", "bad"), "Its token can't be read here.".to_owned()),
            Polling::Begins => (("begins", "warn"), "It was connected just now.".to_owned()),
        };
        let fault = match (&view.polling, &view.fault) {
            (Polling::Stopped(at, _), _) => Some(Fault { at: *at, what: REFUSED.to_owned(), advice: ANEW }),
            (Polling::Closed, _) => Some(Fault {
                at: now,
                what: "The key in secrets.key is not the one that the token was encrypted with.".to_owned(),
                advice: "Bring the key back and start the server again, or connect the bot again with its token.",
            }),
            (_, Some((at, error))) => {
                let (what, advice) = plain(error);
                Some(Fault { at: *at, what, advice })
            }
            (_, None) => None,
        };
        BotSection { upstream: view.upstream, webhook: view.webhook, tag, says, fault }
    }
}

const REFUSED: &str = "The server does not know the bot's token any more.";
const ANEW: &str = "Connect the bot again with its new token.";
const BY_ITSELF: &str = "Nothing is lost: it is asked again by itself.";

/// A fault in plain words, and what to do.
fn plain(error: &CallError) -> (String, &'static str) {
    let not_reached = |why: &Why| match why {
        Why::NoAddress => {
            ("The name of the server is unknown.", "Check the address, and this machine's name server.")
        }
        Why::Tls => (
            "There is no trusted TLS connection to the server.",
            "Check the address; an authority of your own goes into the setting upstream_ca_file.",
        ),
        Why::Unreachable => {
            ("Nobody answers at that address.", "Check the address, and whether the server runs.")
        }
        _ => ("The connection to the server takes too long or breaks off.", BY_ITSELF),
    };
    let (what, advice) = match error {
        CallError::NotSent(why) => not_reached(why),
        CallError::Open { .. } => ("The server was not reached several times in a row.", BY_ITSELF),
        CallError::Unknown(Why::Garbled) => (
            "What answers there is no Bot API server.",
            "Check the address: the token and the method are put behind it.",
        ),
        CallError::Unknown(_) => ("The server gave no answer in time.", BY_ITSELF),
        CallError::Failing(refusal) => {
            return (format!("The server fails: it answers {}.", refusal.status), BY_ITSELF);
        }
        CallError::Wait { .. } => ("The server asks to wait.", BY_ITSELF),
        CallError::Conflict { .. } => (
            "Another program asks for this bot's updates.",
            "Stop it, or give it this server's address: only one program can ask a bot's server.",
        ),
        CallError::Stop(_) => (REFUSED, ANEW),
        CallError::Refused(refusal) | CallError::Blocked(refusal) => {
            let text = refusal.description.as_deref().unwrap_or("and does not say why");
            return (format!("The server refuses: {} {text}.", refusal.status), "Check the address.");
        }
        CallError::Migrated(_) => ("The server speaks of a group.", BY_ITSELF),
    };
    (what.to_owned(), advice)
}

/// `POST /portal/accounts/connect`
pub(super) async fn connect(visit: Visit) -> Seen {
    match try_connect(&visit, None).await? {
        Ok(seen) => Ok(seen),
        Err(form) => accounts::show(&visit, form).await,
    }
}

/// `POST /portal/a/{account}/upstream`
pub(super) async fn renew(visit: Visit) -> Seen {
    let (account, _) = visit.account()?;
    if visit.hub().bot_view(account).await?.is_none() {
        return Err(Error::missing("no bot at a server").into());
    }
    match try_connect(&visit, Some(account)).await? {
        Ok(seen) => Ok(seen),
        Err(form) => account::with(&visit, form).await,
    }
}

/// Connects what the form says, or says what is wrong with it.
async fn try_connect(
    visit: &Visit,
    only: Option<contactgram_model::UserId>,
) -> Result<Result<axum::response::Response, Form>, Oops> {
    let (form, token) = (visit.form.clone().without("token"), visit.form.one("token").trim().to_owned());
    if token.is_empty() {
        return Ok(Err(form.with("token", "the token is needed, as BotFather gave it")));
    }
    let of = PlainToken::parse(&token).map(|plain| plain.account());
    if let (Some(only), Some(of)) = (only, of)
        && only != of
    {
        let text = format!("this is the token of the bot {of}; this account is the bot {only}");
        return Ok(Err(form.with("token", text)));
    }
    let webhook = form.one("receive") == "webhook";
    let new = NewBot { token, upstream: form.some("upstream"), region: None, webhook };
    let (account, made) = match visit.hub().connect_bot(visit.actor()?, new).await {
        Ok(made) => made,
        Err(Error::Unavailable { text, .. }) => return Ok(Err(form.with("upstream", text))),
        Err(error) => return Ok(Err(form.refused(error, &["receive", "token", "upstream"])?)),
    };
    let Some(made) = made else {
        return Ok(Ok(to(&format!("{}?done=connected", path(account.id)))));
    };
    let here = Here::of(&account, Role::Owner);
    let url = &visit.app().options.url;
    let mut shell = visit.shell(format!("{} is connected", account.name), "accounts")?;
    let back = here.path();
    shell.here = Some(here);
    let text = format!(
        "Change the bot's base URL to {url} and nothing else: its own token opens this server as well. For other \
         programs, here is a token of this server's."
    );
    let secret = Secret {
        shell,
        back,
        back_text: account.name,
        text,
        curl: format!("curl {url}/bot{}/getMe", made.token),
        secrets: vec![("Base URL", url.clone()), ("Token", made.token)],
    };
    shown(secret).map(Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_stopped_by_itself_says_what_its_owner_has_to_do() {
        let view = |polling, fault| BotView { upstream: TELEGRAM.to_owned(), webhook: false, polling, fault };
        let stopped = BotSection::of(view(Polling::Stopped(5, "refused".to_owned()), None), 10);
        assert_eq!(stopped.fault.map(|fault| (fault.at, fault.advice)), Some((5, ANEW)));
        let runs = BotSection::of(view(Polling::Runs(5), None), 10);
        assert!(runs.fault.is_none() && runs.tag.0 == "runs", "{}", runs.says);
        let open = CallError::Open { retry_after: Duration::from_secs(1) };
        let fails = BotSection::of(view(Polling::Fails(5), Some((7, open))), 10);
        assert_eq!(fails.fault.map(|fault| (fault.at, fault.advice)), Some((7, BY_ITSELF)));
        assert_eq!(plain(&CallError::NotSent(Why::NoAddress)).0, "The name of the server is unknown.");
    }
}

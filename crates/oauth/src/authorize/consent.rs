//! What a person gets to see of an authorization request: the sign-in, the question, or the way back.
//! The portal asks again after each form. A consent is remembered, but not for clients that anybody
//! could pretend to be.

use super::{Code, Request, Sent};
use crate::client::{Client, ClientKind};
use crate::scopes;
use contactgram_model::scope::Scopes;

/// Who sits before the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visitor {
    /// Nobody is signed in.
    Stranger,
    /// Somebody is.
    Known {
        /// Whether they signed in for this very request.
        just_now: bool,
        /// What they allowed this client earlier for the account in question, and may still allow.
        remembered: Scopes,
    },
}

/// The next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Show the sign-in.
    SignIn,
    /// Ask for consent.
    Ask,
    /// Approve at once, for the scopes asked.
    Approve,
    /// Send them back.
    Refuse(Sent),
}

/// Decides the next step of `request`.
pub fn next(request: &Request, client: &Client, visitor: Visitor) -> Step {
    let prompt = request.prompt;
    let Visitor::Known { just_now, remembered } = visitor else {
        return if prompt.none { Step::Refuse(request.refuse(Code::LoginRequired)) } else { Step::SignIn };
    };
    if prompt.login && !just_now {
        return Step::SignIn;
    }
    let allowed = scopes::within(request.scopes, remembered) && is_itself(request, client);
    match (allowed && !prompt.consent, prompt.none) {
        (true, _) => Step::Approve,
        (false, true) => Step::Refuse(request.refuse(Code::ConsentRequired)),
        (false, false) => Step::Ask,
    }
}

/// Whether the answer can only reach the client itself: it needs the secret, or goes to an address that one
/// host owns. A loopback port or a private scheme is open to any program of the device (RFC 8252, 8.6).
fn is_itself(request: &Request, client: &Client) -> bool {
    client.kind != ClientKind::Public || request.return_to.uri.starts_with("https://")
}

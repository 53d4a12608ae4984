//! The authorization endpoint: reads what a client asks a person for, and writes where they go with the
//! answer. The portal fetches the client for [`client_id`], calls [`read`], then [`consent::next`].
//! Nobody is ever sent to an address that wasn't registered: such errors are for the person to see.

pub mod consent;
mod refuse;

use crate::client::{Client, ClientId};
use crate::grant::{CodeRecord, CodeState, FamilyId, Lifetimes};
use crate::issuer::Issuer;
use crate::params::Params;
use crate::pkce::Challenge;
use crate::redirect::{self, ReturnTo};
use crate::scopes::{self, Range};
use contactgram_model::Timestamp;
use contactgram_model::scope::Scopes;

pub use refuse::{Code, Refused, Sent, Shown};

/// What the client wants of the person's browser besides an answer (OpenID Connect's `prompt`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prompt {
    /// Show nothing: answer from what is known or fail.
    pub none: bool,
    /// Ask for the password even of somebody who is signed in.
    pub login: bool,
    /// Ask for consent even if it was given before.
    pub consent: bool,
}

/// An authorization request that may be put before a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub client: ClientId,
    /// Where the answer goes.
    pub return_to: ReturnTo,
    /// What is asked for; never empty.
    pub scopes: Scopes,
    /// How the person wants to be asked.
    pub prompt: Prompt,
    state: Option<String>,
    challenge: Challenge,
}

/// Which client to fetch before [`read`].
///
/// # Errors
/// [`Shown`]: without a client there is no address that could be trusted with an error.
pub fn client_id(params: &Params) -> Result<ClientId, Shown> {
    let id = params.one("client_id").map_err(|_| Shown::ClientRepeated)?.ok_or(Shown::NoClient)?;
    ClientId::parse(id).ok_or(Shown::UnknownClient)
}

/// Reads an authorization request of the client that [`client_id`] named. Whoever carries it through a
/// sign-in or a form does so as the query it came in, and reads it again: it is never trusted from a form.
///
/// # Errors
/// [`Refused::Shown`] while the address isn't known to be the client's, [`Refused::Sent`] afterwards.
pub fn read(params: &Params, client: Option<&Client>) -> Result<Request, Refused> {
    let id = client_id(params)?;
    let client = client.filter(|client| client.id == id).ok_or(Shown::UnknownClient)?;
    let asked = params.one("redirect_uri").map_err(|_| Shown::RedirectRepeated)?;
    let return_to = redirect::choose(&client.redirects, asked).ok_or(match asked {
        Some(_) => Shown::ForeignRedirect,
        None => Shown::NoRedirect,
    })?;
    let (state, state_twice) = match params.one("state") {
        Ok(state) => (state.map(str::to_owned), None),
        Err(twice) => (None, Some(twice)),
    };
    let refuse = |why: refuse::Why| Sent::new(why, &return_to, state.as_deref());
    if let Some(twice) = state_twice {
        return Err(refuse(twice.into()).into());
    }
    let asked = Asked::read(params, client).map_err(refuse)?;
    Ok(Request {
        client: id,
        return_to,
        scopes: asked.scopes,
        prompt: asked.prompt,
        state,
        challenge: asked.challenge,
    })
}

/// The parameters whose errors go back to the client.
struct Asked {
    scopes: Scopes,
    prompt: Prompt,
    challenge: Challenge,
}

impl Asked {
    fn read(params: &Params, client: &Client) -> Result<Asked, refuse::Why> {
        if params.one("request")?.is_some() {
            return Err(Code::RequestNotSupported.because("Request objects are not supported."));
        }
        if params.one("request_uri")?.is_some() {
            return Err(Code::RequestUriNotSupported.because("Request objects are not supported."));
        }
        match params.one("response_type")? {
            Some("code") => {}
            Some(_) => return Err(Code::UnsupportedResponseType.because("The response_type must be code.")),
            None => return Err(Code::InvalidRequest.because("The parameter response_type is missing.")),
        }
        if params.one("response_mode")?.is_some_and(|mode| mode != "query") {
            return Err(Code::InvalidRequest.because("The response_mode must be query."));
        }
        let challenge = read_challenge(params)?;
        let prompt = read_prompt(params.one("prompt")?)?;
        let range = Range { limit: client.scopes, default: client.default_scopes };
        let scopes = range.choose(params.one("scope")?)?;
        Ok(Asked { scopes, prompt, challenge })
    }
}

fn read_challenge(params: &Params) -> Result<Challenge, refuse::Why> {
    let refuse = |why| Err(Code::InvalidRequest.because(why));
    let method = params.one("code_challenge_method")?;
    let Some(challenge) = params.one("code_challenge")? else {
        return refuse("The parameter code_challenge is missing: PKCE is required.");
    };
    // A method that is left out would mean plain (RFC 7636, 4.3).
    if method != Some("S256") {
        return refuse("The code_challenge_method must be S256.");
    }
    match Challenge::parse(challenge) {
        Some(challenge) => Ok(challenge),
        None => refuse("The code_challenge is no SHA-256 in base64url."),
    }
}

fn read_prompt(text: Option<&str>) -> Result<Prompt, refuse::Why> {
    let mut prompt = Prompt::default();
    let mut words = 0;
    for word in text.unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
        words += 1;
        match word {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            // The page that asks for consent is also where an account is chosen.
            "consent" | "select_account" => prompt.consent = true,
            _ => return Err(Code::InvalidRequest.because("A value of prompt is unknown.")),
        }
    }
    if prompt.none && words > 1 {
        return Err(Code::InvalidRequest.because("The prompt none stands alone."));
    }
    Ok(prompt)
}

/// What a person agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approval {
    /// The scopes they gave, among those they may give; what wasn't asked for is left out.
    pub scopes: Scopes,
    /// The new grant, which everything given for the code will belong to.
    pub family: FamilyId,
}

impl Request {
    /// The code to keep for an approval, or none if it leaves no scope: then the answer is a denial.
    pub fn approve(&self, approval: Approval, lifetimes: &Lifetimes, now: Timestamp) -> Option<CodeRecord> {
        let scopes = scopes::both(self.scopes, approval.scopes);
        (!scopes::is_empty(scopes)).then(|| CodeRecord {
            client: self.client.clone(),
            return_to: self.return_to.clone(),
            challenge: self.challenge.clone(),
            scopes,
            family: approval.family,
            expires_at: now.saturating_add(lifetimes.code),
            state: CodeState::Fresh,
        })
    }

    /// Where the person goes with a code.
    pub fn location(&self, code: &str, issuer: &Issuer) -> String {
        let mut answer = vec![("code", code)];
        answer.extend(self.state.as_deref().map(|state| ("state", state)));
        answer.push(("iss", issuer.as_str()));
        self.return_to.with(&answer)
    }

    /// The refusal of a request that was fine in itself.
    pub fn refuse(&self, code: Code) -> Sent {
        Sent::new(code.because(code.usual_reason()), &self.return_to, self.state.as_deref())
    }
}

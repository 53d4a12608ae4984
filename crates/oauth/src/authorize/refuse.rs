//! The two kinds of refusal of the authorization endpoint: shown to the person, or sent to the client.
//! Made while a request is read, and by the portal when a person says no. An address that isn't the
//! client's never gets anything.

use crate::issuer::Issuer;
use crate::params::Repeated;
use crate::redirect::ReturnTo;
use crate::scopes;
use std::borrow::Cow;

/// What can be wrong with an authorization request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// For a page of our own, with status 400.
    #[error(transparent)]
    Shown(#[from] Shown),
    /// For the client, by way of the person's browser.
    #[error(transparent)]
    Sent(#[from] Sent),
}

/// Errors shown to the person, who can't be sent back (RFC 6749, 4.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Shown {
    /// `client_id` is missing.
    #[error("The application did not say who it is (client_id is missing).")]
    NoClient,
    /// `client_id` was sent twice.
    #[error("The application named itself twice (client_id is repeated).")]
    ClientRepeated,
    /// No such client.
    #[error("No application is registered under this client_id.")]
    UnknownClient,
    /// `redirect_uri` was sent twice.
    #[error("The application named two addresses to return to (redirect_uri is repeated).")]
    RedirectRepeated,
    /// `redirect_uri` is none of the client's.
    #[error("The address to return to (redirect_uri) is not one that the application has registered.")]
    ForeignRedirect,
    /// `redirect_uri` is missing, and the client has not exactly one.
    #[error("The application did not say where to return to (redirect_uri is missing).")]
    NoRedirect,
}

/// The error codes of RFC 6749, 4.1.2.1, and OpenID Connect Core, 3.1.2.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// A parameter is missing, malformed or repeated.
    InvalidRequest,
    /// The person, or what they may do, said no.
    AccessDenied,
    /// Anything but `code`.
    UnsupportedResponseType,
    /// A scope is unknown or more than the client may ask for.
    InvalidScope,
    /// Something broke here.
    ServerError,
    /// Later, perhaps.
    TemporarilyUnavailable,
    /// `prompt=none`, and nobody is signed in.
    LoginRequired,
    /// `prompt=none`, and the person would have to be asked.
    ConsentRequired,
    /// `request` was sent.
    RequestNotSupported,
    /// `request_uri` was sent.
    RequestUriNotSupported,
}

impl Code {
    /// The value of `error`.
    pub fn name(self) -> &'static str {
        match self {
            Code::InvalidRequest => "invalid_request",
            Code::AccessDenied => "access_denied",
            Code::UnsupportedResponseType => "unsupported_response_type",
            Code::InvalidScope => "invalid_scope",
            Code::ServerError => "server_error",
            Code::TemporarilyUnavailable => "temporarily_unavailable",
            Code::LoginRequired => "login_required",
            Code::ConsentRequired => "consent_required",
            Code::RequestNotSupported => "request_not_supported",
            Code::RequestUriNotSupported => "request_uri_not_supported",
        }
    }

    pub(super) fn usual_reason(self) -> &'static str {
        match self {
            Code::InvalidRequest => "The request can not be understood.",
            Code::AccessDenied => "Access was not granted.",
            Code::UnsupportedResponseType => "The response_type must be code.",
            Code::InvalidScope => "The scope can not be had.",
            Code::ServerError => "Something went wrong here.",
            Code::TemporarilyUnavailable => "The server is busy; try again later.",
            Code::LoginRequired => "Nobody is signed in.",
            Code::ConsentRequired => "The person has to be asked.",
            Code::RequestNotSupported | Code::RequestUriNotSupported => "Request objects are not supported.",
        }
    }

    pub(super) fn because(self, why: &'static str) -> Why {
        Why { code: self, description: Cow::Borrowed(why) }
    }
}

/// A code with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Why {
    code: Code,
    description: Cow<'static, str>,
}

impl From<Repeated> for Why {
    fn from(Repeated(name): Repeated) -> Why {
        let description = Cow::Owned(format!("The parameter {name} was sent more than once."));
        Why { code: Code::InvalidRequest, description }
    }
}

impl From<scopes::Refused> for Why {
    fn from(refused: scopes::Refused) -> Why {
        Why { code: Code::InvalidScope, description: Cow::Owned(refused.to_string()) }
    }
}

/// An error that goes to the client's own address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", why.code.name(), why.description)]
pub struct Sent {
    why: Why,
    return_to: ReturnTo,
    state: Option<String>,
}

impl Sent {
    pub(super) fn new(why: Why, return_to: &ReturnTo, state: Option<&str>) -> Sent {
        Sent { why, return_to: return_to.clone(), state: state.map(str::to_owned) }
    }

    /// What is wrong.
    pub fn code(&self) -> Code {
        self.why.code
    }

    /// Where the person goes with it.
    pub fn location(&self, issuer: &Issuer) -> String {
        let mut answer = vec![("error", self.why.code.name()), ("error_description", &self.why.description)];
        answer.extend(self.state.as_deref().map(|state| ("state", state)));
        answer.push(("iss", issuer.as_str()));
        self.return_to.with(&answer)
    }
}

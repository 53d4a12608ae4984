//! The server's description of itself for OAuth clients (RFC 8414, 2).
//! Answered at the path that `Issuer::metadata_path` names. It lists what this crate's readers accept, and
//! the tests hold the two together.

use super::Answer;
use crate::issuer::Issuer;
use contactgram_model::scope::Scope;
use serde::Serialize;

/// Paths of the endpoints, each with its first slash.
#[derive(Debug, Clone, Copy)]
pub struct Endpoints<'a> {
    /// Where people are sent.
    pub authorize: &'a str,
    /// Where codes become tokens.
    pub token: &'a str,
    /// Where tokens end.
    pub revoke: &'a str,
    /// Where tokens are looked at.
    pub introspect: &'a str,
}

const CONFIDENTIAL: &[&str] = &["client_secret_basic", "client_secret_post"];
const ANY: &[&str] = &["client_secret_basic", "client_secret_post", "none"];

#[derive(Serialize)]
struct Body<'a> {
    issuer: &'a str,
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    scopes_supported: Vec<&'static str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [&'static str; 3],
    token_endpoint_auth_methods_supported: &'static [&'static str],
    revocation_endpoint_auth_methods_supported: &'static [&'static str],
    introspection_endpoint_auth_methods_supported: &'static [&'static str],
    code_challenge_methods_supported: [&'static str; 1],
    authorization_response_iss_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
}

/// The metadata document.
pub fn metadata(issuer: &Issuer, endpoints: &Endpoints<'_>) -> Answer {
    Answer::new(
        200,
        &Body {
            issuer: issuer.as_str(),
            authorization_endpoint: issuer.address(endpoints.authorize),
            token_endpoint: issuer.address(endpoints.token),
            revocation_endpoint: issuer.address(endpoints.revoke),
            introspection_endpoint: issuer.address(endpoints.introspect),
            scopes_supported: Scope::ALL.into_iter().map(Scope::name).collect(),
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
            token_endpoint_auth_methods_supported: ANY,
            revocation_endpoint_auth_methods_supported: ANY,
            introspection_endpoint_auth_methods_supported: CONFIDENTIAL,
            code_challenge_methods_supported: ["S256"],
            authorization_response_iss_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
        },
    )
}

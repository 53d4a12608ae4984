//! Reads the body of a token request (RFC 6749, 4.1.3, 4.4.2 and 6; RFC 7636, 4.5).
//! Called by the token endpoint before anything is fetched. What it returns shows no secret in `Debug`.

use crate::error::{Error, Kind};
use crate::opaque::Opaque;
use crate::params::Params;
use crate::pkce::Verifier;

/// What a client asks the token endpoint for.
#[derive(Debug, Clone)]
pub enum TokenRequest {
    /// `grant_type=authorization_code`.
    Code(CodeRequest),
    /// `grant_type=refresh_token`.
    Refresh(RefreshRequest),
    /// `grant_type=client_credentials`.
    Own(OwnRequest),
}

/// A code to redeem.
#[derive(Debug, Clone)]
pub struct CodeRequest {
    /// The code.
    pub code: Opaque,
    /// `redirect_uri`, if sent.
    pub redirect: Option<String>,
    /// The secret behind the challenge.
    pub verifier: Verifier,
}

/// A refresh token to use.
#[derive(Debug, Clone)]
pub struct RefreshRequest {
    /// The token.
    pub token: Opaque,
    /// `scope`, if sent: no more than was granted.
    pub scope: Option<String>,
}

/// A token for the client itself.
#[derive(Debug, Clone)]
pub struct OwnRequest {
    /// `scope`, if sent.
    pub scope: Option<String>,
}

impl TokenRequest {
    /// Reads a request's parameters.
    ///
    /// # Errors
    /// `invalid_request` for what is missing, repeated or malformed, `unsupported_grant_type` for others.
    pub fn read(params: &Params) -> Result<TokenRequest, Error> {
        let scope = params.one("scope")?.map(str::to_owned);
        match required(params, "grant_type")? {
            "authorization_code" => Ok(TokenRequest::Code(CodeRequest {
                code: Opaque::new(required(params, "code")?),
                redirect: params.one("redirect_uri")?.map(str::to_owned),
                verifier: Verifier::parse(required(params, "code_verifier")?).ok_or_else(|| {
                    Error::new(
                        Kind::InvalidRequest,
                        "The code_verifier has 43 to 128 characters: letters, digits and -._~",
                    )
                })?,
            })),
            "refresh_token" => {
                let token = Opaque::new(required(params, "refresh_token")?);
                Ok(TokenRequest::Refresh(RefreshRequest { token, scope }))
            }
            "client_credentials" => Ok(TokenRequest::Own(OwnRequest { scope })),
            _ => Err(Error::new(
                Kind::UnsupportedGrantType,
                "The grant_type is authorization_code, refresh_token or client_credentials.",
            )),
        }
    }
}

fn required<'p>(params: &'p Params, name: &'static str) -> Result<&'p str, Error> {
    params.one(name)?.ok_or_else(|| Error::missing(name))
}

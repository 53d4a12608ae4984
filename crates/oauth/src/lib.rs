//! The rules of OAuth 2.0 as this server keeps them: RFC 6749 without implicit and password grants, PKCE
//! with S256 only (RFC 7636), the security practice of RFC 9700, and RFC 7009, 7662, 8252, 8414 and 9207.
//! Called by the endpoints, the portal and the command line, which fetch records and keep what is decided.
//! It never does I/O, reads a clock or draws a random number; plain secrets pass through and are not kept.

pub mod answer;
pub mod authorize;
pub mod client;
pub mod credentials;
pub mod error;
pub mod grant;
pub mod inspect;
pub mod issuer;
pub mod opaque;
pub mod params;
pub mod pkce;
pub mod redirect;
pub mod scopes;

pub use client::{Client, ClientId, ClientKind, ClientSecret};
pub use error::{Error, Kind};
pub use issuer::Issuer;
pub use params::Params;
pub use redirect::RedirectUri;

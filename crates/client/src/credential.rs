//! What proves to the server who is calling: a token as it is, or tokens that OAuth2 renews. Asked by the sending loop for
//! the header of each try. No credential leaves it but in that header, and none is ever shown.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::oauth::TokenSource;
use crate::send::Sender;

/// A text that is not shown, not even by `{:?}`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where credentials come from.
#[derive(Debug, Clone)]
pub(crate) enum Authority {
    /// There is none: the token endpoint proves its callers by their parameters.
    Nobody,
    Fixed(HeaderValue),
    OAuth(Arc<TokenSource>),
}

/// The credential of one try.
#[derive(Debug)]
pub(crate) struct Granted {
    pub header: HeaderValue,
    /// Which of the tokens it is that OAuth gave one after the other.
    pub generation: u64,
}

impl Authority {
    pub fn bearer(token: &str) -> Result<Authority> {
        sensitive(format!("Bearer {token}")).map(Authority::Fixed)
    }

    pub fn basic(user: &str, password: &str) -> Result<Authority> {
        sensitive(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))).map(Authority::Fixed)
    }

    /// The header of the next try; a token that is about to end is renewed first.
    pub async fn header(&self, sender: &Arc<Sender>, deadline: Instant) -> Result<Option<Granted>> {
        match self {
            Authority::Nobody => Ok(None),
            Authority::Fixed(header) => Ok(Some(Granted { header: header.clone(), generation: 0 })),
            Authority::OAuth(source) => {
                let asked = Instant::now();
                let granted = tokio::time::timeout_at(deadline, source.granted(sender)).await;
                granted.unwrap_or_else(|_| Err(Error::Deadline { after: deadline - asked })).map(Some)
            }
        }
    }

    /// Told that a credential was refused: whether another may be had.
    pub fn renew(&self, refused: &Granted) -> bool {
        match self {
            Authority::OAuth(source) => source.renew(refused.generation),
            Authority::Nobody | Authority::Fixed(_) => false,
        }
    }
}

/// A header's value that debuggers and HPACK tables don't show.
pub(crate) fn sensitive(text: String) -> Result<HeaderValue> {
    let wrong = |_| Error::Setup("the credential holds characters that no header can have".to_owned());
    let mut header = HeaderValue::from_str(&text).map_err(wrong)?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_credential_is_shown() {
        for authority in [Authority::bearer("1:hidden"), Authority::basic("1", "hidden")] {
            let shown = format!("{:?}", authority.unwrap());
            assert!(!shown.contains("hidden") && !shown.contains("MTpoaWRkZW4="), "{shown}");
        }
        assert_eq!(format!("{:?}", Secret::new("hidden")), "Secret(…)");
    }

    #[test]
    fn a_credential_with_a_line_break_is_refused() {
        assert!(matches!(Authority::bearer("1:a\r\nX: y"), Err(Error::Setup(_))));
    }
}

//! The server's name in OAuth: the address that metadata and `iss` carry (RFC 8414, 2; RFC 9207).
//! Made once from the configured public address; everything that names an endpoint builds on it.

use url::Url;

/// An issuer identifier: an address without query, fragment or final slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    path: String,
}

/// Why an address can't name an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an issuer is an https (or, for trying out, http) address without user, query and fragment")]
pub struct NoIssuer;

impl Issuer {
    /// Reads the server's public address. The standard wants https; http is for trying things out.
    ///
    /// # Errors
    /// [`NoIssuer`].
    pub fn parse(text: &str) -> Result<Issuer, NoIssuer> {
        let url = Url::parse(text).map_err(|_| NoIssuer)?;
        let web = matches!(url.scheme(), "https" | "http") && url.has_host();
        let bare = url.username().is_empty() && url.password().is_none();
        if !web || !bare || url.query().is_some() || url.fragment().is_some() {
            return Err(NoIssuer);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        let text = url.as_str().trim_end_matches('/').to_owned();
        Ok(Issuer { text, path })
    }

    /// As it stands in metadata and in `iss`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where metadata about it is looked for: the well-known name goes before its path (RFC 8414, 3.1).
    pub fn metadata_path(&self) -> String {
        format!("/.well-known/oauth-authorization-server{}", self.path)
    }

    /// The address of a path of this server, which starts with a slash.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }
}

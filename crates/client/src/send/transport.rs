//! One try on the wire: a request becomes bytes to the server, and its bytes an answer. Used by the sending loop.
//! It never retries, follows no redirect and decides nothing.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use rustls::{ClientConfig, RootCertStore};
use url::Url;

use super::Tried;
use super::answer::Answer;
use super::request::Request;
use crate::error::{Cause, Error, Result};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

#[derive(Debug)]
pub(crate) struct Transport {
    http: reqwest::Client,
    /// Ends in `/v1/`.
    base: Url,
}

impl Transport {
    /// `root` is the server's address: what stands before `/v1/`.
    pub fn new(http: reqwest::Client, root: &str) -> Result<Transport> {
        let wrong = |why: &str| Error::Setup(format!("{root:?} is no address of a server: {why}"));
        let mut base = Url::parse(root).map_err(|why| wrong(&why.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(wrong("it must begin with http:// or https://"));
        }
        if base.query().is_some() || base.fragment().is_some() || !base.username().is_empty() {
            return Err(wrong("it must end after the path, and hold no credential"));
        }
        let path = format!("{}/v1/", base.path().trim_end_matches('/'));
        base.set_path(&path);
        Ok(Transport { http, base })
    }

    /// The address of something beside the API, such as `oauth/token`.
    pub fn beside(&self, path: &str) -> String {
        format!("{}{path}", self.root())
    }

    fn root(&self) -> &str {
        self.base.as_str().trim_end_matches("v1/")
    }

    pub(super) async fn send(
        &self,
        request: &Request,
        credential: Option<(HeaderName, HeaderValue)>,
    ) -> Tried {
        let mut url = match self.base.join(&request.path) {
            // A credential goes to this server alone, whatever a path says.
            Ok(url) if url.as_str().starts_with(self.root()) => url,
            _ => return Tried::NotSent(Error::Setup("the path leads elsewhere".to_owned())),
        };
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let mut headers: HeaderMap = request.headers.clone();
        headers.extend(credential);
        if let Some(key) = request.repeat.key() {
            match HeaderValue::from_str(key) {
                Ok(key) => drop(headers.insert(IDEMPOTENCY_KEY, key)),
                Err(_) => {
                    return Tried::NotSent(Error::Setup(
                        "an idempotency key is 1 to 255 visible characters".into(),
                    ));
                }
            }
        }
        let mut built = self.http.request(request.verb.clone(), url).headers(headers);
        if let Some(body) = &request.body {
            built = built.body(body.clone());
        }
        let response = match built.send().await {
            Ok(response) => response,
            // As long as there is no connection, nothing was written to it.
            Err(why) if why.is_connect() || why.is_builder() => {
                return Tried::NotSent(Error::Transport { sent: false, source: Cause::of(why) });
            }
            Err(why) => return Tried::Lost(Error::Transport { sent: true, source: Cause::of(why) }),
        };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        match response.bytes().await {
            Ok(body) => Tried::Answered(Answer { status, headers, body }),
            Err(why) => Tried::Lost(Error::Transport { sent: true, source: Cause::of(why) }),
        }
    }
}

/// HTTP as this crate speaks it: HTTP/1.1 straight to the server, with TLS that trusts what the system trusts (or Mozilla's
/// list, where it has none).
pub(crate) fn http(connect_timeout: Duration) -> Result<reqwest::Client> {
    let failed = |why: &dyn std::fmt::Display| Error::Setup(why.to_string());
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|why| failed(&why))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .http1_only()
        .user_agent(concat!("contactgram-client/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect_timeout)
        .build()
        .map_err(|why| failed(&why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(root: &str) -> Result<String> {
        let http = http(Duration::from_secs(1)).expect("a client");
        Transport::new(http, root).map(|transport| transport.base.to_string())
    }

    #[test]
    fn an_address_may_have_a_path_and_a_slash_at_its_end() {
        for (root, wanted) in [
            ("http://127.0.0.1:8081", "http://127.0.0.1:8081/v1/"),
            ("https://example.org/", "https://example.org/v1/"),
            ("https://example.org/contactgram/", "https://example.org/contactgram/v1/"),
        ] {
            assert_eq!(base(root).unwrap(), wanted);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_before_anything_is_sent() {
        for root in ["", "example.org", "ftp://example.org", "http://1:a@example.org", "http://x/?a=b"] {
            assert!(matches!(base(root), Err(Error::Setup(_))), "{root}");
        }
    }
}

//! The parameters of a request: a query, or the body of a form.
//! Every reader of this crate takes its parameters from here, so that none of them can be sent twice
//! unnoticed. It never judges a value.

use std::fmt;

/// Names and values in the order they were sent.
pub struct Params(Vec<(String, String)>);

/// A parameter that was sent more than once, which RFC 6749 (3.1 and 3.2) forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeated(pub &'static str);

impl Params {
    /// Reads `application/x-www-form-urlencoded`. Anything can be read; what is no UTF-8 becomes U+FFFD.
    ///
    /// For the token endpoint and its neighbours this must be the body, never the query: a secret in an
    /// address ends up in logs.
    pub fn parse(text: &[u8]) -> Params {
        Params(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The value of `name`. One without a value counts as left out (RFC 6749, 3.1).
    ///
    /// # Errors
    /// [`Repeated`], also when only one of them has a value, or when all are the same.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, Repeated> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(Repeated(name));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

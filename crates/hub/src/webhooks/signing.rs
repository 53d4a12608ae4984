//! The secrets of an endpoint: kept encrypted, opened when its dispatcher begins, and put under each delivery. A secret that
//! was replaced signs beside the new one for a day, so that a receiver may change over when it likes.

use crate::seal::Seal;
use crate::{Error, random};
use contactgram_connector::courier::{SECRET_BYTES, Signed, SigningSecret};
use contactgram_model::webhook::Endpoint;
use contactgram_model::{Timestamp, UpdateId, UserId};

/// How long a secret that was replaced still signs: 24 hours, in seconds.
pub(super) const OVERLAP_S: i64 = 24 * 3600;

/// What one endpoint's deliveries are signed with.
pub(super) struct Signing {
    account: UserId,
    endpoint: i64,
    secret: SigningSecret,
    before: Option<(SigningSecret, Timestamp)>,
}

/// What a secret is sealed for.
pub(super) fn owner(account: UserId, endpoint: i64) -> String {
    format!("webhook {account} {endpoint}")
}

/// The name of an update at an endpoint: the same on each try, and when it is replayed.
pub(super) fn message_id(account: UserId, endpoint: i64, update: UpdateId) -> String {
    format!("msg_{account}_{endpoint}_{update}")
}

/// A new secret.
pub(super) fn make() -> Result<SigningSecret, Error> {
    let mut bytes = vec![0; SECRET_BYTES];
    random::fill(&mut bytes)?;
    SigningSecret::from_bytes(bytes).ok_or(Error::Internal)
}

impl Signing {
    /// Opens what is kept; `None` where that was encrypted with another key.
    pub fn open(seal: &Seal, account: UserId, endpoint: &Endpoint) -> Option<Signing> {
        let owner = owner(account, endpoint.id);
        let open = |sealed: &[u8]| SigningSecret::from_bytes(seal.open(&owner, sealed)?);
        let before = match &endpoint.old_secret {
            Some((sealed, until)) => Some((open(sealed)?, *until)),
            None => None,
        };
        Some(Signing { account, endpoint: endpoint.id, secret: open(&endpoint.secret)?, before })
    }

    /// Signs one try.
    pub fn sign(&self, update: UpdateId, now: Timestamp, body: &[u8]) -> Signed {
        let before = self.before.as_ref().filter(|(_, until)| now < *until).map(|(secret, _)| secret);
        let id = message_id(self.account, self.endpoint, update);
        Signed::with(std::iter::once(&self.secret).chain(before), (id, now), body)
    }
}

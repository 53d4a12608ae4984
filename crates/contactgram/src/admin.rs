//! The admin token: made and digested here, compared at the door of the people's routes. Called by the first
//! start and by `admin-token`. `Debug` says nothing of it.

use std::fmt;

use contactgram_hub::Hub;
use contactgram_model::{TokenDigest, hex};
use sha2::{Digest, Sha256};

use crate::failure::{Failure, Outcome};

/// 192 bits.
const RANDOM_BYTES: usize = 24;

/// The admin token in plain form.
pub struct AdminToken(String);

impl AdminToken {
    /// A new one.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub fn create() -> Outcome<AdminToken> {
        let mut random = [0; RANDOM_BYTES];
        getrandom::fill(&mut random)
            .map_err(|error| Failure::while_doing("the system gives no randomness", error))?;
        Ok(AdminToken(format!("admin-{}", hex::encode(&random))))
    }

    /// What it is compared by.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::from_bytes(&Sha256::digest(self.0.as_bytes()))
            .expect("SHA-256 has the length of a digest")
    }

    /// Makes it the one that counts; the one before stops working. The store keeps lower-case hexadecimal.
    pub async fn keep(&self, hub: &Hub) -> Outcome {
        Ok(hub.set_admin_digest(self.digest().to_hex()).await?)
    }

    /// The token itself, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for AdminToken {
    fn from(text: String) -> AdminToken {
        AdminToken(text)
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_is_new_and_debug_hides_it() {
        let (one, two) = (AdminToken::create().unwrap(), AdminToken::create().unwrap());
        assert_ne!(one.reveal(), two.reveal());
        assert!(one.digest() != two.digest());
        assert_eq!(format!("{one:?}"), "AdminToken(…)");
    }

    #[test]
    fn the_digest_is_plain_sha_256() {
        let digest = AdminToken::from("abc".to_owned()).digest().to_hex();
        assert_eq!(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}

//! Passwords are hashed with argon2id and compared here, two at a time, away from the threads that serve requests.
//! A hash costs 19 MiB and some 20 ms, so whoever would wait behind many is refused.

use crate::{Error, random};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use contactgram_model::Password;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Hashes that are made at a time.
const TURNS: usize = 2;
/// Callers that wait or are served at most: about a second of work.
const PLACES: usize = 64;
/// What is compared with where there is no password: the same work, and nothing fits it.
const NONE: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Whoever hashes takes a turn.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Passwords {
        Passwords { turns: Arc::new(Semaphore::new(TURNS)), places: Arc::new(Semaphore::new(PLACES)) }
    }
}

impl Passwords {
    /// A hash to be kept, with a salt of its own, in the PHC string format.
    pub async fn hash(&self, password: Password) -> Result<String, Error> {
        let mut salt = [0; 16];
        random::fill(&mut salt)?;
        self.in_turn(move || {
            let hash: PasswordHash = Argon2::default()
                .hash_password_with_salt(password.bytes(), &salt)
                .map_err(|error| Error::internal(format!("a password can't be hashed: {error}")))?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether a password fits a hash. Without a hash it does not, after the same work.
    pub async fn fits(&self, password: Password, hash: Option<String>) -> Result<bool, Error> {
        self.in_turn(move || {
            let text = hash.as_deref().unwrap_or(NONE);
            let parsed = PasswordHash::new(text)
                .map_err(|error| Error::internal(format!("a kept password hash can't be read: {error}")))?;
            Ok(Argon2::default().verify_password(password.bytes(), &parsed).is_ok() && hash.is_some())
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let busy =
            || Error::Unavailable { text: "too many passwords wait to be compared".into(), retry_after: 1 };
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| busy())?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(Error::internal)?;
        // Both go along: work goes on when nobody waits for it any more.
        let done = tokio::task::spawn_blocking(move || {
            let _held = (place, turn);
            work()
        });
        done.await.map_err(Error::internal)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let passwords = Passwords::default();
        let (right, wrong) = (Password::entered("correct horse"), Password::entered("correct house"));
        let hash = passwords.hash(right.clone()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(passwords.hash(right.clone()).await.unwrap(), hash, "each has a salt of its own");
        assert_eq!(passwords.fits(right.clone(), Some(hash.clone())).await, Ok(true));
        assert_eq!(passwords.fits(wrong, Some(hash)).await, Ok(false));
        assert_eq!(passwords.fits(right, None).await, Ok(false));
    }

    #[test]
    fn the_hash_of_nobody_is_read_like_that_of_somebody() {
        let parsed = PasswordHash::new(NONE).unwrap();
        assert_eq!(parsed.hash.unwrap().len(), 32);
        assert_eq!(NONE.split('$').nth(3), Some("m=19456,t=2,p=1"));
    }

    #[tokio::test]
    async fn who_would_wait_behind_too_many_is_refused() {
        let passwords = Passwords::default();
        let all = Arc::clone(&passwords.places).acquire_many_owned(PLACES as u32).await.unwrap();
        let refused = passwords.fits(Password::entered("x"), None).await;
        assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
        drop(all);
        assert_eq!(passwords.fits(Password::entered("x"), None).await, Ok(false));
    }
}

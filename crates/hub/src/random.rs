//! Randomness, made outside transactions and moved in: a transaction may run twice and must then do the same.

use crate::Error;

/// 64 random bits from the operating system.
pub fn seed() -> Result<u64, Error> {
    let mut bytes = [0; 8];
    fill(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// Fills `bytes` from the operating system.
pub fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes).map_err(Error::internal)
}

//! Everything SQL: one body per operation, two engines. The hub calls [`Store`]'s doors with closures that
//! call the operations in [`ops`]; the store decides how they run. It speaks no HTTP and knows no rules of
//! the product.
//!
//! Closures may run more than once (a deadlock, a neighbour's failed COMMIT): make ids, times, random
//! numbers and hashes outside and move them in.

pub mod backup;
mod config;
mod error;
pub mod figures;
mod job;
pub mod migrate;
pub mod ops;
mod param;
mod postgres;
mod slots;
mod sql;
mod sqlite;
mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod tx;

pub use config::{Location, Options};
pub use error::StoreError;
pub use param::{AsParam, Param};
pub use sql::{Sql, intern};
pub use store::Store;
pub use tx::{Dialect, R, Row, Tx};

#[cfg(test)]
mod contract;

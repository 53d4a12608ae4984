//! The rules of OAuth as tables: each row is a request or record, and what becomes of it.
//! Nothing here knows more of the crate than its callers do.

#![expect(clippy::type_complexity, reason = "a table's rows are described by its columns, not by a name")]

mod answer;
mod authorize;
mod authorize_errors;
mod code;
mod consent;
mod credentials;
mod inspect;
mod own;
mod properties;
mod redirect;
mod refresh;
mod secrets;
mod support;
mod token_request;

//! Why a request to an upstream brought no answer, in words that hold no URL and so no token.
//! Made by the pool and by the bodies that pass through it; shown to operators and, shortened, to callers.

use std::error::Error;
use std::fmt;
use std::io;

/// Why no (whole) answer came. Its text is for logs and operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// The host has no address.
    NoAddress,
    /// Nobody listens there, or the network doesn't lead there.
    Unreachable,
    /// Connecting took too long.
    ConnectTimeout,
    /// No trust: the certificate, its name, or the protocol.
    Tls,
    /// The connection was closed or reset.
    Closed,
    /// No answer, or no more of it, within the time.
    TimedOut,
    /// What came is no HTTP, or no Bot API answer where one was due.
    Garbled,
    /// The answer is longer than such an answer may be.
    TooLong,
    /// The caller's own request broke off while it was passed on.
    Caller,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::NoAddress => "the host has no address",
            Why::Unreachable => "connection refused",
            Why::ConnectTimeout => "connecting took too long",
            Why::Tls => "no trusted TLS connection",
            Why::Closed => "the connection was closed",
            Why::TimedOut => "no answer in time",
            Why::Garbled => "not a Bot API answer",
            Why::TooLong => "the answer is too long",
            Why::Caller => "the request broke off",
        })
    }
}

impl Error for Why {}

impl Why {
    /// Reads an error of an established connection.
    pub(super) fn of_connection(error: &hyper::Error) -> Why {
        if error.is_parse() {
            return Why::Garbled;
        }
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(current) = cause {
            if let Some(io) = current.downcast_ref::<io::Error>() {
                return Why::of_io(io);
            }
            cause = current.source();
        }
        Why::Closed
    }

    /// Reads an error of a socket or of TLS on it.
    pub(super) fn of_io(error: &io::Error) -> Why {
        let is_tls = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
        match error.kind() {
            _ if is_tls => Why::Tls,
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::AddrNotAvailable => Why::Unreachable,
            io::ErrorKind::TimedOut => Why::TimedOut,
            _ => Why::Closed,
        }
    }
}

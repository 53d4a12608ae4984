//! Asks the server at the listen address how it is, as a supervisor would: `/livez`, `/readyz`. Used by `doctor` and `health`.
//! One request on one connection, without a client's library; what to make of the answer is the caller's business.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::banner::reachable;

/// For an answer.
pub const PATIENCE: Duration = Duration::from_secs(3);
const LONGEST: u64 = 64 * 1024;

/// What was answered.
pub struct Answer {
    /// The HTTP status, if it was HTTP.
    pub status: Option<u16>,
    /// Whether it was a server of ours: ours says so in its envelope.
    pub is_ours: bool,
}

/// Gets a path from the server that listens there.
///
/// # Errors
/// Nobody listens, or no answer comes in time.
pub async fn ask(listen: &str, path: &str) -> io::Result<Answer> {
    let silent = || io::Error::new(io::ErrorKind::TimedOut, "nothing answers in time");
    tokio::time::timeout(PATIENCE, get(listen, path)).await.map_err(|_| silent())?
}

async fn get(listen: &str, path: &str) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(reachable(listen)).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    Ok(Answer { status, is_ours: answer.contains("x-request-id") })
}

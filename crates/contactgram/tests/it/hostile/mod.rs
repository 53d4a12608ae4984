//! Clients that are slow, greedy or many, against the real server with the limits it is shipped with.

#![allow(clippy::unwrap_used)]

mod crowds;
mod overload;
mod slow;
mod twisted;

use contactgram_testkit::{Account, TestServer};

/// The head of a sendMessage with these further header lines.
fn head(account: &Account, headers: &str) -> String {
    let token = &account.token;
    format!(
        "POST /bot{token}/sendMessage HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{headers}\r\n"
    )
}

/// A request that succeeds, on a connection that lives on.
fn get_me(account: &Account) -> String {
    format!("GET /bot{}/getMe HTTP/1.1\r\nhost: x\r\n\r\n", account.token)
}

/// The memory that the server has in use, in bytes.
fn memory(server: &TestServer) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process_id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

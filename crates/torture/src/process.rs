//! The real server as a child: started with its own command line, perhaps under a tracer that lets its fsyncs
//! fail or lie, killed, and waited for. Used by the stage; knows nothing of what is asked of the server.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::http::{Connection, Request};

/// For a loaded machine, and for recovering a large log.
const PATIENCE: Duration = Duration::from_secs(120);

/// What happens to the server's fsyncs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fsync {
    Honest,
    /// Answered with success and not done, as a lying disk does.
    Lying,
    /// From this one on, counted in each thread, they fail with EIO.
    FailingFrom(u64),
}

/// Where a server's things are.
#[derive(Debug, Clone)]
pub struct Program {
    pub file: PathBuf,
    pub data: PathBuf,
    /// A database elsewhere.
    pub store: Option<String>,
    /// What the server logs.
    pub log: PathBuf,
}

/// A running server; dropping it kills it.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// From the start of the process to the first 200 of `/readyz`.
    pub ready_after: Duration,
}

/// An account of the server.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: i64,
    pub token: String,
}

impl Program {
    /// Makes an account by the command line.
    pub async fn account(&self, name: &str) -> Result<Account, String> {
        let mut command = self.command(&self.file);
        self.arguments(&mut command, &["account", "add", "--json", "--name", name]);
        let output = command.output().await.map_err(|why| format!("{}: {why}", self.file.display()))?;
        let made: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        match (made["id"].as_i64(), made["token"].as_str()) {
            (Some(id), Some(token)) => Ok(Account { id, token: token.to_owned() }),
            _ => Err(format!("no account was made: {}", String::from_utf8_lossy(&output.stderr).trim())),
        }
    }

    /// Starts the server on a free port and waits until it is ready.
    pub async fn start(&self, fsync: Fsync) -> Result<Server, String> {
        let begin = Instant::now();
        let log = File::options().create(true).append(true).open(&self.log);
        let log = log.map_err(|why| format!("{}: {why}", self.log.display()))?;
        let mut command = match tracer(fsync) {
            None => self.command(&self.file),
            Some(words) => {
                let mut command = self.command(Path::new("strace"));
                command.args(words).arg(&self.file);
                command
            }
        };
        self.arguments(&mut command, &["serve", "--listen", "127.0.0.1:0", "--log", "warn"]);
        command.stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().map_err(|why| format!("the server can't be started: {why}"))?;
        let stdout = child.stdout.take().ok_or("the server has no output")?;
        let (sender, listening) = tokio::sync::oneshot::channel();
        tokio::spawn(read_address(BufReader::new(stdout), sender));
        let address = tokio::time::timeout(PATIENCE, listening).await.ok().and_then(Result::ok);
        let address = address.ok_or_else(|| format!("the server does not listen: {}", self.last_words()))?;
        let mut connection = Connection::new(address);
        while begin.elapsed() < PATIENCE {
            let answer = connection.send(&Request::get("", "/readyz")).await;
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Ok(Server { child, address, ready_after: begin.elapsed() });
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(format!("the server is not ready: {}", self.last_words()))
    }

    /// The end of the server's log.
    pub fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            // The server takes a variable of the tests for a mistyped setting.
            if name.to_string_lossy().starts_with("CONTACTGRAM_") {
                command.env_remove(name);
            }
        }
        command.stdin(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    fn arguments(&self, command: &mut Command, words: &[&str]) {
        command.args(words).arg("--data").arg(&self.data);
        if let Some(store) = &self.store {
            command.args(["--store", store]);
        }
    }
}

impl Server {
    /// Ends it at once (SIGKILL).
    pub async fn kill(mut self) -> Result<(), String> {
        self.child.kill().await.map_err(|why| format!("the server can't be killed: {why}"))
    }

    /// Waits until it ends by itself; `None` when it doesn't in this time.
    pub async fn ended(&mut self, within: Duration) -> Option<ExitStatus> {
        tokio::time::timeout(within, self.child.wait()).await.ok().and_then(Result::ok)
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

/// The words before the server's own. With `-D` the tracer is the grandchild and the server our child, so
/// that its end and its signals are ours to see and send.
fn tracer(fsync: Fsync) -> Option<Vec<String>> {
    let fate = match fsync {
        Fsync::Honest => return None,
        Fsync::Lying => "retval=0".to_owned(),
        Fsync::FailingFrom(first) => format!("error=EIO:when={first}+"),
    };
    let words = ["-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e"];
    let mut words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    words.push(format!("inject=fsync,fdatasync:{fate}"));
    Some(words)
}

/// Finds the address in the banner, then reads on: a full pipe would stop the server.
async fn read_address(
    output: BufReader<tokio::process::ChildStdout>,
    found: tokio::sync::oneshot::Sender<SocketAddr>,
) {
    let (mut lines, mut found) = (output.lines(), Some(found));
    while let Ok(Some(line)) = lines.next_line().await {
        let address = line.strip_prefix("listening on http://").and_then(|address| address.parse().ok());
        if let (Some(address), Some(sender)) = (address, found.take_if(|_| address.is_some())) {
            // Whoever started it may have given up.
            let _ = sender.send(address);
        }
    }
}

//! The server's process: started, read until it says where it listens, stopped, killed. Used by `server`.
//! Knows nothing of HTTP.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// For a loaded machine; a server that works takes a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(60);
const LISTENING: &str = "listening on ";

pub struct Process {
    child: Child,
    pub url: String,
    /// What it printed until it listened: the first start's tokens are in it.
    pub banner: String,
}

impl Process {
    /// Starts it; its log goes to the file `log`.
    ///
    /// # Panics
    /// When it ends, or says nothing for a minute, before it listens.
    pub async fn start(command: std::process::Command, log: &Path) -> Process {
        let mut command = Command::from(command);
        let errors = File::options().create(true).append(true).open(log).expect("the log can be written");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors).kill_on_drop(true);
        let mut child = command.spawn().unwrap_or_else(|why| panic!("cannot start {command:?}: {why}"));
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let mut banner = String::new();
        let url = tokio::time::timeout(PATIENCE, until_listening(&mut lines, &mut banner)).await;
        let Ok(Some(url)) = url else {
            let said = std::fs::read_to_string(log).unwrap_or_default();
            panic!("the server does not listen.\n--- it printed\n{banner}--- it logged\n{said}");
        };
        // Somebody must go on reading, or a full pipe stops the server.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Process { child, url, banner }
    }

    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Asks it to finish, as an operator would, and waits for its end.
    pub async fn stop(mut self) -> ExitStatus {
        self.signal("TERM").await;
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended.expect("the server ends when asked to").expect("its end can be awaited")
    }

    /// Ends it at once (SIGKILL): what is not on disk now is lost.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("a child can be killed");
    }

    /// Sends a signal by its name, without `SIG`.
    pub async fn signal(&self, name: &str) {
        let Some(id) = self.id() else { return };
        let sent = Command::new("kill").args(["-s", name, &id.to_string()]).status().await;
        assert!(sent.is_ok_and(|status| status.success()), "SIG{name} could not be sent");
    }
}

/// The program under test.
///
/// # Panics
/// When it is in none of the places.
pub fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("CONTACTGRAM_BIN") {
        return PathBuf::from(named);
    }
    // target/debug/deps/it-0123… and target/debug/contactgram.
    let test = std::env::current_exe().expect("a test knows its own path");
    let built = test.ancestors().skip(1).take(2).map(|folder| folder.join("contactgram"));
    let mut built = built.filter(|file| file.is_file());
    built
        .next()
        .expect("build the program first (`cargo build -p contactgram`), or name it in CONTACTGRAM_BIN")
}

/// A command without the variables that steer tests: the server takes an unknown one for a mistyped setting.
pub fn command(program: &Path, folder: &Path) -> std::process::Command {
    let mut command = std::process::Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CONTACTGRAM_") {
            command.env_remove(name);
        }
    }
    command.current_dir(folder);
    command
}

async fn until_listening(lines: &mut Lines<BufReader<ChildStdout>>, banner: &mut String) -> Option<String> {
    while let Ok(Some(line)) = lines.next_line().await {
        banner.push_str(&line);
        banner.push('\n');
        if let Some((_, url)) = line.split_once(LISTENING) {
            return url.split_whitespace().next().map(|url| url.trim_end_matches('/').to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn shell(folder: &Path, script: &str) -> std::process::Command {
        let mut command = command(Path::new("sh"), folder);
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn a_process_is_read_until_it_listens_and_then_stopped_or_killed() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let script =
            "echo token 1:a; echo listening on http://127.0.0.1:9/ now; echo busy >&2; exec sleep 99";
        let process = Process::start(shell(folder.path(), script), &log).await;
        assert_eq!(process.url, "http://127.0.0.1:9");
        assert_eq!(process.banner.lines().next(), Some("token 1:a"));
        assert_eq!(process.stop().await.signal(), Some(15));

        let again = Process::start(shell(folder.path(), script), &log).await;
        let id = again.id().unwrap();
        again.kill().await;
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }

    #[tokio::test]
    #[should_panic(expected = "no such key")]
    async fn a_process_that_ends_before_it_listens_shows_what_it_said() {
        let folder = tempfile::tempdir().unwrap();
        let script = "echo starting; echo no such key >&2; exit 1";
        Process::start(shell(folder.path(), script), &folder.path().join("log")).await;
    }

    #[tokio::test]
    async fn variables_that_steer_the_tests_do_not_reach_the_server() {
        // Cargo sets none of ours, so ask for the whole environment and look.
        let folder = tempfile::tempdir().unwrap();
        let printed = shell(folder.path(), "env").output().unwrap();
        let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
        assert!(printed.contains("PATH="), "{printed}");
        assert!(!printed.contains("CONTACTGRAM_"), "{printed}");
    }
}

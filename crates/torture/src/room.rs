//! A room of its own for the program: namespaces of mounts and processes that the kernel clears away when it
//! ends, however it ends, with every server, tracer and disk in them. Called by `main`; without root it does
//! nothing, and the drops must do.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use tokio::signal::unix::{SignalKind, signal};

/// The first word ends the room with this process, even with a SIGKILL of it.
const ROOM: [&str; 9] = [
    "setpriv",
    "--pdeathsig=KILL",
    "unshare",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "--",
];

/// Whether this machine has such rooms.
pub fn is_possible() -> bool {
    let mut trial = Command::new(ROOM[0]);
    trial.args(&ROOM[1..]).arg("true");
    trial.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    trial.status().is_ok_and(|status| status.success())
}

/// Runs this program again in a room, with a folder of its own in `scratch`, and returns how that ended.
///
/// # Errors
/// A sentence, when it can't be started.
pub fn enter(scratch: &Path) -> Result<ExitCode, String> {
    let own = std::env::current_exe().map_err(|why| format!("where am I: {why}"))?;
    let folder = tempfile::Builder::new().prefix("contactgram-torture-").tempdir_in(scratch);
    let folder = folder.map_err(|why| format!("no folder in {}: {why}", scratch.display()))?;
    // One thread: the room ends with the thread that made it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|why| format!("no runtime: {why}"))?.block_on(async {
        let cannot = |why| format!("signals can't be waited for: {why}");
        let mut interrupted = signal(SignalKind::interrupt()).map_err(cannot)?;
        let mut told = signal(SignalKind::terminate()).map_err(cannot)?;
        let mut inside = tokio::process::Command::new(ROOM[0]);
        inside.args(&ROOM[1..]).arg(own).args(std::env::args_os().skip(1));
        inside.arg("--inside").arg("--scratch").arg(folder.path()).kill_on_drop(true);
        let mut inside = inside.spawn().map_err(|why| format!("{}: {why}", ROOM[0]))?;
        let status = tokio::select! {
            status = inside.wait() => status.map_err(|why| format!("{}: {why}", ROOM[0]))?,
            _ = interrupted.recv() => return end(inside, "interrupted").await,
            _ = told.recv() => return end(inside, "told to end").await,
        };
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

async fn end(mut inside: tokio::process::Child, why: &str) -> Result<ExitCode, String> {
    inside.kill().await.map_err(|why| format!("the room can't be ended: {why}"))?;
    Err(why.to_owned())
}

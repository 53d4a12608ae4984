//! A PostgreSQL of one test, with settings that the server the suites share must never have. Made from the
//! programs on this machine, on a free port of 127.0.0.1, and removed with the test. It touches no other cluster.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

pub struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    /// PostgreSQL refuses to run as root, which lends it another user.
    user: Option<&'static str>,
}

impl Cluster {
    /// An empty cluster that doesn't run yet; `None` where PostgreSQL is not installed.
    pub fn make() -> Option<Cluster> {
        let programs = programs()?;
        let folder = tempfile::tempdir().unwrap();
        let user = (folder.path().metadata().unwrap().uid() == 0).then_some("postgres");
        if let Some(user) = user {
            assert!(Command::new("chown").arg(user).arg(folder.path()).status().unwrap().success());
        }
        let cluster = Cluster { folder, programs, user };
        let mut make = cluster.program("initdb");
        make.args([
            "--username=postgres",
            "--auth=trust",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]);
        finish(make.arg("--pgdata").arg(cluster.data()));
        Some(cluster)
    }

    /// Starts it with these settings and answers with its URL.
    pub fn start(&self, settings: &str) -> String {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let options =
            format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' {settings}");
        let mut start = self.program("pg_ctl");
        start.args(["start", "--wait", "--silent", "--options", &options, "--pgdata"]).arg(self.data());
        finish(start.arg("--log").arg(self.folder.path().join("log")));
        format!("postgres://postgres@127.0.0.1:{port}/postgres")
    }

    pub fn stop(&self) {
        let mut stop = self.program("pg_ctl");
        finish(stop.args(["stop", "--mode=immediate", "--wait", "--silent", "--pgdata"]).arg(self.data()));
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = match self.user {
            None => Command::new(program),
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(program);
                command
            }
        };
        command.current_dir("/");
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.data().join("postmaster.pid").exists() {
            self.stop();
        }
    }
}

/// Runs it to its end. A server that it starts would keep pipes of ours open, so there are none.
fn finish(command: &mut Command) {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?} ended with {status}");
}

/// The newest of Debian's, or those on PATH.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("initdb").is_file())
        .max();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut on_path =
        std::env::split_paths(&path).filter(|folder: &PathBuf| Path::new(folder).join("initdb").is_file());
    newest.map(|(_, folder)| folder).or_else(|| on_path.next())
}

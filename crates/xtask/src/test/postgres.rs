//! A throwaway PostgreSQL cluster for one run of the tests: made, started, and removed again.
//! Called by `test`. Durability keeps its safe defaults, because the server under test refuses anything else.
//! It never touches a cluster that it has not made.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run;

/// A running cluster; dropping it stops the server and removes its files.
pub struct Cluster {
    server: Server,
    folder: PathBuf,
    port: u16,
}

/// The programs, and the user that has to run them.
struct Server {
    programs: PathBuf,
    /// PostgreSQL refuses to run as root, so root lends it another user.
    user: Option<&'static str>,
}

/// The folder with `initdb` and `pg_ctl`: the newest of Debian's, or the one on PATH.
pub fn programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder): &(u32, PathBuf)| folder.join("initdb").is_file())
        .collect();
    versions.sort();
    versions.pop().map(|(_, folder)| folder).or_else(|| Some(run::which("initdb")?.parent()?.to_owned()))
}

pub fn is_root() -> bool {
    run::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

impl Cluster {
    /// Makes and starts a cluster under `home`, or under the system's temporary folder where the server's user
    /// can't reach `home`.
    ///
    /// # Errors
    /// What PostgreSQL said.
    pub fn start(home: &Path) -> Result<Cluster, String> {
        let programs = programs().ok_or("PostgreSQL's initdb is not installed")?;
        let server = Server { programs, user: is_root().then_some("postgres") };
        let temporary = std::env::temp_dir();
        for parent in [home, temporary.as_path()] {
            server.sweep(parent);
        }
        let folder = server.make_folder(&[home, &temporary])?;
        let mut cluster = Cluster { server, folder, port: 0 };
        let data = cluster.data();
        run::output(
            cluster
                .server
                .program("initdb")
                .args(["--username=postgres", "--auth=trust", "--no-sync"])
                .args(["--encoding=UTF8", "--locale=C.UTF-8", "--pgdata", &data]),
        )?;
        cluster.launch()?;
        println!("PostgreSQL from {} on port {}", cluster.server.programs.display(), cluster.port);
        Ok(cluster)
    }

    /// The address of a superuser's database.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn data(&self) -> String {
        self.folder.join("data").to_string_lossy().into_owned()
    }

    /// Starts the server. The port is free when we look; another may take it first, hence the tries.
    fn launch(&mut self) -> Result<(), String> {
        let log = self.folder.join("log");
        let mut last = String::new();
        for _ in 0..3 {
            self.port = free_port()?;
            let options = format!(
                "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200",
                self.port
            );
            let mut start = self.server.program("pg_ctl");
            start.args(["start", "--wait", "--silent", "--pgdata", &self.data(), "--options", &options]);
            start.arg("--log").arg(&log);
            // Its standard error would be inherited by the server and keep a pipe open: let it be shown.
            match run::run(&mut start) {
                Ok(()) => return Ok(()),
                Err(why) => last = format!("{why}\n{}", fs::read_to_string(&log).unwrap_or_default()),
            }
        }
        Err(last)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.server.remove(&self.folder);
    }
}

impl Server {
    /// One of the server's programs, run as the server's user from a folder that this user can enter.
    fn program(&self, name: &str) -> Command {
        let mut command = self.as_user(&self.programs.join(name));
        command.current_dir("/");
        command
    }

    fn as_user(&self, program: &Path) -> Command {
        let Some(user) = self.user else { return Command::new(program) };
        let mut command = Command::new("runuser");
        command.args(["-u", user, "--"]).arg(program);
        command
    }

    /// Makes this process's folder in the first parent where the server's user can write.
    fn make_folder(&self, parents: &[&Path]) -> Result<PathBuf, String> {
        for parent in parents {
            let folder = parent.join(format!("{PREFIX}{}", std::process::id()));
            fs::create_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
            if let Some(user) = self.user {
                run::run(Command::new("chown").arg(user).arg(&folder))?;
            }
            if self
                .as_user(Path::new("test"))
                .arg("-w")
                .arg(&folder)
                .status()
                .is_ok_and(|status| status.success())
            {
                return Ok(folder);
            }
            // Best effort: an empty folder left behind does no harm.
            let _ = fs::remove_dir(&folder);
        }
        Err("no folder is both ours and reachable by the user postgres".to_owned())
    }

    /// Removes clusters whose run was killed before it could: their name says which process made them.
    fn sweep(&self, parent: &Path) {
        if !Path::new("/proc/self").exists() {
            return;
        }
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse::<u32>().ok());
            if owner.is_some_and(|owner| !Path::new(&format!("/proc/{owner}")).exists()) {
                self.remove(&entry.path());
            }
        }
    }

    fn remove(&self, folder: &Path) {
        let data = folder.join("data");
        if data.join("postmaster.pid").exists() {
            let mut stop = self.program("pg_ctl");
            stop.args(["stop", "--mode=immediate", "--wait", "--silent", "--pgdata"]).arg(&data);
            if let Err(why) = run::run(&mut stop) {
                println!("{why}");
            }
        }
        if let Err(why) = fs::remove_dir_all(folder) {
            println!("{}: {why}", folder.display());
        }
    }
}

const PREFIX: &str = "contactgram-pg-";

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|why| format!("no free port: {why}"))
}

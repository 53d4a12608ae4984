//! Sets the stage: data sets are made once and copied for each measurement, the server and its contestants are
//! started on them. Used by every operation. What it wrote besides the sets goes with it.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use contactgram_store::migrate;

use crate::Failed;
use crate::contest::Contestant;
use crate::fill::set::{self, Set, Size};
use crate::fill::{self, names};
use crate::postgres::{self, Pgbench};
use crate::process::{self, Process};
use crate::run::Settings;

/// The share of the machine that others may use while we measure.
const QUIET: f64 = 0.2;

pub struct Stage {
    pub settings: Settings,
    scratch: PathBuf,
    started: Cell<u32>,
}

/// The server on a copy of a set.
pub struct Server {
    pub process: Process,
    pub set: Set,
    ground: Ground,
}

/// What the server stands on.
pub enum Ground {
    /// The folder of a set.
    Kept(PathBuf),
    /// A folder with a copy of one.
    Copy(PathBuf),
    /// A database, and an empty folder.
    Database { folder: PathBuf, url: String },
}

impl Stage {
    pub fn new(settings: Settings) -> Result<Stage, Failed> {
        let scratch = settings.data.join(format!("run-{}", std::process::id()));
        fs::create_dir_all(&scratch)?;
        Ok(Stage { settings, scratch, started: Cell::new(0) })
    }

    /// The size that the settings ask for.
    pub fn size(&self) -> Size {
        Size { contacts: self.settings.contacts, messages: self.settings.messages, accounts: 0 }
    }

    /// Starts the server on a copy of a set, which is made where it is missing.
    pub fn server(&self, size: Size) -> Result<Server, Failed> {
        let (ground, set) = self.ground(size)?;
        let mut command = self.server_command(&ground);
        command.args(["--listen", "127.0.0.1:0"]);
        let process = Process::start(command, &self.path("server.log"))?;
        Ok(Server { process, set, ground })
    }

    /// A copy of a set, or the set itself where the settings say so.
    pub fn ground(&self, size: Size) -> Result<(Ground, Set), Failed> {
        if let Some(postgres) = self.postgres() {
            return self.database(&postgres, size);
        }
        let kept = self.settings.data.join(format!("{}-schema-{}", size.name(), schema()?));
        let set = fill::fill(&kept, size)?;
        if self.settings.in_place {
            return Ok((Ground::Kept(kept), set));
        }
        let copy = self.path("server");
        fs::create_dir_all(&copy)?;
        copy_synced(&set::database(&kept), &set::database(&copy))?;
        Ok((Ground::Copy(copy), set))
    }

    /// The PostgreSQL server, where the settings name one.
    pub fn postgres(&self) -> Option<postgres::Server> {
        (self.settings.engine != "sqlite").then(|| postgres::Server::new(&self.settings.engine))
    }

    /// Inserts by pgbench.
    pub fn pgbench(&self, server: &postgres::Server) -> Result<Pgbench, Failed> {
        Pgbench::prepare(server, self.path("pgbench.sql"))
    }

    fn database(&self, server: &postgres::Server, size: Size) -> Result<(Ground, Set), Failed> {
        let Size { contacts, messages, accounts } = size;
        let kept = format!("{contacts}_{messages}_{accounts}_{}", schema()?);
        let set = match server.set(&kept)? {
            Some(set) => set,
            None => {
                server.make(&kept, None)?;
                let set = fill::fill_database(&server.database(&kept), size)?;
                server.keep(&kept, &set)?;
                set
            }
        };
        let mut name = kept;
        if !self.settings.in_place {
            server.make("run", Some(&name))?;
            name = "run".to_owned();
        }
        let folder = self.path("server");
        fs::create_dir_all(&folder)?;
        Ok((Ground::Database { folder, url: server.database(&name) }, set))
    }

    /// A folder that goes with the stage.
    pub fn folder(&self, name: &str) -> Result<PathBuf, Failed> {
        let folder = self.path(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// A command on what a server stands on: the caller adds which.
    pub fn command(&self, server: &Server) -> Command {
        let mut command = self.program();
        server.ground.say(&mut command);
        command
    }

    /// The server's command line: metrics on. `--listen` is the caller's to add.
    pub fn server_command(&self, ground: &Ground) -> Command {
        let mut command = self.program();
        command.args(["serve", "--metrics-listen", "127.0.0.1:0"]);
        ground.say(&mut command);
        command
    }

    fn program(&self) -> Command {
        let mut command = Command::new(&self.settings.binary);
        for (name, _) in std::env::vars_os() {
            // Whatever the caller's own server is told, this one is a plain one.
            if name.to_string_lossy().starts_with("CONTACTGRAM_") {
                command.env_remove(name);
            }
        }
        command
    }

    /// Starts a contestant: this program itself in another role.
    pub fn contestant(&self, contestant: &Contestant) -> Result<Process, Failed> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve");
        match contestant {
            Contestant::Hyper { size } => command.args(["hyper", "--size", &size.to_string()]),
            Contestant::Floor { rows } => {
                command.arg("floor").arg("--database").arg(self.floor_database(*rows)?)
            }
            Contestant::Hub => command.arg("hub"),
            Contestant::Poll => command.arg("poll"),
            Contestant::Upstream => command.arg("upstream"),
            Contestant::Proxy { upstream } => command.args(["proxy", "--upstream", upstream]),
        };
        Process::start(command, &self.path("contestant.log"))
    }

    /// Waits for others to leave the machine alone, within reason.
    pub fn wait_until_quiet(&self) {
        let processors = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        let deadline = Instant::now() + Duration::from_secs_f64(self.settings.quiet.clamp(0.0, 600.0));
        while Instant::now() < deadline {
            let (busy, start) = (process::machine_busy(), Instant::now());
            std::thread::sleep(Duration::from_millis(200));
            let busy = (process::machine_busy() - busy) as f64 / start.elapsed().as_nanos() as f64;
            if busy / processors < QUIET {
                return;
            }
        }
    }

    fn floor_database(&self, rows: u64) -> Result<PathBuf, Failed> {
        let kept = self.settings.data.join(format!("floor-{rows}.db"));
        if !kept.exists() {
            let making = self.path("floor-making.db");
            let contacts = (0..rows).map(names::somebody);
            crate::contest::fill_floor(&making, contacts)?;
            fs::rename(&making, &kept)?;
        }
        let copy = self.path("floor.db");
        copy_synced(&kept, &copy)?;
        Ok(copy)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.started.set(self.started.get() + 1);
        self.scratch.join(format!("{}-{name}", self.started.get()))
    }
}

impl Server {
    /// Ends it and forgets its copy.
    pub fn stop(self) -> Result<(), Failed> {
        self.process.stop()?;
        self.ground.forget()
    }
}

impl Ground {
    /// Says it on a command line.
    fn say(&self, command: &mut Command) {
        match self {
            Ground::Kept(folder) | Ground::Copy(folder) => command.arg("--data").arg(folder),
            Ground::Database { folder, url } => command.arg("--data").arg(folder).args(["--store", url]),
        };
    }

    /// Removes what was only a copy.
    pub fn forget(self) -> Result<(), Failed> {
        match self {
            Ground::Kept(_) => Ok(()),
            // The next copy takes the database's place.
            Ground::Copy(folder) | Ground::Database { folder, .. } => Ok(fs::remove_dir_all(folder)?),
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Nothing to be done about a folder that won't go.
        drop(fs::remove_dir_all(&self.scratch));
    }
}

/// The newest migration: a set of an older schema would be migrated again with each copy.
fn schema() -> Result<usize, Failed> {
    Ok(migrate::list()?.len())
}

/// On the disk before the measurement begins: otherwise it would pay for the copy.
fn copy_synced(from: &Path, to: &Path) -> Result<(), Failed> {
    fs::copy(from, to).map_err(|why| format!("{}: {why}", from.display()))?;
    fs::File::open(to)?.sync_all()?;
    Ok(())
}

//! The server's configuration: flags before environment before file before defaults. Called once, by the
//! command line. Only this folder reads the environment. It opens nothing but the configuration file.

mod env;
mod file;
mod settings;
mod suggest;
mod template;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::path::PathBuf;

use contactgram_store::{Location, Options};

pub use template::{effective, template};
use value::Given;

/// Everything that can be set, with its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    /// Folder of the data file.
    pub data: PathBuf,
    /// Another database than the file in the data folder.
    pub store: Option<Location>,
    /// Where the API is served, `host:port`.
    pub listen: String,
    /// Where metrics are served; nowhere by default, since they tell strangers about the load.
    pub metrics_listen: Option<String>,
    /// How clients reach the server, without a trailing slash.
    pub public_url: Option<String>,
    /// An admin token that the operator chose; otherwise the store holds one.
    pub admin_token: Option<String>,
    /// Seconds that an application's access token lives.
    pub access_token_ttl_s: u64,
    /// Directives for the log.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Whether `Authorization: Basic` is taken.
    pub allow_basic: bool,
    /// Whether `/bot<token>/…` is served.
    pub allow_token_in_path: bool,
    /// Origins whose pages may call the API, or `*`.
    pub cors_origins: Vec<String>,
    /// A request's body, in bytes.
    pub max_body: usize,
    /// Connections at a time.
    pub max_connections: usize,
    /// Seconds for a request's head.
    pub head_timeout_s: u64,
    /// Seconds between two pieces of a body.
    pub body_timeout_s: u64,
    /// Seconds a kept connection may be unused.
    pub idle_timeout_s: u64,
    /// Seconds that requests in progress have at shutdown.
    pub drain_s: u64,
    /// Whether webhooks may be plain http, on any port and on private addresses.
    pub webhooks_allow_private: bool,
    /// Seconds that a webhook's receiver has for a delivery.
    pub webhook_timeout_s: u64,
    /// Days that updates are kept for consumers beside the default one.
    pub updates_retention_days: u64,
    /// The key's file, when it is not in the data folder.
    pub secrets_key: Option<PathBuf>,
    /// Authorities to trust at upstreams besides the public ones.
    pub upstream_ca_file: Option<PathBuf>,
    /// Messages a second that a bot at an upstream may send in all.
    pub flood_account_per_s: u32,
    /// Messages a second to one chat.
    pub flood_chat_per_s: u32,
    /// Messages a minute to one group.
    pub flood_group_per_min: u32,
    /// Seconds that a send may wait for its turn.
    pub flood_wait_s: u64,
    /// ISO 3166-1 region of new accounts.
    pub default_region: Option<String>,
    /// Whether the first account gets the documentation's world.
    pub demo: bool,
    /// PostgreSQL connections.
    pub pg_pool: usize,
    /// Long reads at a time.
    pub scans: usize,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line, for programs.
    Json,
}

impl Default for Config {
    fn default() -> Config {
        let store = Options::default();
        Config {
            data: "contactgram-data".into(),
            store: None,
            listen: "127.0.0.1:8081".to_owned(),
            metrics_listen: None,
            public_url: None,
            admin_token: None,
            access_token_ttl_s: 3600,
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            allow_basic: true,
            allow_token_in_path: true,
            cors_origins: Vec::new(),
            max_body: 1024 * 1024,
            max_connections: 16_384,
            head_timeout_s: 10,
            body_timeout_s: 10,
            idle_timeout_s: 75,
            drain_s: 10,
            webhooks_allow_private: false,
            webhook_timeout_s: 60,
            updates_retention_days: 30,
            secrets_key: None,
            upstream_ca_file: None,
            flood_account_per_s: 30,
            flood_chat_per_s: 1,
            flood_group_per_min: 20,
            flood_wait_s: 30,
            default_region: None,
            demo: true,
            pg_pool: store.pool,
            scans: store.scans,
        }
    }
}

impl Config {
    /// The database: what `store` names, or the file in the data folder.
    pub fn location(&self) -> Location {
        let file = || Location::Sqlite { path: self.data.join("contactgram.db") };
        self.store.clone().unwrap_or_else(file)
    }

    /// What the store is opened with.
    pub fn store_options(&self) -> Options {
        Options { pool: self.pg_pool, scans: self.scans, ..Options::default() }
    }
}

/// A value given on the command line.
#[derive(Debug, Clone)]
pub struct Flag {
    /// The setting.
    pub key: String,
    /// Its value, as written.
    pub value: String,
    /// How the flag is called, for messages.
    pub name: String,
}

/// A configuration, and where its values come from.
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// For each setting that was given: its value as written, and where.
    given: BTreeMap<&'static str, (String, String)>,
}

impl Loaded {
    /// Whether a setting was given anywhere.
    pub fn is_given(&self, key: &str) -> bool {
        self.given.contains_key(key)
    }

    fn new() -> Loaded {
        Loaded { config: Config::default(), given: BTreeMap::new() }
    }

    /// Sets one value; later calls win.
    fn set(&mut self, key: &str, given: &Given<'_>, origin: Origin<'_>) -> Result<(), String> {
        let Some(setting) = settings::find(key) else {
            return Err(origin.unknown(key));
        };
        (setting.set)(&mut self.config, given).map_err(|allowed| {
            // A secret that is wrong is still a secret.
            let shown = if setting.secret { String::new() } else { format!(", not {given}") };
            format!("{} {allowed}{shown}", origin.names(key))
        })?;
        self.given.insert(setting.key, (given.to_string(), origin.place(key)));
        Ok(())
    }
}

/// Loads the configuration of this process.
///
/// # Errors
/// A sentence that names the setting, its place and what is allowed.
pub fn load(flags: &[Flag], file: Option<PathBuf>) -> Result<Loaded, String> {
    load_from(flags, file, std::env::vars_os().collect())
}

type Variables = Vec<(std::ffi::OsString, std::ffi::OsString)>;

fn load_from(flags: &[Flag], file: Option<PathBuf>, variables: Variables) -> Result<Loaded, String> {
    let environment = env::read(variables)?;
    // The file may lie in the data folder, which the stronger sources name.
    let named = |key: &str| flags.iter().rev().find(|flag| flag.key == key).map(|flag| flag.value.clone());
    let given = |key: &str| named(key).or_else(|| environment.value(key));
    let data = given("data").map(PathBuf::from);
    // A database that is named stands for itself, with the usual folder beside it.
    let data = data.or_else(|| given("store").map(|_| Config::default().data));
    let file = file.or_else(|| environment.file.clone());
    let mut loaded = Loaded::new();
    let program = std::env::current_exe().ok();
    if let Some(path) = file::find(file, &file::places(data.as_deref(), program.as_deref()))? {
        file::apply(&path, &mut loaded)?;
    }
    for (key, value) in &environment.settings {
        loaded.set(key, &Given::Text(value), Origin::Environment)?;
    }
    for flag in flags {
        loaded.set(&flag.key, &Given::Text(&flag.value), Origin::Flag(&flag.name))?;
    }
    Ok(loaded)
}

/// Where a value was written.
#[derive(Clone, Copy)]
enum Origin<'a> {
    File { path: &'a std::path::Path, line: usize },
    Environment,
    Flag(&'a str),
}

impl Origin<'_> {
    /// The setting as it is called there.
    fn names(self, key: &str) -> String {
        match self {
            Origin::File { path, line } => format!("{}:{line}: {key}", path.display()),
            Origin::Environment => env::variable(key),
            Origin::Flag(name) => name.to_owned(),
        }
    }

    fn place(self, key: &str) -> String {
        match self {
            Origin::File { path, line } => format!("{}:{line}", path.display()),
            Origin::Environment => env::variable(key),
            Origin::Flag(name) => name.to_owned(),
        }
    }

    fn unknown(self, key: &str) -> String {
        let keys = settings::SETTINGS.iter().map(|setting| setting.key);
        let hint = match (suggest::nearest(key, keys), self) {
            (Some(near), Origin::Environment) => format!("did you mean {}?", env::variable(near)),
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, _) => "`contactgram config` lists the settings".to_owned(),
        };
        match self {
            Origin::File { path, line } => {
                format!("{}:{line}: `{key}` is no setting; {hint}", path.display())
            }
            Origin::Environment => format!("{} is no setting; {hint}", env::variable(key)),
            Origin::Flag(name) => format!("{name}: `{key}` is no setting; {hint}"),
        }
    }
}

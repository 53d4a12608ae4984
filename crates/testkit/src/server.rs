//! A server of one test: the real program on a folder (or a database) that nobody else uses. It can be
//! stopped, killed and started again on the same data and port; the end of the test ends it.

use std::ops::Deref;
use std::path::Path;
use std::process::{ExitStatus, Output};

use contactgram_store::Location;
use contactgram_store::testing::PostgresDatabase;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{self, Process};
use crate::{Account, Client, Engine, Options, Person};

/// The token of the admin API on every server of this kit.
const ADMIN_TOKEN: &str = "admin-token-of-the-test-kit-0123456789";

/// A running server. It is a [`Client`] of its own root: `server.get("/livez")`.
pub struct TestServer {
    // Fields end in this order: the process before what it stands on.
    process: Option<Process>,
    database: Option<PostgresDatabase>,
    folder: TempDir,
    options: Options,
    client: Client,
    url: String,
    banner: String,
}

impl TestServer {
    /// Starts a server with an empty store.
    ///
    /// # Panics
    /// When it doesn't come up. For PostgreSQL also when there is none to test with: see
    /// [`TestServer::start_if_possible`].
    pub async fn start(options: Options) -> TestServer {
        Self::start_if_possible(options).await.expect("CONTACTGRAM_TEST_POSTGRES names a server")
    }

    /// The same, or `None` where PostgreSQL is asked for, there is none, and none is required.
    pub async fn start_if_possible(options: Options) -> Option<TestServer> {
        let database = match options.engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(PostgresDatabase::create_ready().await?),
        };
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (client, url, banner) = (Client::new(""), String::new(), String::new());
        let mut server = TestServer { process: None, database, folder, options, client, url, banner };
        server.start_again().await;
        Some(server)
    }

    /// A server on what `contactgram restore` makes of this file, with what that printed as JSON; or the refusal.
    pub async fn restore(options: Options, file: &Path) -> Result<(TestServer, Value), String> {
        let database = match options.engine {
            Engine::Sqlite => None,
            Engine::Postgres => PostgresDatabase::create().await,
        };
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (client, url, banner) = (Client::new(""), String::new(), String::new());
        let mut server = TestServer { process: None, database, folder, options, client, url, banner };
        let output = server.cli(&["restore", &file.display().to_string(), "--json"]).await;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let printed = serde_json::from_slice(&output.stdout).expect("printed as JSON");
        server.start_again().await;
        Ok((server, printed))
    }

    /// Starts it after [`TestServer::stop`] or [`TestServer::kill`]: the same data, the same port.
    pub async fn start_again(&mut self) {
        assert!(self.process.is_none(), "the server runs already");
        let listen = self.url.strip_prefix("http://").unwrap_or("127.0.0.1:0");
        let mut command = self.command(&["serve", "--listen", listen]);
        command.args(&self.options.arguments).env("CONTACTGRAM_ADMIN_TOKEN", ADMIN_TOKEN);
        command.env("CONTACTGRAM_WEBHOOKS_ALLOW_PRIVATE", "true");
        // What a test says counts, and not what is usual.
        command.envs(self.options.environment.iter().map(|(name, value)| (name, value)));
        let process = Process::start(command, &self.folder.path().join("log")).await;
        self.client = Client::new(&process.url);
        self.url.clone_from(&process.url);
        self.banner.clone_from(&process.banner);
        self.process = Some(process);
    }

    /// Sets a variable of its environment, for the next start and the command line.
    pub fn set_variable(&mut self, name: &str, value: &str) {
        self.options.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Ends it as an operator would (SIGTERM) and says how it ended.
    pub async fn stop(&mut self) -> ExitStatus {
        self.process.take().expect("the server runs").stop().await
    }

    /// Ends it as a power cut would (SIGKILL).
    pub async fn kill(&mut self) {
        self.process.take().expect("the server runs").kill().await;
    }

    /// Sends it a signal (`"TERM"`, `"STOP"`) and doesn't wait.
    pub async fn signal(&self, name: &str) {
        self.process.as_ref().expect("the server runs").signal(name).await;
    }

    /// Stops it and starts it again.
    pub async fn restart(&mut self) {
        let ended = self.stop().await;
        assert!(ended.success(), "the server ended with {ended}:\n{}", self.log());
        self.start_again().await;
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process's id, for looking into /proc.
    pub fn process_id(&self) -> u32 {
        self.process.as_ref().and_then(Process::id).expect("the server runs")
    }

    /// The folder of its data.
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// What it printed on its last start.
    pub fn banner(&self) -> &str {
        &self.banner
    }

    /// All that it logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Speaks to `/admin/…`.
    pub fn admin(&self) -> Client {
        Client::new(format!("{}/admin", self.url)).bearer(ADMIN_TOKEN)
    }

    /// What `/admin/…` asks for, for requests that are written by hand.
    pub fn admin_token(&self) -> &'static str {
        ADMIN_TOKEN
    }

    /// Speaks to `/bot<token>/…`.
    pub fn bot(&self, token: &str) -> Client {
        Client::new(format!("{}/bot{token}", self.url))
    }

    /// A new account, made by the command line while the server runs.
    pub async fn account(&self, name: &str) -> Account {
        self.account_with(name, &[]).await
    }

    /// A new account that knows the world of the documentation: John Doe and the group -1234567890.
    pub async fn demo_account(&self, name: &str) -> Account {
        self.account_with(name, &["--demo"]).await
    }

    /// A new account with further arguments of `account add`.
    pub async fn account_with(&self, name: &str, arguments: &[&str]) -> Account {
        let words = ["account", "add", "--json", "--name", name];
        Account::from_json(&self.url, &self.cli_json(&[&words, arguments].concat()).await)
    }

    /// A new person; `about` has at least `first_name`.
    pub async fn person(&self, about: Value) -> Person {
        let made = self.admin().post("people", about).await.result();
        Person::from_json(self.admin(), &made)
    }

    /// A new group of persons and accounts, made by the first of them. Returns its id.
    pub async fn group(&self, title: &str, members: &[i64]) -> i64 {
        let body = json!({"title": title, "creator": members.first(), "members": members});
        let made = self.admin().post("groups", body).await.result();
        made["id"].as_i64().expect("a group has an id")
    }

    /// Runs the command line on the server's data.
    pub async fn cli(&self, arguments: &[&str]) -> Output {
        let mut command = tokio::process::Command::from(self.command(arguments));
        command.output().await.expect("the program starts")
    }

    /// The same with something on its standard input.
    pub async fn cli_reading(&self, arguments: &[&str], input: &str) -> Output {
        let input_file = self.folder.path().join("input");
        std::fs::write(&input_file, input).expect("the folder can be written to");
        let opened = std::fs::File::open(&input_file).expect("it was just written");
        let mut command = tokio::process::Command::from(self.command(arguments));
        let output = command.stdin(opened).output().await.expect("the program starts");
        std::fs::remove_file(&input_file).expect("it is still there");
        output
    }

    /// [`TestServer::cli`] with what it prints read as JSON.
    ///
    /// # Panics
    /// When it fails.
    pub async fn cli_json(&self, arguments: &[&str]) -> Value {
        let output = self.cli(arguments).await;
        let (printed, said) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?} failed: {said}{printed}");
        serde_json::from_str(&printed).unwrap_or_else(|why| panic!("{arguments:?}: {why}: {printed}"))
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let program = self.options.program.clone().unwrap_or_else(process::program);
        let mut command = process::command(&program, self.folder.path());
        command.args(arguments).arg("--data").arg(self.folder.path().join("data"));
        command.envs(self.options.environment.iter().map(|(name, value)| (name, value)));
        if let Some(Location::Postgres { url }) = self.database.as_ref().map(PostgresDatabase::location) {
            command.args(["--store", &url]);
        }
        command
    }
}

impl Deref for TestServer {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for TestServer {
    #[allow(clippy::print_stderr)]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the server's log\n{}", self.log());
        }
        // Dropping the process kills it; a database needs a runtime, and this one may be ending.
        drop(self.process.take());
        let Some(database) = self.database.take() else { return };
        let removal = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime can be made").block_on(database.remove());
        });
        if removal.join().is_err() {
            eprintln!("the test's database could not be removed");
        }
    }
}

//! `contactgram doctor`: looks at the configuration, the data and the listen address, and says what it finds.
//! Ends with a failure when something is wrong. It repairs nothing; opening the store brings its schema up to
//! date, as every command does.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use contactgram_hub::Hub;
use contactgram_store::ops::{accounts, health};
use contactgram_store::{Dialect, Location, Store, StoreError, migrate};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::context::{Context, counted, nothing_there, shown};
use crate::failure::{Failure, Outcome};
use crate::{output, probe, progress, secrets};

/// What a look at one thing found.
#[derive(Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    /// Worth knowing, nothing to repair.
    Note,
    Wrong,
}

#[derive(Serialize)]
struct Report {
    ok: bool,
    findings: Vec<Finding>,
}

/// Looks and reports.
pub async fn run(context: &Context) -> Outcome {
    let mut findings = vec![data_folder(context), key(context)];
    findings.extend(store(context).await);
    findings.push(open_files(context.config().max_connections));
    findings.push(listen(&context.config().listen).await);
    let wrong = findings.iter().filter(|finding| finding.state == State::Wrong).count();
    let report = Report { ok: wrong == 0, findings };
    context.answer(&report, || {
        let row = |finding: &Finding| {
            [finding.state.word().to_owned(), finding.what.to_owned(), finding.text.clone()]
        };
        let rows: Vec<[String; 3]> = report.findings.iter().map(row).collect();
        output::table(["", "", ""], &rows).trim_start().to_owned()
    })?;
    match wrong {
        0 => Ok(()),
        wrong => Err(format!("{} wrong", counted(wrong as i64, "thing")).into()),
    }
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Note => "note",
            State::Wrong => "WRONG",
        }
    }
}

impl Finding {
    fn new(what: &'static str, state: State, text: impl Into<String>) -> Finding {
        Finding { what, state, text: text.into() }
    }
}

/// Where the key to bots' tokens is.
fn key(context: &Context) -> Finding {
    const WHAT: &str = "key to bots' tokens";
    let place = secrets::place(context.config());
    match secrets::find(context.config()) {
        Ok(Some(_)) => Finding::new(WHAT, State::Ok, place.display().to_string()),
        Ok(None) => Finding::new(WHAT, State::Note, format!("{} will be made", place.display())),
        Err(why) => Finding::new(WHAT, State::Wrong, why.to_string()),
    }
}

fn data_folder(context: &Context) -> Finding {
    const WHAT: &str = "data folder";
    let Location::Sqlite { path } = context.config().location() else {
        return Finding::new(WHAT, State::Ok, "not needed with PostgreSQL");
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mode = match folder.metadata() {
        Ok(found) if found.is_dir() => found.permissions().mode() & 0o777,
        Ok(_) => return Finding::new(WHAT, State::Wrong, format!("{} is no folder", folder.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Finding::new(WHAT, State::Note, format!("{} will be made", folder.display()));
        }
        Err(error) => {
            return Finding::new(
                WHAT,
                State::Wrong,
                format!("{} can't be looked at: {error}", folder.display()),
            );
        }
    };
    // The files carry the contacts; where the folder lets others in, the files must keep them out.
    let readable = |name: &str| {
        let found = Path::new(name).metadata();
        found.is_ok_and(|found| found.permissions().mode() & 0o077 != 0).then(|| name.to_owned())
    };
    let files = ["", "-wal", "-shm"].map(|end| format!("{}{end}", path.display()));
    let open: Vec<String> = files.iter().filter_map(|name| readable(name)).collect();
    if mode & 0o077 != 0 && !open.is_empty() {
        let text =
            format!("others can read {}; `chmod 600` them, or `chmod 700` the folder", open.join(", "));
        return Finding::new(WHAT, State::Wrong, text);
    }
    Finding::new(WHAT, State::Ok, format!("{}, permissions {mode:o}", folder.display()))
}

async fn store(context: &Context) -> Vec<Finding> {
    let location = context.config().location();
    if let Location::Sqlite { path } = &location
        && !path.exists()
    {
        return vec![Finding::new("store", State::Note, nothing_there(path))];
    }
    let store = match context.open().await {
        Ok(store) => store,
        Err(failure) => return vec![Finding::new("store", State::Wrong, failure.to_string())],
    };
    let mut findings = vec![schema(&store, &location).await, holdings(&store).await];
    findings.extend(progress::during("Checking the data", health_of(&store, &location)).await);
    let hub = context.hub(store.clone(), CancellationToken::new());
    findings.push(progress::during("Reading the audit log", audit_log(&hub)).await);
    progress::during("Closing the store", store.close()).await;
    findings
}

async fn schema(store: &Store, location: &Location) -> Finding {
    const WHAT: &str = "store";
    let engine = shown(location);
    let newest = async { Ok::<_, StoreError>((store.applied().await?.len(), migrate::list()?.len())) };
    match newest.await {
        Ok((applied, known)) => {
            Finding::new(WHAT, State::Ok, format!("{engine}, schema {applied} of {known}"))
        }
        Err(error) => Finding::new(WHAT, State::Wrong, format!("{engine}: {error}")),
    }
}

async fn holdings(store: &Store) -> Finding {
    match store.read(accounts::count).await {
        Ok(count) => Finding::new("accounts", State::Ok, count.to_string()),
        Err(error) => Finding::new("accounts", State::Wrong, error.to_string()),
    }
}

async fn health_of(store: &Store, location: &Location) -> Vec<Finding> {
    let found = match store.scan(health::check).await {
        Ok(found) => found,
        Err(error) => return vec![Finding::new("engine", State::Wrong, error.to_string())],
    };
    let size = bytes(u64::try_from(found.bytes).unwrap_or_default());
    let log = match location {
        Location::Sqlite { path } => {
            let log = Path::new(&format!("{}-wal", path.display())).metadata();
            format!(", {} of write-ahead log", bytes(log.map_or(0, |found| found.len())))
        }
        Location::Postgres { .. } => String::new(),
    };
    let integrity = match (found.faults.as_slice(), store.dialect()) {
        ([], Dialect::Sqlite) => Finding::new("integrity", State::Ok, "every page is sound"),
        ([], Dialect::Postgres) => Finding::new("integrity", State::Note, "PostgreSQL's own to check"),
        (faults, _) => Finding::new("integrity", State::Wrong, faults.join("; ")),
    };
    vec![Finding::new("engine", State::Ok, format!("{}, {size} of data{log}", found.engine)), integrity]
}

async fn audit_log(hub: &Hub) -> Finding {
    const WHAT: &str = "audit log";
    match hub.verify_audit(&[]).await {
        Ok((entries, broken)) if broken.is_empty() => {
            Finding::new(WHAT, State::Ok, format!("{entries} entries, each as it was written"))
        }
        Ok((_, broken)) => {
            let told: Vec<String> = broken.iter().map(super::audit::told).collect();
            Finding::new(WHAT, State::Wrong, told.join("; "))
        }
        Err(error) => Finding::new(WHAT, State::Wrong, Failure::from(error).to_string()),
    }
}

fn bytes(count: u64) -> String {
    match count {
        0..1024 => format!("{count} B"),
        1024..1_048_576 => format!("{} KiB", count / 1024),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", count as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", count as f64 / 1_073_741_824.0),
    }
}

/// Each connection takes a file; the store and the log want some as well.
fn open_files(max_connections: usize) -> Finding {
    const WHAT: &str = "open files";
    const OTHERS: u64 = 64;
    match contactgram_http::server::raise_open_files() {
        Ok(limit) if limit < max_connections as u64 + OTHERS => {
            let text =
                format!("{limit} allowed, less than max_connections ({max_connections}): raise `ulimit -n`");
            Finding::new(WHAT, State::Note, text)
        }
        Ok(limit) => Finding::new(WHAT, State::Ok, format!("{limit} allowed")),
        Err(error) => Finding::new(WHAT, State::Note, format!("the limit is unknown: {error}")),
    }
}

async fn listen(address: &str) -> Finding {
    const WHAT: &str = "listen";
    match TcpListener::bind(address).await {
        Ok(_) => return Finding::new(WHAT, State::Ok, format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
        Err(error) => return Finding::new(WHAT, State::Wrong, format!("{address} can't be used: {error}")),
    }
    match probe::ask(address, "/livez").await {
        Ok(answer) if answer.is_ours && answer.status == Some(200) => {
            Finding::new(WHAT, State::Ok, format!("a server answers at {address}"))
        }
        Ok(_) => Finding::new(WHAT, State::Wrong, format!("another program answers at {address}")),
        Err(error) => Finding::new(WHAT, State::Wrong, format!("{address} is taken, but: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_a_fitting_unit() {
        let told = [0, 1023, 4096, 5 << 20, 3 << 30].map(bytes);
        assert_eq!(told, ["0 B", "1023 B", "4 KiB", "5.0 MiB", "3.0 GiB"]);
    }

    #[tokio::test]
    async fn a_taken_address_where_no_server_of_ours_answers_is_wrong() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            use tokio::io::AsyncWriteExt as _;
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(b"SSH-2.0-other\r\n").await;
            }
        });
        assert!(listen(&address).await.state == State::Wrong);
        assert_eq!(listen("127.0.0.1:0").await.text, "127.0.0.1:0 is free");
    }

    #[test]
    fn locations_are_told_without_passwords() {
        let location: Location = "postgres://u:secret@h/db".parse().unwrap();
        assert_eq!(shown(&location), "PostgreSQL");
    }
}

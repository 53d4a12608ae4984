//! What the tests of the command line share: a home folder, runs of the program, a running server and a
//! client of a few lines. It knows no test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;

/// A folder in which the program is run, without anything of the caller's environment.
pub struct Home {
    folder: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

/// What a run ended with.
pub struct Run {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Home {
    pub fn new() -> Home {
        Home { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// The same home with a variable set.
    pub fn with(mut self, name: &'static str, value: &str) -> Home {
        self.variables.push((name, value.to_owned()));
        self
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The data file, where the default configuration has it.
    pub fn database(&self) -> PathBuf {
        self.path().join("contactgram-data/contactgram.db")
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).stdin(Stdio::null()).output().unwrap();
        Run {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The JSON that a run prints that succeeds when it reads this.
    pub fn json_reading(&self, arguments: &[&str], input: &str) -> Value {
        self.write("input", input);
        let input = std::fs::File::open(self.path().join("input")).unwrap();
        let output = self.command(&[arguments, &["--json"]].concat()).stdin(input).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What a run that succeeds prints.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{arguments:?}: {}", run.out);
        run.out
    }

    /// The JSON that a run that succeeds prints.
    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// The one sentence that a run that fails prints.
    pub fn refusal(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{arguments:?}: {}", run.err);
        let sentence = run.err.strip_prefix("contactgram: ").unwrap_or(&run.err);
        assert_eq!(sentence.lines().count(), 1, "one sentence: {sentence}");
        sentence.trim_end().to_owned()
    }

    /// Starts a server on a free port and waits until it listens.
    pub fn serve(&self, arguments: &[&str]) -> Server {
        self.start(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat())
    }

    /// Starts a server with these arguments and waits until it listens.
    pub fn start(&self, arguments: &[&str]) -> Server {
        let mut child =
            self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut banner = String::new();
        while !banner.contains("listening on http://") {
            if output.read_line(&mut banner).unwrap() == 0 {
                let mut why = String::new();
                child.stderr.take().unwrap().read_to_string(&mut why).unwrap();
                panic!("the server ended: {why}");
            }
        }
        let address = banner.split("http://").nth(1).unwrap().lines().next().unwrap().to_owned();
        Server { child, output, banner, address }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_contactgram"));
        command.args(arguments).current_dir(self.path()).env_clear();
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A running server; dropping it ends it the hard way.
pub struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    banner: String,
    pub address: String,
}

impl Server {
    /// The port it listens on.
    pub fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap()
    }

    /// `GET path`: the status line's code and the body as JSON.
    pub fn get(&self, path: &str) -> (u16, Value) {
        self.get_as(path, None)
    }

    /// [`Server::get`] with a bearer token.
    pub fn get_as(&self, path: &str, token: Option<&str>) -> (u16, Value) {
        let mut stream = self.ask(path, token);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        parse(&answer)
    }

    /// Sends a request and leaves its answer to be read.
    pub fn ask(&self, path: &str, token: Option<&str>) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{bearer}\r\n").unwrap();
        stream
    }

    /// Asks the server to stop.
    pub fn terminate(&self) {
        let done = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(done.success());
    }

    /// Waits for the server's end: how it ended, everything it printed, and its log.
    pub fn wait(mut self) -> (ExitStatus, String, String) {
        let (mut out, mut log) = (std::mem::take(&mut self.banner), String::new());
        self.output.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap(), out, log)
    }

    /// Stops the server: everything it printed.
    pub fn stop(self) -> String {
        self.terminate();
        let (status, out, log) = self.wait();
        assert_eq!(status.code(), Some(0), "{log}");
        out
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An HTTP answer's code and JSON body.
pub fn parse(answer: &str) -> (u16, Value) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    (code, serde_json::from_str(body).unwrap_or(Value::Null))
}

//! The other end of a webhook, which behaves as a test tells it: answers, delays, or breaks the connection,
//! by what it is sent. It keeps everything, and how many requests it had at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contactgram_testkit::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// Only a server that never delivers makes a test wait for this.
const PATIENCE: Duration = Duration::from_secs(60);

/// What to do with a request.
#[derive(Clone, Debug)]
pub enum Do {
    /// Status, further header lines, body.
    Say(u16, String, String),
    /// The same, so much later.
    Later(Duration, u16),
    /// Yes, once so many requests were accepted.
    After(usize),
    /// Break the connection without an answer.
    Reset,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub head: String,
    pub body: String,
    pub update_id: i64,
    /// The chat of a message, edited or not; else 0.
    pub chat: i64,
    pub text: String,
    /// How often this update came before.
    pub earlier: usize,
    /// Whether the answer was a 2xx.
    pub accepted: bool,
}

/// Listens until it is dropped.
pub struct Hook {
    url: String,
    desk: Arc<Desk>,
    task: AbortHandle,
}

type Behaviour = Box<dyn FnMut(&Seen) -> Do + Send>;

struct Desk {
    behaviour: Mutex<Behaviour>,
    log: Mutex<Log>,
    changed: Notify,
    /// Whether requests are kept once they are answered.
    keeps: bool,
}

#[derive(Default)]
struct Log {
    seen: Vec<Seen>,
    /// How often each update came.
    tries: HashMap<i64, usize>,
    under_way: usize,
    most_under_way: usize,
}

impl Do {
    pub fn ok() -> Do {
        Do::status(200)
    }

    pub fn status(status: u16) -> Do {
        Do::Say(status, String::new(), String::new())
    }
}

impl Seen {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs.find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a webhook is sent JSON")
    }
}

impl Hook {
    pub async fn start(behaviour: impl FnMut(&Seen) -> Do + Send + 'static) -> Hook {
        Hook::start_with(behaviour, true).await
    }

    /// One that keeps no request: its behaviour notes what counts.
    pub async fn start_forgetful(behaviour: impl FnMut(&Seen) -> Do + Send + 'static) -> Hook {
        Hook::start_with(behaviour, false).await
    }

    async fn start_with(behaviour: impl FnMut(&Seen) -> Do + Send + 'static, keeps: bool) -> Hook {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("a bound socket has an address"));
        let desk = Arc::new(Desk {
            behaviour: Mutex::new(Box::new(behaviour)),
            log: Mutex::default(),
            changed: Notify::new(),
            keeps,
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&desk))).abort_handle();
        Hook { url, desk, task }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Behaves otherwise from now on.
    pub fn behave(&self, behaviour: impl FnMut(&Seen) -> Do + Send + 'static) {
        *lock(&self.desk.behaviour) = Box::new(behaviour);
    }

    /// Every request that was answered (or broken), in the order of the answers.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.desk.log).seen.clone()
    }

    /// Those that were answered with 2xx.
    pub fn accepted(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.accepted).collect()
    }

    /// Requests under way at once, at most so far.
    pub fn most_under_way(&self) -> usize {
        lock(&self.desk.log).most_under_way
    }

    /// Waits until this holds for what was seen.
    pub async fn until(&self, holds: impl Fn(&[Seen]) -> bool) -> Vec<Seen> {
        let wait = async {
            loop {
                let changed = self.desk.changed.notified();
                let seen = self.seen();
                if holds(&seen) {
                    return seen;
                }
                changed.await;
            }
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(seen) => seen,
            Err(_) => panic!("not within {PATIENCE:?}; {} requests were seen", self.seen().len()),
        }
    }

    /// Waits until so many different updates were accepted.
    pub async fn until_accepted(&self, count: usize) -> Vec<Seen> {
        let different = |seen: &[Seen]| {
            let mut ids: Vec<_> =
                seen.iter().filter(|seen| seen.accepted).map(|seen| seen.update_id).collect();
            ids.sort_unstable();
            ids.dedup();
            ids.len()
        };
        self.until(|seen| different(seen) >= count).await.into_iter().filter(|seen| seen.accepted).collect()
    }
}

impl Desk {
    fn keep(&self, seen: Seen) {
        if self.keeps {
            lock(&self.log).seen.push(seen);
        }
    }

    async fn until_accepted(&self, count: usize) {
        loop {
            let changed = self.changed.notified();
            if lock(&self.log).seen.iter().filter(|seen| seen.accepted).count() >= count {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Counts a request as under way for as long as it lives.
struct UnderWay(Arc<Desk>);

impl UnderWay {
    fn begin(desk: &Arc<Desk>) -> UnderWay {
        let mut log = lock(&desk.log);
        log.under_way += 1;
        log.most_under_way = log.most_under_way.max(log.under_way);
        UnderWay(Arc::clone(desk))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        lock(&self.0.log).under_way -= 1;
        self.0.changed.notify_waiters();
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, desk: Arc<Desk>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(converse(stream, Arc::clone(&desk)));
    }
}

async fn converse(stream: TcpStream, desk: Arc<Desk>) {
    let mut stream = BufReader::new(stream);
    while let Some((head, body)) = read(&mut stream).await {
        let under_way = UnderWay::begin(&desk);
        let mut seen = understood(head, body);
        seen.earlier = {
            let mut log = lock(&desk.log);
            let tries = log.tries.entry(seen.update_id).or_default();
            *tries += 1;
            *tries - 1
        };
        let act = (lock(&desk.behaviour))(&seen);
        // A client that hangs up while it waits has not been answered.
        match act {
            Do::Later(delay, _) => tokio::select! {
                () = tokio::time::sleep(delay) => {}
                _ = stream.fill_buf() => return,
            },
            Do::After(count) => tokio::select! {
                () = desk.until_accepted(count) => {}
                _ = stream.fill_buf() => return,
            },
            _ => {}
        }
        let (status, headers, body) = match act {
            Do::Say(status, headers, body) => (status, headers, body),
            Do::After(_) => (200, String::new(), String::new()),
            Do::Later(_, status) => (status, String::new(), String::new()),
            Do::Reset => {
                desk.keep(seen);
                // Unread input or not, the other side sees the connection break.
                let _ = stream.get_ref().set_zero_linger();
                return;
            }
        };
        seen.accepted = (200..300).contains(&status);
        desk.keep(seen);
        let answer =
            format!("HTTP/1.1 {status} As Told\r\n{headers}content-length: {}\r\n\r\n{body}", body.len());
        drop(under_way);
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let mut headers = head.lines().filter_map(|line| line.split_once(": "));
    let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, value)| value.parse().ok())?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, String::from_utf8(body).ok()?))
}

fn understood(head: String, body: String) -> Seen {
    let update: Value = serde_json::from_str(&body).unwrap_or_default();
    let message = update.get("message").or_else(|| update.get("edited_message"));
    let message = message.cloned().unwrap_or_default();
    Seen {
        update_id: update["update_id"].as_i64().unwrap_or_default(),
        chat: message["chat"]["id"].as_i64().unwrap_or_default(),
        text: message["text"].as_str().unwrap_or_default().to_owned(),
        head,
        body,
        earlier: 0,
        accepted: false,
    }
}

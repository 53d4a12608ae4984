//! The load generator: a closed loop over kept connections on one thread and one epoll, so that it costs less
//! than any server it asks. Each connection has one request under way; the next follows its answer. Used by
//! the operations. It only ever speaks to 127.0.0.1.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::Failed;
use crate::answer;

/// For answers that are still under way when the time is up.
const LINGER: Duration = Duration::from_secs(20);
/// A page of 50 contacts fits several times.
const ROOM: usize = 64 * 1024;

/// What to ask for, and for how long.
pub struct Load<'a> {
    pub address: SocketAddr,
    pub connections: usize,
    pub length: Duration,
    /// The status that every answer must have.
    pub status: u16,
    /// Writes the next request.
    pub next: &'a mut dyn FnMut(&mut Vec<u8>),
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Done {
    pub answers: u64,
    pub bytes: u64,
    pub elapsed: Duration,
    /// Microseconds from the first byte asked to the last byte answered, sorted.
    pub latencies: Vec<u32>,
    /// Answers with another status.
    pub failures: u64,
    /// The first of them, for the report.
    pub failure: Option<String>,
}

impl Done {
    /// Microseconds below which this share of the answers came.
    pub fn quantile(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let at = (share * last as f64).round() as usize;
        self.latencies.get(at.min(last)).copied().map_or(0.0, f64::from)
    }

    pub fn per_second(&self) -> f64 {
        self.answers as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }
}

struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
    asked: Instant,
    /// No further request: its last answer has come.
    resting: bool,
}

/// Runs the load.
///
/// # Errors
/// A connection fails or is closed, an answer can't be read, or answers stop coming.
pub fn drive(load: &mut Load<'_>) -> Result<Done, Failed> {
    if load.address.ip() != Ipv4Addr::LOCALHOST {
        return Err("load goes to 127.0.0.1 only".into());
    }
    let mut poll = Poll::new()?;
    let mut connections = connect(load, &poll)?;
    let mut done = Done { latencies: Vec::with_capacity(1 << 20), ..Done::default() };
    let (mut request, mut buffer) = (Vec::with_capacity(1024), vec![0; ROOM]);
    let start = Instant::now();
    let end = start + load.length;
    for connection in &mut connections {
        ask(connection, &mut *load.next, &mut request)?;
    }
    let mut events = Events::with_capacity(load.connections.max(64));
    let mut asking = connections.len();
    while asking > 0 {
        if Instant::now() > end + LINGER {
            return Err(format!("{asking} requests were never answered").into());
        }
        poll.poll(&mut events, Some(Duration::from_secs(1)))?;
        for event in &events {
            let connection = &mut connections[event.token().0];
            if connection.resting || !receive(connection, &mut buffer, load.status, &mut done)? {
                continue;
            }
            let now = Instant::now();
            done.latencies.push(micros(now - connection.asked));
            if now < end {
                ask(connection, &mut *load.next, &mut request)?;
            } else {
                connection.resting = true;
                asking -= 1;
            }
        }
    }
    done.elapsed = start.elapsed();
    done.latencies.sort_unstable();
    Ok(done)
}

fn connect(load: &Load<'_>, poll: &Poll) -> Result<Vec<Connection>, Failed> {
    let mut connections = Vec::with_capacity(load.connections);
    for number in 0..load.connections {
        // Connected while it blocks: the handshake is not what is measured.
        let stream = std::net::TcpStream::connect(load.address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(number), Interest::READABLE)?;
        connections.push(Connection { stream, answer: Vec::new(), asked: Instant::now(), resting: false });
    }
    Ok(connections)
}

fn ask(
    connection: &mut Connection,
    next: &mut dyn FnMut(&mut Vec<u8>),
    request: &mut Vec<u8>,
) -> Result<(), Failed> {
    request.clear();
    next(request);
    connection.answer.clear();
    connection.asked = Instant::now();
    // A request is small and the socket empty: it takes it whole, or something is wrong.
    let taken = connection.stream.write(request)?;
    if taken < request.len() { Err("a request did not fit into its socket".into()) } else { Ok(()) }
}

/// Reads what is there; true once the answer is whole.
fn receive(
    connection: &mut Connection,
    buffer: &mut [u8],
    status: u16,
    done: &mut Done,
) -> Result<bool, Failed> {
    loop {
        let count = match connection.stream.read(buffer) {
            Ok(0) => return Err("the server closed a connection".into()),
            Ok(count) => count,
            Err(why) if why.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(why) => return Err(why.into()),
        };
        // Most answers come in one piece and are judged where they lie.
        let whole = if connection.answer.is_empty() { answer::read(&buffer[..count])? } else { None };
        let whole = match whole {
            Some(whole) => Some(whole),
            None => {
                connection.answer.extend_from_slice(&buffer[..count]);
                answer::read(&connection.answer)?
            }
        };
        if let Some(whole) = whole {
            done.answers += 1;
            done.bytes += whole.length as u64;
            if whole.status != status {
                done.failures += 1;
                let text = if connection.answer.is_empty() { &buffer[..count] } else { &connection.answer };
                done.failure.get_or_insert_with(|| String::from_utf8_lossy(text).into_owned());
            }
            return Ok(true);
        }
        // A read that did not fill the buffer emptied the socket: the rest will be announced.
        if count < buffer.len() {
            return Ok(false);
        }
    }
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;

    fn echo(answer: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                std::thread::spawn(move || {
                    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                    let mut stream = stream;
                    while let Some(Ok(line)) = lines.next() {
                        if line.is_empty() {
                            // In two pieces, as a slow server would.
                            let (head, rest) = answer.split_at(20);
                            stream.write_all(head).unwrap();
                            stream.flush().unwrap();
                            stream.write_all(rest).unwrap();
                        }
                    }
                });
            }
        });
        address
    }

    fn asked(answer: &'static [u8]) -> Done {
        let mut next = |out: &mut Vec<u8>| out.extend_from_slice(b"GET / HTTP/1.1\r\n\r\n");
        let length = Duration::from_millis(50);
        let mut load = Load { address: echo(answer), connections: 3, length, status: 200, next: &mut next };
        drive(&mut load).unwrap()
    }

    #[test]
    fn every_answer_is_counted_and_timed() {
        let done = asked(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        assert!(done.answers >= 3);
        assert_eq!((done.failures, done.latencies.len() as u64), (0, done.answers));
        assert!(done.quantile(0.5) <= done.quantile(0.99));
    }

    #[test]
    fn an_answer_with_another_status_is_a_failure_that_is_shown() {
        let done = asked(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\nno");
        assert_eq!(done.failures, done.answers);
        assert!(done.failure.unwrap().ends_with("no"));
    }

    #[test]
    fn nothing_but_this_machine_is_asked() {
        let mut next = |_: &mut Vec<u8>| {};
        let address = "192.0.2.1:80".parse().unwrap();
        let length = Duration::from_millis(1);
        let refused = drive(&mut Load { address, connections: 1, length, status: 200, next: &mut next });
        assert!(refused.unwrap_err().to_string().contains("127.0.0.1"));
    }
}

//! Accepting connections, refusing those beyond the cap, and the order of a shutdown.
//! `server::serve` is its only caller; a connection's life after the accept is `connection`'s.
//! It never reads from a connection that it refuses before the refusal is written.

use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::linger::{Patience, linger};
use super::service::Serve;
use super::{House, connection, envelope};

/// Raises this process's soft limit of open files to the hard one and returns it. Each connection takes one file.
///
/// # Errors
/// The operating system's refusal.
pub fn raise_open_files() -> io::Result<u64> {
    rlimit::increase_nofile_limit(u64::MAX)
}

pub(super) async fn run<S>(
    listener: TcpListener,
    service: S,
    house: Arc<House>,
    shutdown: CancellationToken,
) -> io::Result<()>
where
    S: Serve,
{
    welcome_crowds(&listener);
    let served = TaskTracker::new();
    house.limits.connections.are_tracked_by(&served);
    let mut refusals = Refusals::default();
    let mut trouble = Trouble::default();

    while let Some(accepted) = shutdown.run_until_cancelled(listener.accept()).await {
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => match trouble.judge(&error) {
                Verdict::GoOn => continue,
                Verdict::Wait(wait) => {
                    shutdown.run_until_cancelled(sleep(wait)).await;
                    continue;
                }
                Verdict::GiveUp => {
                    finish(&house, &served).await;
                    return Err(error);
                }
            },
        };
        trouble.is_over();
        if served.len() >= house.limits.max_connections {
            house.limits.connections.refuse();
            refusals.refuse(stream);
            continue;
        }
        refusals.are_over();
        // Answers are written whole: waiting to fill a segment only adds the client's delayed acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was refused");
        }
        heed_slow_readers(&stream);
        served.spawn(connection::converse(stream, service.clone(), Arc::clone(&house), Some(peer)));
    }

    drop(listener);
    finish(&house, &served).await;
    Ok(())
}

/// Connections that may wait to be accepted; the kernel may have a lower cap (`net.core.somaxconn`).
const CROWD: i32 = 4096;

/// Beyond what the library asks for, the kernel drops the first packet of a connection without a word, and the
/// client tries again after a second: longer than any answer takes here, be it a refusal.
fn welcome_crowds(listener: &TcpListener) {
    if let Err(error) = SockRef::from(listener).listen(CROWD) {
        tracing::debug!(%error, "the queue of new connections stays as it is");
    }
}

/// Bytes that wait in the kernel for a client's window, in about.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNSENT: u32 = 128 * 1024;

/// Left to itself the kernel takes megabytes before a write has to wait, and then reports room only when a third
/// of them is gone: a client that reads slowly but steadily looks like one that has stopped, and one that has
/// stopped holds the megabytes.
#[cfg(any(target_os = "android", target_os = "linux"))]
fn heed_slow_readers(stream: &TcpStream) {
    if let Err(error) = SockRef::from(stream).set_tcp_notsent_lowat(UNSENT) {
        tracing::debug!(%error, "TCP_NOTSENT_LOWAT was refused");
    }
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn heed_slow_readers(_: &TcpStream) {}

/// Each connection ends itself when the drain is over; the half second more is for the last of them to be polled.
async fn finish(house: &House, served: &TaskTracker) {
    house.close();
    served.close();
    let bound = house.limits.drain + Duration::from_millis(500);
    if timeout(bound, served.wait()).await.is_err() {
        tracing::warn!(connections = served.len(), "connections outlived the drain");
    }
}

/// Turning away what exceeds the cap.
#[derive(Default)]
struct Refusals {
    lingering: TaskTracker,
    told: bool,
}

impl Refusals {
    /// Beyond this many refused clients that still read their answer, the next ones only see a closed connection.
    const MAX_LINGERING: usize = 512;
    const PATIENCE: Patience = Patience { time: Duration::from_millis(500), bytes: 64 * 1024 };

    fn refuse(&mut self, stream: TcpStream) {
        if !std::mem::replace(&mut self.told, true) {
            tracing::warn!("connection cap reached, answering 503");
        }
        if self.lingering.len() >= Self::MAX_LINGERING {
            return;
        }
        // A fresh socket's send buffer is empty, so this neither blocks nor writes half.
        let answer = envelope::bytes(StatusCode::SERVICE_UNAVAILABLE);
        let written = stream.try_write(&answer);
        if !matches!(written, Ok(n) if n == answer.len()) {
            return;
        }
        if SockRef::from(&stream).shutdown(Shutdown::Write).is_ok() {
            self.lingering.spawn(linger(stream, Self::PATIENCE));
        }
    }

    fn are_over(&mut self) {
        self.told = false;
    }
}

#[derive(Debug, PartialEq)]
enum Verdict {
    GoOn,
    Wait(Duration),
    GiveUp,
}

/// What to do about a failed accept. One warning an episode, however long it lasts.
#[derive(Default)]
struct Trouble {
    wait: Option<Duration>,
}

impl Trouble {
    const FIRST_WAIT: Duration = Duration::from_millis(10);
    const LAST_WAIT: Duration = Duration::from_secs(1);

    fn judge(&mut self, error: &io::Error) -> Verdict {
        use io::ErrorKind::{
            ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, InvalidInput,
        };
        match error.kind() {
            // That client is gone; the next one need not wait.
            ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted => return Verdict::GoOn,
            // accept(2): "Socket is not listening for connections".
            InvalidInput => return Verdict::GiveUp,
            _ => {}
        }
        let wait = match self.wait {
            None => {
                tracing::warn!(%error, "connections can't be accepted, trying on");
                Self::FIRST_WAIT
            }
            Some(last) => Self::LAST_WAIT.min(last * 2),
        };
        self.wait = Some(wait);
        Verdict::Wait(wait)
    }

    fn is_over(&mut self) {
        if self.wait.take().is_some() {
            tracing::info!("connections are accepted again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_descriptor_left() -> io::Error {
        io::Error::from_raw_os_error(24)
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn many_may_connect_before_the_first_is_accepted() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        welcome_crowds(&listener);
        let address = listener.local_addr().unwrap();
        let kernel = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
        let crowd = kernel.trim().parse::<usize>().unwrap().min(300);
        let connecting = async {
            let mut clients = Vec::new();
            while clients.len() < crowd {
                clients.push(TcpStream::connect(address).await.unwrap());
            }
        };
        // For ever, if the kernel dropped one: nobody accepts here.
        timeout(Duration::from_secs(60), connecting).await.expect("all are connected");
    }

    #[test]
    fn waits_grow_up_to_a_second_and_start_anew_after_a_success() {
        let mut trouble = Trouble::default();
        let mut waits = Vec::new();
        for _ in 0..10 {
            match trouble.judge(&no_descriptor_left()) {
                Verdict::Wait(wait) => waits.push(wait),
                other => panic!("{other:?}"),
            }
        }
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!((waits[0], waits[9]), (Trouble::FIRST_WAIT, Trouble::LAST_WAIT));

        trouble.is_over();
        assert_eq!(trouble.judge(&no_descriptor_left()), Verdict::Wait(Trouble::FIRST_WAIT));
    }

    #[test]
    fn a_client_that_left_early_delays_nobody() {
        let mut trouble = Trouble::default();
        assert_eq!(trouble.judge(&io::ErrorKind::ConnectionAborted.into()), Verdict::GoOn);
        assert_eq!(trouble.wait, None);
    }

    #[test]
    fn a_listener_that_no_longer_listens_is_given_up() {
        assert_eq!(Trouble::default().judge(&io::ErrorKind::InvalidInput.into()), Verdict::GiveUp);
    }
}

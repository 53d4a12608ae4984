//! One connection from its first byte to its last: hyper drives it, this watches the clock and the shutdown.
//! `accept` spawns one such future a socket; it owns everything the connection uses.
//! It never outlives the drain, and never waits for a client without a bound.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::linger::{Patience, linger};
use super::pulse::{Beat, Pulse, Stage};
use super::service::{Serve, begin};
use super::wire::Wire;
use super::{House, Limits, envelope};

/// Long enough for a client to read its refusal while it is still sending what was refused.
const PATIENCE: Patience = Patience { time: Duration::from_secs(2), bytes: 16 * 1024 * 1024 };
/// The same during a shutdown, which waits for it.
const IN_A_HURRY: Patience = Patience { time: Duration::from_millis(250), bytes: PATIENCE.bytes };

/// Whom a request came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub SocketAddr);

/// Only where somebody signs in: what is put beside a request costs every one of them.
fn tell_peer(request: &mut Request<Incoming>, peer: Option<SocketAddr>) {
    let path = request.uri().path();
    if let Some(peer) = peer.filter(|_| path.starts_with("/portal") || path.starts_with("/oauth")) {
        request.extensions_mut().insert(Peer(peer));
    }
}

pub(super) async fn converse<T, S>(io: T, service: S, house: Arc<House>, peer: Option<SocketAddr>)
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    S: Serve,
{
    let pulse = Arc::new(Pulse::new());
    let wire = TokioIo::new(Wire::new(io, Arc::clone(&pulse)));
    let answering = {
        let pulse = Arc::clone(&pulse);
        service_fn(move |mut request| {
            tell_peer(&mut request, peer);
            begin(&service, &pulse, request)
        })
    };
    let mut conn = house.http.serve_connection(wire, answering);

    let end = {
        let mut clock = Clock::new(pulse.beat(), &house.limits);
        let mut sleeping = pin!(sleep(house.limits.head_timeout));
        let mut bell = pin!(house.bell.notified());
        let mut listening = false;
        let mut told = false;
        poll_fn(|cx| {
            if !listening {
                // Once is enough, a task's waker stays the same; what the bell means is in `is_closing`.
                listening = true;
                let _ = bell.as_mut().poll(cx);
            }
            if !told && house.is_closing() {
                told = true;
                clock.end_within(house.limits.drain);
                Pin::new(&mut conn).graceful_shutdown();
            }
            if let Poll::Ready(result) = Pin::new(&mut conn).poll(cx) {
                return Poll::Ready(End::of(result));
            }
            clock.observe(pulse.beat(), &house.limits);
            clock.poll(sleeping.as_mut(), cx).map(End::TimedOut)
        })
        .await
    };

    let (mut io, read_closed) = conn.into_parts().io.into_inner().into_parts();
    let last_word = match end {
        End::Answered => None,
        End::Unanswered(status) | End::TimedOut(Timeout::Answer(status)) => Some(envelope::bytes(status)),
        End::Broken | End::TimedOut(Timeout::Drop) => return,
    };
    if let Some(answer) = last_word {
        let say = async {
            io.write_all(&answer).await?;
            io.shutdown().await
        };
        if !matches!(timeout(PATIENCE.time, say).await, Ok(Ok(()))) {
            return;
        }
    }
    if !read_closed {
        hear_out(io, &house).await;
    }
}

/// Lingers, but makes haste as soon as the server closes.
async fn hear_out<T: AsyncRead + Unpin>(mut io: T, house: &House) {
    let mut bell = pin!(house.bell.notified());
    // Listening begins before the look at the truth, so that no closing falls between the two.
    bell.as_mut().enable();
    if !house.is_closing() {
        tokio::select! {
            () = linger(&mut io, PATIENCE) => return,
            () = bell => {}
        }
    }
    linger(io, IN_A_HURRY).await;
}

enum End {
    /// All is written and our side is closed, be it after a refusal by hyper.
    Answered,
    /// The head was refused without a word.
    Unanswered(StatusCode),
    /// The client is gone, or will not hear us.
    Broken,
    TimedOut(Timeout),
}

impl End {
    fn of(result: hyper::Result<()>) -> Self {
        match result {
            Ok(()) => Self::Answered,
            // A client that begins with the HTTP/2 preface.
            Err(error) if error.is_parse_version_h2() => {
                Self::Unanswered(StatusCode::HTTP_VERSION_NOT_SUPPORTED)
            }
            Err(error) if error.is_parse() => Self::Answered,
            Err(_) => Self::Broken,
        }
    }
}

#[derive(Debug, PartialEq)]
enum Timeout {
    Answer(StatusCode),
    Drop,
}

/// When the present stage has lasted too long. Stages change often and expire hardly ever, so a change only notes the
/// new time; the timer itself is moved when it fires too early, or would fire too late.
struct Clock {
    last: Beat,
    due: Option<Instant>,
    /// Set once by the shutdown, and final.
    end: Option<Instant>,
}

impl Clock {
    /// How far ahead the timer is set when nothing is due.
    const NEVER: Duration = Duration::from_secs(3600);

    fn new(beat: Beat, limits: &Limits) -> Self {
        Self { last: beat, due: Some(Instant::now() + limits.head_timeout), end: None }
    }

    fn end_within(&mut self, drain: Duration) {
        self.end = Some(Instant::now() + drain);
    }

    fn observe(&mut self, beat: Beat, limits: &Limits) {
        if beat == self.last {
            return;
        }
        self.last = beat;
        let allowed = match beat.stage {
            Stage::Silent | Stage::Head => Some(limits.head_timeout),
            Stage::Idle => Some(limits.idle_timeout),
            Stage::Blocked => Some(limits.body_idle_timeout),
            // Handlers have their own deadlines, and a long poll may well be long.
            Stage::Busy => None,
        };
        self.due = allowed.map(|allowed| Instant::now() + allowed);
    }

    fn poll(&self, mut sleeping: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<Timeout> {
        let next = self.due.into_iter().chain(self.end).min();
        if let Some(next) = next.filter(|next| *next < sleeping.deadline()) {
            sleeping.as_mut().reset(next);
        }
        loop {
            ready!(sleeping.as_mut().poll(cx));
            let now = Instant::now();
            match next {
                Some(next) if next <= now => return Poll::Ready(self.verdict(now)),
                Some(next) => sleeping.as_mut().reset(next),
                None => sleeping.as_mut().reset(now + Self::NEVER),
            }
        }
    }

    fn verdict(&self, now: Instant) -> Timeout {
        let is_late = self.due.is_some_and(|due| due <= now);
        match self.last.stage {
            Stage::Head if is_late => Timeout::Answer(StatusCode::REQUEST_TIMEOUT),
            _ => Timeout::Drop,
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    /// Sends each text after its pause, and answers what was said until the server closed, and when it did:
    /// in seconds of a clock that stands still while anybody has something to do.
    async fn talk(says: &[(u64, &str)]) -> (String, u64) {
        let (ours, theirs) = duplex(64 * 1024);
        let service = Router::new().route("/hello", get(|| async { "hello" }));
        let house = Arc::new(House::new(Limits::default()));
        let conversation = tokio::spawn(converse(ours, service, house, None));
        let (mut reader, mut writer) = tokio::io::split(theirs);
        let begun = Instant::now();
        let speaking = async {
            for (pause, text) in says {
                sleep(Duration::from_secs(*pause)).await;
                // Whether the server still listens is what is asked.
                let _ = writer.write_all(text.as_bytes()).await;
            }
        };
        let mut said = String::new();
        let listening = async {
            reader.read_to_string(&mut said).await.unwrap();
            begun.elapsed().as_secs()
        };
        let ((), closed) = tokio::join!(speaking, listening);
        conversation.await.unwrap();
        (said, closed)
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_or_half_of_it_is_closed_within_fifteen_seconds() {
        let (said, closed) = talk(&[]).await;
        assert!(said.is_empty() && closed <= 15, "{closed} s: {said}");
        let drips = [(0, "GET /hello HTTP/1.1\r\n"), (4, "a: b\r\n"), (4, "a: b\r\n"), (4, "a: b\r\n")];
        for says in [&drips[..1], &drips] {
            let (said, closed) = talk(says).await;
            assert!(said.starts_with("HTTP/1.1 408 ") && closed <= 15, "{closed} s: {said}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_was_answered_may_rest_for_longer_than_a_proxy_does_but_not_for_ever() {
        let hello = "GET /hello HTTP/1.1\r\nhost: x\r\n\r\n";
        let (said, closed) = talk(&[(0, hello), (61, hello)]).await;
        assert_eq!(said.matches("HTTP/1.1 200 ").count(), 2, "{said}");
        assert!((61 + 61..=61 + 90).contains(&closed), "{closed} s");
        // A half request ends the rest.
        let (said, closed) = talk(&[(0, hello), (30, "GET")]).await;
        assert!(said.contains("HTTP/1.1 408 ") && closed <= 30 + 15, "{closed} s: {said}");
    }
}

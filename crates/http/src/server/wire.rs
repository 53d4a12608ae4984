//! The socket as hyper sees it: it puts the JSON envelope in place of the bare answers that hyper gives by itself.
//! Such an answer is known by who spoke: it is output that the service had no part in (see `pulse`). What the service
//! writes is passed on unread, so no body, whatever its text, can be taken for one.
//! `connection` makes one for each socket. It never parses a request.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::envelope;
use super::pulse::Pulse;

pub(super) struct Wire<T> {
    io: T,
    pulse: Arc<Pulse>,
    /// Bytes that hyper offered and the socket did not take: the next write begins with them.
    backlog: usize,
    instead: Option<Instead>,
    read_closed: bool,
}

/// The envelope that takes the place of hyper's own answer, which is the last of a connection.
struct Instead {
    /// Of what hyper offers, this much is still the service's and goes first.
    after: usize,
    envelope: Bytes,
}

impl<T> Wire<T> {
    pub fn new(io: T, pulse: Arc<Pulse>) -> Self {
        Self { io, pulse, backlog: 0, instead: None, read_closed: false }
    }

    /// The socket, and whether the client has closed its side of it.
    pub fn into_parts(self) -> (T, bool) {
        (self.io, self.read_closed)
    }

    /// Looks at what hyper has added since the last write, but only if the service has added nothing.
    fn inspect(&mut self, offered: &[u8]) {
        if self.pulse.take_spoke() || offered.len() <= self.backlog || self.instead.is_some() {
            return;
        }
        if let Some(status) = bare_failure(&offered[self.backlog..]) {
            self.instead = Some(Instead { after: self.backlog, envelope: envelope::bytes(status) });
        }
    }

    fn note(&mut self, offered: usize, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Ready(Ok(n)) => {
                self.backlog = offered.saturating_sub(*n);
                self.pulse.is_moving();
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                self.backlog = offered;
                self.pulse.is_blocked();
            }
        }
    }
}

impl<T: AsyncWrite + Unpin> Wire<T> {
    fn write_instead(&mut self, cx: &mut Context<'_>, offered: &[u8]) -> Poll<io::Result<usize>> {
        let Some(instead) = &mut self.instead else { return Poll::Ready(Ok(0)) };
        if instead.after > 0 {
            let n = ready!(Pin::new(&mut self.io).poll_write(cx, &offered[..instead.after]))?;
            instead.after -= n;
            return Poll::Ready(Ok(n));
        }
        while instead.envelope.has_remaining() {
            let n = ready!(Pin::new(&mut self.io).poll_write(cx, &instead.envelope))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            instead.envelope.advance(n);
        }
        Poll::Ready(Ok(offered.len()))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Wire<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.pulse.received();
        } else if buffer.remaining() > 0 {
            self.read_closed = true;
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Wire<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, offered: &[u8]) -> Poll<io::Result<usize>> {
        self.inspect(offered);
        let written = match self.instead {
            None => Pin::new(&mut self.io).poll_write(cx, offered),
            Some(_) => self.write_instead(cx, offered),
        };
        self.note(offered.len(), &written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        offered: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // hyper's own answers have no body, so they come as one slice.
        if let [only] = offered {
            return self.poll_write(cx, only);
        }
        self.pulse.take_spoke();
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, offered);
        self.note(offered.iter().map(|slice| slice.len()).sum(), &written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// The status of an answer that says that something failed; `None` for `100 Continue`, hyper's other own words.
fn bare_failure(head: &[u8]) -> Option<StatusCode> {
    let code = head.strip_prefix(b"HTTP/1.1 ").or_else(|| head.strip_prefix(b"HTTP/1.0 "))?.get(..3)?;
    StatusCode::from_bytes(code).ok().filter(|status| status.is_client_error() || status.is_server_error())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const BARE: &[u8] = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\r\n";

    fn wire(buffer: usize) -> (Wire<DuplexStream>, DuplexStream, Arc<Pulse>) {
        let (ours, theirs) = duplex(buffer);
        let pulse = Arc::new(Pulse::new());
        (Wire::new(ours, Arc::clone(&pulse)), theirs, pulse)
    }

    /// Writes as hyper does: all that is buffered, again and again, until it is taken.
    async fn write_and_collect(
        mut wire: Wire<DuplexStream>,
        mut client: DuplexStream,
        text: Vec<u8>,
    ) -> String {
        let writer = tokio::spawn(async move {
            wire.write_all(&text).await.unwrap();
            wire.shutdown().await.unwrap();
        });
        let mut seen = String::new();
        client.read_to_string(&mut seen).await.unwrap();
        writer.await.unwrap();
        seen
    }

    #[tokio::test]
    async fn hypers_own_failure_gets_the_envelope_however_small_the_window() {
        for window in [1, 7, 64 * 1024] {
            let (wire, client, _) = wire(window);
            let seen = write_and_collect(wire, client, BARE.to_vec()).await;
            assert!(seen.starts_with("HTTP/1.1 431 "), "{seen}");
            assert!(seen.ends_with(r#""description":"Request Header Fields Too Large"}"#), "{seen}");
        }
    }

    #[tokio::test]
    async fn the_same_bytes_from_the_service_pass_unchanged() {
        let (wire, client, pulse) = wire(64 * 1024);
        pulse.speaks();
        assert_eq!(write_and_collect(wire, client, BARE.to_vec()).await.as_bytes(), BARE);
    }

    #[tokio::test]
    async fn a_continue_passes_unchanged() {
        let (wire, client, _) = wire(64 * 1024);
        let go_on = b"HTTP/1.1 100 Continue\r\n\r\n";
        assert_eq!(write_and_collect(wire, client, go_on.to_vec()).await.as_bytes(), go_on);
    }

    #[tokio::test]
    async fn the_rest_of_a_good_answer_goes_out_before_the_envelope() {
        let good = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        let (mut wire, client, pulse) = wire(10);
        pulse.speaks();
        let n = wire.write(good).await.unwrap();
        assert!(n < good.len(), "the window must be too small for the good answer");
        let rest = [&good[n..], BARE].concat();
        let seen = write_and_collect(wire, client, rest).await;
        let (first, second) = seen.split_at(good.len());
        assert_eq!(first.as_bytes(), good);
        assert!(second.starts_with("HTTP/1.1 431 ") && second.ends_with('}'), "{second}");
    }

    #[tokio::test]
    async fn the_rest_of_a_body_that_reads_like_a_failure_is_left_alone() {
        let body = [BARE, BARE].concat();
        let (mut wire, client, pulse) = wire(BARE.len());
        pulse.speaks();
        assert_eq!(wire.write(&body).await.unwrap(), BARE.len());
        assert_eq!(write_and_collect(wire, client, BARE.to_vec()).await.as_bytes(), body);
    }
}

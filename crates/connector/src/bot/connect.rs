//! Opens connections to a Bot API server: address, TCP, TLS, HTTP/1.
//! Called by the pool when it has none to reuse. It counts the bytes written on each, so that one can tell whether a
//! failed request had begun. It never tries anything twice.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::address::BaseUrl;
use super::body::SentBody;
use super::fault::Why;

/// So much of an answer is read ahead of who takes it, in bytes a connection.
const READ_AHEAD: usize = 128 * 1024;
/// An address that doesn't answer leaves time for the next.
const PER_ADDRESS: Duration = Duration::from_secs(4);

/// An HTTP/1 connection, free for one request at a time.
pub(super) struct Connection {
    pub sender: SendRequest<SentBody>,
    /// Bytes of requests handed to the socket or to TLS.
    pub written: Arc<AtomicU64>,
}

/// How to connect to one server.
pub(super) struct Dial {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    timeout: Duration,
}

impl Dial {
    pub fn new(base: &BaseUrl, tls: &Arc<ClientConfig>, timeout: Duration) -> Dial {
        // Brackets are how a URL writes an IPv6 address.
        let host = base.host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host.clone()).ok().filter(|_| base.tls);
        let tls = name.map(|name| (TlsConnector::from(Arc::clone(tls)), name));
        // A host that can't be in a certificate fails below: without TLS nothing is sent to an https address.
        let timeout = if base.tls && tls.is_none() { Duration::ZERO } else { timeout };
        Dial { host, port: base.port, tls, timeout }
    }

    pub async fn connect(&self) -> Result<Connection, Why> {
        if self.timeout.is_zero() {
            return Err(Why::Tls);
        }
        match tokio::time::timeout(self.timeout, self.handshakes()).await {
            Ok(connected) => connected,
            Err(_) => Err(Why::ConnectTimeout),
        }
    }

    async fn handshakes(&self) -> Result<Connection, Why> {
        let stream = self.tcp().await?;
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => serve(stream).await,
            Some((connector, name)) => {
                // Until the handshake is through nothing of a request is written, whatever goes wrong.
                let stream =
                    connector.connect(name.clone(), stream).await.map_err(|error| {
                        match Why::of_io(&error) {
                            Why::Closed => Why::Tls,
                            why => why,
                        }
                    })?;
                serve(stream).await
            }
        }
    }

    async fn tcp(&self) -> Result<TcpStream, Why> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let mut addresses: Vec<SocketAddr> = found.map_err(|_| Why::NoAddress)?.collect();
        // Where IPv6 leads nowhere it is found out slowly; Telegram's servers have both.
        addresses.sort_by_key(SocketAddr::is_ipv6);
        let mut failed = Why::NoAddress;
        for address in addresses {
            match tokio::time::timeout(PER_ADDRESS, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => failed = Why::of_io(&error),
                Err(_) => failed = Why::ConnectTimeout,
            }
        }
        Err(failed)
    }
}

/// Speaks HTTP/1 on a stream, in a task of its own that ends with the connection.
async fn serve<S>(stream: S) -> Result<Connection, Why>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let written = Arc::new(AtomicU64::new(0));
    let counted = Counted { stream, written: Arc::clone(&written) };
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(READ_AHEAD)
        .handshake(TokioIo::new(counted))
        .await
        .map_err(|error| Why::of_connection(&error))?;
    // Its error is told to the request that it happens to.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(Connection { sender, written })
}

/// A stream that counts what is written to it.
struct Counted<S> {
    stream: S,
    written: Arc<AtomicU64>,
}

impl<S> Counted<S> {
    fn count(&self, wrote: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = wrote {
            // usize is at most 64 bits wide here.
            self.written.fetch_add(*bytes as u64, Ordering::Relaxed);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.count(&wrote);
        wrote
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.count(&wrote);
        wrote
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

//! The fake upstream's connections: it accepts them, reads requests, writes the journal and answers or fails.
//! Runs in a task of its own until the fake is stopped. What methods do is elsewhere.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::fault::{ConnectionFault, Fault};
use super::journal::{Act, Seen};
use super::methods::{act, unauthorised};
use super::params::Params;
use super::reply::{self, ReplyBody, checksum};
use super::{BotError, World};

/// So much of a body is kept in the journal.
const MOST_KEPT: usize = 1 << 20;

/// The authority of the certificate below.
pub(super) const AUTHORITY: &str = include_str!("testdata/authority.pem");
const CERTIFICATE: &str = include_str!("testdata/localhost.pem");
const KEY: &str = include_str!("testdata/localhost.key");

pub(super) fn acceptor() -> TlsAcceptor {
    let certificate =
        CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).expect("the file is a certificate");
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).expect("the file is a key");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("the key is the certificate's");
    TlsAcceptor::from(Arc::new(config))
}

pub(super) async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, world: Arc<World>) {
    // Dropped with this future, it ends all connections.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        let _ = stream.set_nodelay(true);
        let fault = world.change(|state| {
            state.connections += 1;
            state.plan.take_connection()
        });
        let (tls, world) = (tls.clone(), Arc::clone(&world));
        connections.spawn(async move {
            match (fault, tls) {
                (Some(fault), _) => fail(stream, fault).await,
                (None, None) => serve(stream, world).await,
                (None, Some(tls)) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, world).await;
                    }
                }
            }
        });
    }
}

async fn fail(mut stream: TcpStream, fault: ConnectionFault) {
    match fault {
        ConnectionFault::Reset => drop(stream.set_zero_linger()),
        ConnectionFault::Silent => std::future::pending().await,
        ConnectionFault::NotHttp => {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"220 mail.example ready\r\n\r\n").await;
        }
    }
}

async fn serve<S>(stream: S, world: Arc<World>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let answer = service_fn(move |request| handle(Arc::clone(&world), request));
    // A connection that fails is one of the faults.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

/// An error closes the connection without an answer.
async fn handle(world: Arc<World>, request: Request<Incoming>) -> io::Result<Response<ReplyBody>> {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let Some(Asked { token, what, is_file }) = read_path(head.uri.path()) else {
        return Ok(reply::refusal(&not_found()));
    };
    let fault = world.change(|state| state.plan.take(&what));
    let mut seen = Seen {
        token: token.clone(),
        method: what.clone(),
        verb: head.method,
        path,
        headers: head.headers.clone(),
        body: Bytes::new(),
        body_len: 0,
        body_sum: 0,
        is_whole: false,
        act: Act::Not,
        status: None,
    };
    if fault != Some(Fault::CloseUnread) {
        read(body, &mut seen).await;
    }
    let (is_whole, body) = (seen.is_whole, seen.body.clone());
    // It is seen when it has come; what it does may take as long as a poll.
    let place = world.change(|state| {
        state.journal.push(seen);
        state.journal.len() - 1
    });
    let (done, response) = match fault {
        _ if !is_whole => (Act::Not, closed()),
        Some(Fault::Error(error)) => (Act::Not, Ok(reply::refusal(&error))),
        Some(Fault::Page(status)) => (Act::Not, Ok(reply::page(status))),
        fault if is_file => (Act::Done, respond_file(&world, &token, &what, fault).await),
        fault => {
            let params = Params::read(head.uri.query(), &head.headers, &body).await;
            let outcome = act(&world, &token, &what, &params).await;
            let done = if outcome.is_ok() { Act::Done } else { Act::Not };
            world.change(|state| state.journal[place].act = done);
            (done, respond(fault, outcome.map(|result| reply::ok_text(&result))).await)
        }
    };
    world.change(|state| {
        let seen = &mut state.journal[place];
        seen.act = done;
        seen.status = response.as_ref().ok().map(|response| response.status().as_u16());
    });
    response
}

async fn respond(fault: Option<Fault>, outcome: Result<Bytes, BotError>) -> io::Result<Response<ReplyBody>> {
    let body = match outcome {
        Ok(body) => body,
        Err(error) => return Ok(reply::refusal(&error)),
    };
    let (half, length) = (body.slice(..body.len() / 2), body.len() as u64);
    match fault {
        Some(Fault::LostReply) => return closed(),
        Some(Fault::Slow(wait)) => tokio::time::sleep(wait).await,
        Some(Fault::Malformed) => return Ok(reply::ok(ReplyBody::Whole(Some(half)))),
        Some(Fault::Cut) => return Ok(reply::ok(ReplyBody::cut(half, length))),
        Some(Fault::Stall) => return Ok(reply::ok(ReplyBody::Stall(Some(half), length))),
        Some(Fault::Huge(size)) => return Ok(reply::ok(ReplyBody::huge(size))),
        _ => {}
    }
    Ok(reply::ok(ReplyBody::Whole(Some(body))))
}

async fn respond_file(
    world: &World,
    token: &str,
    path: &str,
    fault: Option<Fault>,
) -> io::Result<Response<ReplyBody>> {
    let size = match world.lock().bots.get(token) {
        None => return Ok(reply::refusal(&unauthorised())),
        Some(bot) => bot.files.get(path).copied(),
    };
    let Some(size) = size else { return Ok(reply::refusal(&not_found())) };
    let half = Bytes::from(reply::file_bytes(usize::try_from(size / 2).unwrap_or(0).min(1 << 16)));
    let body = match fault {
        Some(Fault::LostReply) => return closed(),
        Some(Fault::Cut) => ReplyBody::cut(half, size),
        Some(Fault::Stall) => ReplyBody::Stall(Some(half), size),
        Some(Fault::Slow(wait)) => {
            tokio::time::sleep(wait).await;
            ReplyBody::file(size)
        }
        _ => ReplyBody::file(size),
    };
    let mut response = Response::new(body);
    let kind = http::HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    Ok(response)
}

/// Reads a body to its end (or its failure), counting it.
async fn read(mut body: Incoming, seen: &mut Seen) {
    let mut kept = BytesMut::new();
    seen.is_whole = true;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            seen.is_whole = false;
            break;
        };
        let Ok(data) = frame.into_data() else { continue };
        seen.body_len += data.len() as u64;
        seen.body_sum = checksum(seen.body_sum, &data);
        kept.extend_from_slice(&data[..data.len().min(MOST_KEPT.saturating_sub(kept.len()))]);
    }
    seen.body = kept.freeze();
}

struct Asked {
    token: String,
    what: String,
    is_file: bool,
}

/// Reads `/bot<token>/<method>` and `/file/bot<token>/<path>`.
fn read_path(path: &str) -> Option<Asked> {
    let (is_file, rest) = match path.strip_prefix("/file/bot") {
        Some(rest) => (true, rest),
        None => (false, path.strip_prefix("/bot")?),
    };
    let (token, what) = rest.split_once('/')?;
    // Telegram's own takes the slash of a file's path encoded as well.
    let what = if is_file { what.replace("%2F", "/") } else { what.to_owned() };
    Some(Asked { token: token.to_owned(), what, is_file })
}

fn not_found() -> BotError {
    let description = "Not Found".to_owned();
    BotError { status: 404, description, retry_after: None, migrate_to_chat_id: None }
}

fn closed() -> io::Result<Response<ReplyBody>> {
    Err(io::ErrorKind::ConnectionAborted.into())
}

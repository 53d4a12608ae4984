//! Opens a blocking connection to PostgreSQL: the socket, the start-up message and the password. Used by
//! `connect`; what is said afterwards is `line`'s. It speaks no TLS.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use bytes::BytesMut;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;
use socket2::{Domain, SockAddr, Socket, TcpKeepalive, Type};
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::error::Report;
use fallible_iterator::FallibleIterator;

/// Reaching one address.
const REACH_LIMIT: Duration = Duration::from_secs(5);
/// Each answer while logging in.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Why there is no connection: a text for a log.
type Tried<T> = Result<T, String>;

/// Connects to the first host that answers, and logs in as `user` unless the configuration names one.
pub(super) fn login(config: &Config, user: &str) -> Tried<(Socket, BytesMut)> {
    let mut last = "no host is named".to_owned();
    let ports = config.get_ports();
    for index in 0..config.get_hosts().len().max(config.get_hostaddrs().len()) {
        let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
        match reach(config, index, port) {
            Ok(socket) => {
                return Session { socket, input: BytesMut::new(), out: BytesMut::new() }.open(config, user);
            }
            Err(error) => last = error.to_string(),
        }
    }
    Err(last)
}

fn reach(config: &Config, index: usize, port: u16) -> io::Result<Socket> {
    let limit = config.get_connect_timeout().copied().unwrap_or(REACH_LIMIT);
    let named = |ip: &IpAddr| vec![SocketAddr::new(*ip, port)];
    let addresses = match (config.get_hostaddrs().get(index).map(named), config.get_hosts().get(index)) {
        (Some(addresses), _) => addresses,
        (None, Some(Host::Tcp(name))) => (name.as_str(), port).to_socket_addrs()?.collect(),
        #[cfg(unix)]
        (None, Some(Host::Unix(folder))) => {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            socket.connect(&SockAddr::unix(folder.join(format!(".s.PGSQL.{port}")))?)?;
            return Ok(socket);
        }
        (None, None) => Vec::new(),
    };
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in addresses {
        match reach_tcp(config, address, limit) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn reach_tcp(config: &Config, address: SocketAddr, limit: Duration) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.connect_timeout(&address.into(), limit)?;
    socket.set_tcp_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(config.get_tcp_user_timeout().copied())?;
    if config.get_keepalives() {
        let mut keepalive = TcpKeepalive::new().with_time(config.get_keepalives_idle());
        if let Some(interval) = config.get_keepalives_interval() {
            keepalive = keepalive.with_interval(interval);
        }
        socket.set_tcp_keepalive(&keepalive)?;
    }
    Ok(socket)
}

/// A connection that is not logged in yet.
struct Session {
    socket: Socket,
    input: BytesMut,
    out: BytesMut,
}

impl Session {
    fn open(mut self, config: &Config, user: &str) -> Tried<(Socket, BytesMut)> {
        self.socket.set_read_timeout(Some(ANSWER_LIMIT)).map_err(text)?;
        self.socket.set_write_timeout(Some(ANSWER_LIMIT)).map_err(text)?;
        let user = config.get_user().unwrap_or(user);
        let mut parameters = vec![("client_encoding", "UTF8"), ("user", user)];
        let optional = [
            ("database", config.get_dbname()),
            ("options", config.get_options()),
            ("application_name", config.get_application_name()),
        ];
        parameters.extend(optional.iter().filter_map(|(name, value)| Some((*name, (*value)?))));
        frontend::startup_message(parameters, &mut self.out).map_err(text)?;
        loop {
            match self.exchange()? {
                Message::AuthenticationOk => break,
                Message::AuthenticationCleartextPassword => {
                    frontend::password_message(password(config)?, &mut self.out).map_err(text)?;
                }
                Message::AuthenticationMd5Password(body) => {
                    let hash = md5_hash(user.as_bytes(), password(config)?, body.salt());
                    frontend::password_message(hash.as_bytes(), &mut self.out).map_err(text)?;
                }
                Message::AuthenticationSasl(body) => self.scram(&body, password(config)?)?,
                _ => return Err("PostgreSQL asks for a way to log in that is not supported".to_owned()),
            }
        }
        while !matches!(self.exchange()?, Message::ReadyForQuery(_)) {}
        Ok((self.socket, self.input))
    }

    /// SCRAM-SHA-256 (RFC 7677), up to the server's proof.
    fn scram(&mut self, offered: &AuthenticationSaslBody, password: &[u8]) -> Tried<()> {
        let known = offered.mechanisms().any(|name| Ok(name == SCRAM_SHA_256)).map_err(text)?;
        if !known {
            return Err("PostgreSQL offers no SCRAM-SHA-256".to_owned());
        }
        let mut scram = ScramSha256::new(password, ChannelBinding::unsupported());
        frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), &mut self.out).map_err(text)?;
        let Message::AuthenticationSaslContinue(body) = self.exchange()? else { return Err(confused()) };
        scram.update(body.data()).map_err(text)?;
        frontend::sasl_response(scram.message(), &mut self.out).map_err(text)?;
        let Message::AuthenticationSaslFinal(body) = self.exchange()? else { return Err(confused()) };
        scram.finish(body.data()).map_err(text)
    }

    /// Sends what is written and waits for the next message.
    fn exchange(&mut self) -> Tried<Message> {
        self.socket.write_all(&self.out).map_err(text)?;
        self.out.clear();
        loop {
            match Message::parse(&mut self.input).map_err(text)? {
                Some(Message::ErrorResponse(body)) => return Err(Report::read(&body).message),
                Some(message) => return Ok(message),
                None => {}
            }
            let mut chunk = [0; 4096];
            match self.socket.read(&mut chunk).map_err(text)? {
                0 => return Err("PostgreSQL closed the connection".to_owned()),
                read => self.input.extend_from_slice(&chunk[..read]),
            }
        }
    }
}

fn password(config: &Config) -> Tried<&[u8]> {
    config.get_password().ok_or_else(|| "PostgreSQL asks for a password and the URL has none".to_owned())
}

fn confused() -> String {
    "PostgreSQL broke off while logging in".to_owned()
}

fn text(error: io::Error) -> String {
    error.to_string()
}

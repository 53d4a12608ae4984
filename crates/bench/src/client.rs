//! A plain blocking client over one kept connection: for looking around before a measurement, and where one
//! answer at a time is what is measured. Used by the operations. It retries nothing.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::{Failed, answer};

/// Longer than the longest poll.
const PATIENCE: Duration = Duration::from_secs(70);

pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Result<Client, Failed> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Client { stream, buffer: vec![0; 1 << 16] })
    }

    /// Sends a request without waiting.
    pub fn send(&mut self, request: &[u8]) -> Result<(), Failed> {
        Ok(self.stream.write_all(request)?)
    }

    /// Waits for an answer: its status and body.
    pub fn receive(&mut self) -> Result<(u16, Vec<u8>), Failed> {
        let mut bytes = Vec::new();
        loop {
            let count = self.stream.read(&mut self.buffer)?;
            if count == 0 {
                return Err("the server closed the connection".into());
            }
            bytes.extend_from_slice(&self.buffer[..count]);
            if let Some(whole) = answer::read(&bytes)? {
                return Ok((whole.status, bytes.split_off(whole.body)));
            }
        }
    }

    /// Asks and waits; anything but 200 is an error.
    pub fn ask(&mut self, request: &[u8]) -> Result<Vec<u8>, Failed> {
        self.send(request)?;
        match self.receive()? {
            (200, body) => Ok(body),
            (status, body) => Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into()),
        }
    }

    /// The `result` of a GET.
    pub fn get(&mut self, path: &str) -> Result<Value, Failed> {
        let mut request = Vec::new();
        get(&mut request, path);
        let mut body: Value = serde_json::from_slice(&self.ask(&request)?)?;
        Ok(body["result"].take())
    }
}

/// Writes a GET.
pub fn get(out: &mut Vec<u8>, path: &str) {
    out.extend_from_slice(b"GET ");
    out.extend_from_slice(path.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
}

/// Writes a POST of JSON.
pub fn post(out: &mut Vec<u8>, path: &str, json: &str) {
    post_with(out, path, "", json);
}

/// Writes a POST of JSON with more lines of the head.
pub fn post_with(out: &mut Vec<u8>, path: &str, lines: &str, json: &str) {
    for part in ["POST ", path, " HTTP/1.1\r\nHost: 127.0.0.1\r\n", lines] {
        out.extend_from_slice(part.as_bytes());
    }
    out.extend_from_slice(b"Content-Type: application/json\r\nContent-Length: ");
    out.extend_from_slice(json.len().to_string().as_bytes());
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(json.as_bytes());
}

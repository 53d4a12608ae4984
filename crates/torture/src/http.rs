//! A small HTTP/1.1 client over one kept connection that tells a request that never left from one whose
//! outcome is unknown. Used by everything that speaks to the server. It never retries and never follows.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Longer than any answer takes that still means something: to end a hang, not to measure.
const PATIENCE: Duration = Duration::from_secs(30);

/// What to ask.
#[derive(Debug, Clone)]
pub struct Request {
    pub verb: &'static str,
    /// With the query.
    pub path: String,
    pub token: String,
    /// The `Idempotency-Key`.
    pub key: Option<String>,
    pub body: Option<String>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    /// Seconds of `Retry-After`.
    pub retry_after: Option<u64>,
}

/// Why nothing came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The server could not be reached: nothing was done.
    Unsent,
    /// It may have been done or not.
    Unanswered,
}

/// One client's connection, opened when it is first needed and after each loss.
pub struct Connection {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

impl Request {
    pub fn get(token: &str, path: impl Into<String>) -> Request {
        Request { verb: "GET", path: path.into(), token: token.to_owned(), key: None, body: None }
    }

    pub fn with_body(verb: &'static str, token: &str, path: impl Into<String>, body: &Value) -> Request {
        Request { verb, body: Some(body.to_string()), ..Request::get(token, path) }
    }

    fn text(&self) -> String {
        let body = self.body.as_deref().unwrap_or_default();
        let mut text = format!("{} {} HTTP/1.1\r\nhost: torture\r\n", self.verb, self.path);
        if !self.token.is_empty() {
            text += &format!("authorization: Bearer {}\r\n", self.token);
        }
        if let Some(key) = &self.key {
            text += &format!("idempotency-key: {key}\r\n");
        }
        if self.body.is_some() {
            text += &format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
        }
        text + "\r\n" + body
    }
}

impl Answer {
    /// `result` of a success.
    pub fn result(&self) -> Option<Value> {
        if !(200..300).contains(&self.status) {
            return None;
        }
        let mut body: Value = serde_json::from_str(&self.body).ok()?;
        (body["ok"] == true).then(|| body["result"].take())
    }

    /// Whether it is the envelope of a 503 that says, twice and alike, when to come again.
    pub fn is_proper_503(&self) -> bool {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        self.status == 503
            && body["ok"] == false
            && body["error_code"] == 503
            && self.retry_after.is_some()
            && body["parameters"]["retry_after"].as_u64() == self.retry_after
    }

    /// Whether the server says that it doesn't know what came of the request.
    pub fn is_in_doubt(&self) -> bool {
        self.status == 503 && self.body.contains("did not say whether it kept this")
    }
}

impl Connection {
    pub fn new(address: SocketAddr) -> Connection {
        Connection { address, stream: None }
    }

    pub async fn send(&mut self, request: &Request) -> Result<Answer, Lost> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect().await?,
        };
        let exchange = tokio::time::timeout(PATIENCE, exchange(&mut stream, request));
        let answer = exchange.await.ok().and_then(Result::ok).flatten().ok_or(Lost::Unanswered)?;
        self.stream = Some(stream);
        Ok(answer)
    }

    async fn connect(&self) -> Result<BufReader<TcpStream>, Lost> {
        let connecting = tokio::time::timeout(PATIENCE, TcpStream::connect(self.address)).await;
        let stream = connecting.ok().and_then(Result::ok).ok_or(Lost::Unsent)?;
        stream.set_nodelay(true).map_err(|_| Lost::Unsent)?;
        Ok(BufReader::new(stream))
    }
}

/// `None` where the answer ended too early.
async fn exchange(stream: &mut BufReader<TcpStream>, request: &Request) -> std::io::Result<Option<Answer>> {
    stream.write_all(request.text().as_bytes()).await?;
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let (mut length, mut retry_after) = (0, None);
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        // The last line of a head that was cut off has no end.
        if !line.ends_with('\n') {
            return Ok(None);
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "retry-after" => retry_after = value.trim().parse().ok(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(status.map(|status| Answer { status, body, retry_after }))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A server that reads one request on each connection and answers with these bytes.
    async fn server(answers: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn an_answer_that_ends_too_early_is_an_unknown_outcome() {
        let address = server(&[
            "",
            "HTTP/1.1 200 OK\r\ncontent-le",
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"ok\"",
            "HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 2\r\n\r\n{}",
        ])
        .await;
        let mut connection = Connection::new(address);
        let request = Request::get("", "/");
        for _ in 0..3 {
            assert_eq!(connection.send(&request).await, Err(Lost::Unanswered));
        }
        let whole = Answer { status: 503, body: "{}".to_owned(), retry_after: Some(3) };
        assert_eq!(connection.send(&request).await, Ok(whole));
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_was_never_asked() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        assert_eq!(Connection::new(address).send(&Request::get("", "/")).await, Err(Lost::Unsent));
    }

    #[test]
    fn a_503_must_say_the_same_time_in_both_places() {
        let body = r#"{"ok":false,"error_code":503,"description":"full","parameters":{"retry_after":30}}"#
            .to_owned();
        let answer = Answer { status: 503, body, retry_after: Some(30) };
        assert!(answer.is_proper_503());
        assert!(!Answer { retry_after: Some(1), ..answer.clone() }.is_proper_503());
        assert!(!Answer { retry_after: None, ..answer.clone() }.is_proper_503());
        assert!(!Answer { body: "{}".to_owned(), ..answer }.is_proper_503());
    }
}

//! A connection to the server that writes bytes as they are and reads answer after answer: for clients that
//! misbehave, and for load, which needs connections that live on. It neither retries nor understands JSON.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Only a server that hangs makes a test wait for this.
const PATIENCE: Duration = Duration::from_secs(60);

/// One connection, kept open until it is dropped.
pub struct Line {
    stream: BufReader<TcpStream>,
}

/// An answer as it came.
#[derive(Clone, Debug)]
pub struct Said {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Line {
    /// Connects to `http://host:port`.
    ///
    /// # Panics
    /// When nobody listens there.
    pub async fn open(url: &str) -> Line {
        Line::try_open(url).await.unwrap_or_else(|why| panic!("no connection to {url}: {why}"))
    }

    /// The same for servers that may be too full to listen.
    ///
    /// # Errors
    /// The operating system's refusal.
    pub async fn try_open(url: &str) -> std::io::Result<Line> {
        let stream = TcpStream::connect(url.trim_start_matches("http://")).await?;
        stream.set_nodelay(true)?;
        Ok(Line { stream: BufReader::new(stream) })
    }

    /// Writes; `false` when the server has closed.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Ends our side; the server may still speak.
    pub async fn end(&mut self) -> bool {
        self.stream.shutdown().await.is_ok()
    }

    /// The next answer, or `None` when the server closes before its end.
    ///
    /// # Panics
    /// When neither comes within a minute.
    pub async fn answer(&mut self) -> Option<Said> {
        tokio::time::timeout(PATIENCE, self.read()).await.expect("an answer, or the end")
    }

    /// All that comes until the server closes.
    ///
    /// # Panics
    /// When it doesn't within a minute.
    pub async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        // A reset is an end as well.
        let read = tokio::time::timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await;
        let _ = read.expect("the server closes");
        String::from_utf8_lossy(&rest).into_owned()
    }

    /// Adds what comes to `said` until the server closes. May be dropped at any point: what has come
    /// by then is kept.
    pub async fn listen(&mut self, said: &mut String) {
        loop {
            let come = match self.stream.fill_buf().await {
                Ok(come) if !come.is_empty() => come,
                // A reset is an end as well.
                _ => return,
            };
            said.push_str(&String::from_utf8_lossy(come));
            let length = come.len();
            self.stream.consume(length);
        }
    }

    /// A request and its answer, on a connection that lives on.
    ///
    /// # Panics
    /// When the server closes instead.
    pub async fn ask(&mut self, request: impl AsRef<[u8]>) -> Said {
        self.send(request).await;
        self.answer().await.expect("a server that serves answers")
    }

    async fn read(&mut self) -> Option<Said> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        let status = head.get(9..12)?.parse().ok()?;
        let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.ok()?;
        Some(Said { status, head, body: String::from_utf8(body).ok()? })
    }
}

impl Said {
    /// A header's text, if the answer has it.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = head.lines().filter_map(|line| line.split_once(": "));
    pairs.find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Receiver, Reply};

    #[tokio::test]
    async fn a_line_reads_answer_after_answer_and_then_the_end() {
        let receiver = Receiver::start().await;
        receiver.answer_next([Reply::status(503).header("retry-after", "2").body("later")]);
        let mut line = Line::open(&receiver.url("")).await;
        let request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
        let first = line.ask(request).await;
        assert_eq!((first.status, first.body.as_str()), (503, "later"));
        assert_eq!(first.header("Retry-After"), Some("2"));
        assert_eq!(line.ask(request).await.status, 200);
        assert!(line.end().await);
        assert!(line.answer().await.is_none());
        assert_eq!(line.rest().await, "");
    }
}

//! The bot connector against an upstream that fails as it is told: what passes through, what is tried again, and what
//! never is. Everything here is asked through the crate's public door.

#![allow(clippy::unwrap_used)]

mod call;
mod faults;
mod pass;
mod secrets;

use std::time::Duration;

use bytes::Bytes;
use contactgram_connector::bot::{
    BaseUrl, Door, PassBody, PassError, UplinkOptions, Uplinks, Upstream, UpstreamToken,
};
use contactgram_testkit::FakeUpstream;
use http::{Request, Response};
use http_body_util::Full;

/// A bot at a fake upstream, and the door to it.
pub struct World {
    pub fake: FakeUpstream,
    pub token: String,
    pub upstream: Upstream,
}

impl World {
    pub async fn new() -> World {
        Self::with(FakeUpstream::start().await, UplinkOptions::default())
    }

    /// With less patience than one has in production.
    pub async fn impatient() -> World {
        let options = UplinkOptions {
            answer_timeout: Duration::from_millis(300),
            stall_timeout: Duration::from_millis(300),
            ..UplinkOptions::default()
        };
        Self::with(FakeUpstream::start().await, options)
    }

    pub fn with(fake: FakeUpstream, options: UplinkOptions) -> World {
        let token = fake.bot(123_456);
        let base = BaseUrl::read(&fake.url()).unwrap();
        let uplinks = Uplinks::new(options).unwrap();
        let upstream = uplinks.upstream(&base, &UpstreamToken::read(&token).unwrap());
        World { fake, token, upstream }
    }

    /// Passes a sendMessage.
    pub async fn send(&self) -> Result<Response<PassBody>, PassError> {
        self.upstream.pass(Door::Method("sendMessage"), Some("chat_id=5&text=x"), get()).await
    }
}

pub fn get() -> Request<Full<Bytes>> {
    Request::new(Full::default())
}

pub fn post(content_type: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post("/").header("content-type", content_type).body(Full::new(body.into())).unwrap()
}

/// The whole body of an answer.
pub async fn text(answer: Response<PassBody>) -> String {
    String::from_utf8(answer.into_body().whole(1 << 20).await.unwrap().to_vec()).unwrap()
}

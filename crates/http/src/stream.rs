//! `GET /updates/stream`: updates as server-sent events, for browsers and scripts. An event's id is the update's, so that
//! whoever comes back with `Last-Event-ID` misses nothing. It confirms nothing.

use crate::botapi::allowed;
use crate::call::Call;
use crate::reply::{self, Failure, Reply, bad};
use contactgram_hub::access::UpdatesRead;
use contactgram_hub::{Caller, Error, Hub, Streamed, UpdateStream};
use contactgram_model::PlainToken;
use contactgram_model::scope::Scope;
use futures_util::stream;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// So often something is said, also where there is nothing to say: proxies end what is quiet.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A comment, which readers pass over.
const QUIET: &str = ":\n\n";

struct Reader {
    hub: Arc<Hub>,
    token: PlainToken,
    begun: Caller,
    stream: UpdateStream,
    greeted: bool,
}

/// `GET /updates/stream`
pub(crate) async fn updates(call: Call) -> Reply {
    let (permit, params) = (call.permit::<UpdatesRead>()?, call.query());
    let header = call.parts.headers.get("last-event-id").map(|value| value.to_str().unwrap_or("?"));
    let last = header.or_else(|| params.text("last_event_id")).map(str::trim).filter(|text| !text.is_empty());
    let wrong = || bad("Last-Event-ID must be an update_id");
    let last = last.map(|text| text.parse::<i64>().map_err(|_| wrong())).transpose()?;
    if last.is_some_and(|last| last < 0) {
        return Err(wrong());
    }
    // Not as leniently as getUpdates: what can't be read here would be a stream of something else.
    params.json::<Vec<String>>("allowed_updates")?;
    let hub = call.shared_hub();
    let kinds = allowed(&hub, permit.account(), &params).await?;
    let stream = hub.stream_updates(&permit, kinds, last).await?;
    let reader = Reader { hub, token: call.token.clone(), begun: call.caller, stream, greeted: false };
    let events = stream::unfold(reader, |mut reader| async move {
        let text = reader.next().await?;
        Some((Ok::<_, Infallible>(text), reader))
    });
    Ok(reply::events(events))
}

impl Reader {
    /// The next piece of the answer; `None` at its end.
    async fn next(&mut self) -> Option<String> {
        if !std::mem::replace(&mut self.greeted, true) {
            return Some(QUIET.to_owned());
        }
        let streamed = self.hub.next_of(&mut self.stream, HEARTBEAT).await;
        // What was revoked meanwhile shows nothing more.
        if let Err(failure) = self.still_may().await {
            tracing::debug!(account.id = self.begun.account().0, ?failure, "a stream of updates ends");
            return None;
        }
        match streamed {
            Ok(Streamed::Updates(updates)) => {
                let event = |(id, json): (i64, String)| format!("id: {id}\ndata: {json}\n\n");
                Some(updates.into_iter().map(event).collect())
            }
            Ok(Streamed::Quiet) => Some(QUIET.to_owned()),
            Ok(Streamed::End) | Err(_) => None,
        }
    }

    async fn still_may(&self) -> Result<(), Failure> {
        let caller = match self.hub.known(&self.token) {
            Some(caller) => caller,
            None => self.hub.authenticate(&self.token).await?,
        };
        // Whoever may less than at first is shown less: that is another stream.
        match caller == self.begun && caller.may(Scope::UpdatesRead) {
            true => Ok(()),
            false => Err(Error::Unauthorized.into()),
        }
    }
}

//! Hears of writes by other processes through LISTEN/NOTIFY, on a connection outside the pools that it
//! makes anew for as long as the store lives. A notification carries its sender, so that a store does not
//! hear itself. Being told is a hint: the tables are the truth.

use std::future::poll_fn;
use std::time::Duration;

use tokio::sync::watch;
use tokio_postgres::{AsyncMessage, Config, Error, NoTls};

use super::error::sentence;
use crate::Sql;

/// Parameters: the sender.
pub(super) static ANNOUNCE: Sql = Sql::new("SELECT pg_notify('contactgram', $1) IS NULL");

const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);

/// Runs until aborted; `me` is the sender to leave out.
pub(super) async fn listen(config: Config, me: String, outside: watch::Sender<u64>) {
    let mut pause = SHORTEST;
    loop {
        match session(&config, &me, &outside, &mut pause).await {
            Ok(()) => tracing::warn!("PostgreSQL has closed the listening connection"),
            Err(error) => {
                tracing::warn!(error = sentence(&error), "can't listen for writes of other processes")
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
    }
}

/// One connection, until it ends.
async fn session(
    config: &Config,
    me: &str,
    outside: &watch::Sender<u64>,
    pause: &mut Duration,
) -> Result<(), Error> {
    let (client, mut connection) = config.connect(NoTls).await?;
    let mut listening = std::pin::pin!(client.batch_execute("LISTEN contactgram"));
    // The connection must be driven for the LISTEN to be answered.
    let mut answered = false;
    loop {
        let message = tokio::select! {
            done = &mut listening, if !answered => {
                done?;
                answered = true;
                *pause = SHORTEST;
                // Whatever was announced while nobody listened.
                outside.send_modify(|changes| *changes += 1);
                continue;
            }
            message = poll_fn(|context| connection.poll_message(context)) => message,
        };
        match message {
            Some(Ok(AsyncMessage::Notification(note))) if note.payload() != me => {
                outside.send_modify(|changes| *changes += 1);
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
            None => return Ok(()),
        }
    }
}

//! Tells a service manager how far the server is, by systemd's protocol: ready, stopping. Called by `server` and `shutdown`.
//! Where nobody asked to be told (no `NOTIFY_SOCKET`) nothing happens, and a manager that doesn't listen stops no server.

use sd_notify::NotifyState;

/// The server answers requests.
pub fn ready(listening: &str) {
    let status = format!("listening on {listening}");
    tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
}

/// The server takes no further requests and finishes those it has.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("finishing what is under way")]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager can't be told");
    }
}

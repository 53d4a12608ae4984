//! What an operator sees of a running server: metrics that move as they should, and are documented; logs that say what happened and
//! nothing of anybody.

mod documented;
mod logs;
mod metrics;
mod scrape;
mod trouble;

use contactgram_testkit::{Engine, Options};
use std::net::TcpListener;

/// Options of a server that serves metrics, and where it will.
fn with_metrics(engine: Engine) -> (Options, String) {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = free.expect("a free port").to_string();
    (Options::on(engine).variable("CONTACTGRAM_METRICS_LISTEN", &address), format!("http://{address}"))
}

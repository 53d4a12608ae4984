//! `contactgram serve`: the flags of the server. Called by the command line; the work is `server`'s.

use clap::Args;

use super::context::Context;
use super::flag;
use crate::config::Flag;
use crate::failure::Outcome;
use crate::server;

#[derive(Args, Default)]
#[command(after_help = "\
Examples:
  contactgram serve
  contactgram serve --data /var/lib/contactgram --listen 0.0.0.0:8081 --log-format json
  contactgram serve --store postgres://contactgram@localhost/contactgram
  contactgram serve --webhooks-allow-private --set drain_s=2

The first start makes an account and prints its token and the admin token, once.")]
pub struct Serve {
    /// Where the API is served [default: 127.0.0.1:8081]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Where /metrics is served [default: nowhere]
    #[arg(long, value_name = "ADDR")]
    metrics_listen: Option<String>,
    /// How clients reach the server
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// What is logged to stderr, such as debug or info,contactgram_hub=debug [default: info]
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
    /// text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Leave the first account without the documentation's examples
    #[arg(long)]
    no_demo: bool,
    /// Let webhooks be plain http, on any port and on private addresses: for development
    #[arg(long)]
    webhooks_allow_private: bool,
}

impl Serve {
    /// The settings that were given.
    pub fn flags(&self) -> Vec<Flag> {
        let switch = |is_on: bool, value: &str| is_on.then(|| value.to_owned());
        let given = [
            flag("listen", &self.listen),
            flag("metrics_listen", &self.metrics_listen),
            flag("public_url", &self.public_url),
            flag("log", &self.log),
            flag("log_format", &self.log_format),
            flag("demo", &switch(self.no_demo, "false")),
            flag("webhooks_allow_private", &switch(self.webhooks_allow_private, "true")),
        ];
        given.into_iter().flatten().collect()
    }
}

/// Serves until a signal.
pub fn run(context: Context) -> Outcome {
    server::run(context)
}

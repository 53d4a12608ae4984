//! The table of settings: each with its meaning, its place in the template and how it is read. Everything
//! else in this folder goes by this table, so that a setting is added here and in `Config`, nowhere else.

use std::borrow::Cow;

use contactgram_model::phone;
use contactgram_store::Location;

use super::value::{self, Allowed, Given};
use super::{Config, LogFormat, suggest};

/// One setting.
pub struct Setting {
    /// Its name in the file; the variable's is `CONTACTGRAM_` and this in capitals.
    pub key: &'static str,
    /// What it does, for the template; lines are wrapped here.
    pub help: &'static str,
    /// What the template shows: the default, or an example where there is none.
    pub sample: &'static str,
    /// Whether `sample` is only an example.
    pub is_example: bool,
    /// Whether its value must not be shown.
    pub secret: bool,
    /// Reads a value into the configuration.
    pub set: fn(&mut Config, &Given<'_>) -> Result<(), Allowed>,
}

impl Setting {
    const BASE: Setting =
        Setting { key: "", help: "", sample: "", is_example: false, secret: false, set: |_, _| Ok(()) };
}

/// The setting of this name.
pub fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// All settings, in the template's order.
pub static SETTINGS: &[Setting] = &[
    Setting {
        key: "data",
        help: "Folder of the data file, made when it is missing.",
        sample: "\"contactgram-data\"",
        set: |config, given| value::text(given).map(|path| config.data = path.into()),
        ..Setting::BASE
    },
    Setting {
        key: "store",
        help: "Another database than the SQLite file in the data folder: a postgres:// URL or a file.",
        sample: "\"postgres://contactgram@localhost/contactgram\"",
        is_example: true,
        secret: true,
        set: |config, given| location(given).map(|store| config.store = store),
    },
    Setting {
        key: "listen",
        help: "Where the API is served. Port 0 takes a free one.",
        sample: "\"127.0.0.1:8081\"",
        set: |config, given| value::address(given).map(|address| config.listen = address),
        ..Setting::BASE
    },
    Setting {
        key: "metrics_listen",
        help: "Where /metrics is served. Not served unless set; keep it away from the public.",
        sample: "\"127.0.0.1:9081\"",
        is_example: true,
        set: |config, given| value::address(given).map(|address| config.metrics_listen = Some(address)),
        ..Setting::BASE
    },
    Setting {
        key: "public_url",
        help: "How clients reach this server, when that is not the listen address.",
        sample: "\"https://contacts.example.com\"",
        is_example: true,
        set: |config, given| public_url(given).map(|url| config.public_url = url),
        ..Setting::BASE
    },
    Setting {
        key: "admin_token",
        help: "A fixed admin token of 8 characters or more. Without it the store keeps one; the first start\n\
               prints it and `contactgram admin-token` makes another.",
        sample: "\"a long random text\"",
        is_example: true,
        secret: true,
        set: |config, given| admin_token(given).map(|token| config.admin_token = token),
    },
    Setting {
        key: "access_token_ttl_s",
        help: "Seconds that an access token of an application (OAuth2) lives; it may get another by refreshing.",
        sample: "3600",
        set: |config, given| value::whole(given, 60..=86_400).map(|s| config.access_token_ttl_s = s),
        ..Setting::BASE
    },
    Setting {
        key: "log",
        help: "What is logged to stderr: a level (off, error, warn, info, debug, trace), or levels for parts,\n\
               such as info,contactgram_hub=debug. Libraries only warn.",
        sample: "\"info\"",
        set: |config, given| log(given).map(|filter| config.log = filter),
        ..Setting::BASE
    },
    Setting {
        key: "log_format",
        help: "text for people, json for programs.",
        sample: "\"text\"",
        set: |config, given| log_format(given).map(|format| config.log_format = format),
        ..Setting::BASE
    },
    Setting {
        key: "allow_basic",
        help: "Take an account token as `Authorization: Basic` too, on /v1.",
        sample: "true",
        set: |config, given| value::boolean(given).map(|yes| config.allow_basic = yes),
        ..Setting::BASE
    },
    Setting {
        key: "allow_token_in_path",
        help: "Serve /bot<token>/…, as Bot API clients need it. Tokens in paths end up in the logs of proxies.",
        sample: "true",
        set: |config, given| value::boolean(given).map(|yes| config.allow_token_in_path = yes),
        ..Setting::BASE
    },
    Setting {
        key: "cors_origins",
        help: "Origins whose pages may call the API from a browser; [\"*\"] allows all.",
        sample: "[]",
        set: |config, given| origins(given).map(|origins| config.cors_origins = origins),
        ..Setting::BASE
    },
    Setting {
        key: "max_body",
        help: "The longest body of a request, in bytes.",
        sample: "1_048_576",
        set: |config, given| value::count(given, 1024..=1 << 30).map(|bytes| config.max_body = bytes),
        ..Setting::BASE
    },
    Setting {
        key: "max_connections",
        help: "Connections at a time; those beyond are told 503.",
        sample: "16_384",
        set: |config, given| value::count(given, 1..=1_000_000).map(|n| config.max_connections = n),
        ..Setting::BASE
    },
    Setting {
        key: "head_timeout_s",
        help: "Seconds that a request's head may take.",
        sample: "10",
        set: |config, given| value::whole(given, 1..=3600).map(|s| config.head_timeout_s = s),
        ..Setting::BASE
    },
    Setting {
        key: "body_timeout_s",
        help: "Seconds between two pieces of a body.",
        sample: "10",
        set: |config, given| value::whole(given, 1..=3600).map(|s| config.body_timeout_s = s),
        ..Setting::BASE
    },
    Setting {
        key: "idle_timeout_s",
        help: "Seconds that a kept connection may be unused. A waiting getUpdates is a use.",
        sample: "75",
        set: |config, given| value::whole(given, 1..=86_400).map(|s| config.idle_timeout_s = s),
        ..Setting::BASE
    },
    Setting {
        key: "drain_s",
        help: "Seconds that requests in progress have when the server is told to stop.",
        sample: "10",
        set: |config, given| value::whole(given, 0..=3600).map(|s| config.drain_s = s),
        ..Setting::BASE
    },
    Setting {
        key: "webhooks_allow_private",
        help: "Let webhooks be plain http, on any port and on private addresses. For tests and development:\n\
               otherwise whoever holds a token could reach the inside of your network.",
        sample: "false",
        set: |config, given| value::boolean(given).map(|yes| config.webhooks_allow_private = yes),
        ..Setting::BASE
    },
    Setting {
        key: "webhook_timeout_s",
        help: "Seconds that a webhook's receiver has for a delivery, from connecting to the end of its answer.",
        sample: "60",
        set: |config, given| value::whole(given, 1..=600).map(|s| config.webhook_timeout_s = s),
        ..Setting::BASE
    },
    Setting {
        key: "updates_retention_days",
        help: "Days that updates are kept for named consumers and further webhooks that fall behind. The default\n\
               consumer sees them for 24 hours, as on Telegram.",
        sample: "30",
        set: |config, given| value::whole(given, 1..=3650).map(|days| config.updates_retention_days = days),
        ..Setting::BASE
    },
    Setting {
        key: "secrets_key",
        help: "File of the key that bots' tokens are encrypted with; made in the data folder when it is first\n\
               needed. Keep a copy apart from copies of the data: without it the bots must be connected anew.",
        sample: "\"/etc/contactgram/secrets.key\"",
        is_example: true,
        set: |config, given| value::text(given).map(|path| config.secrets_key = Some(path.into())),
        ..Setting::BASE
    },
    Setting {
        key: "upstream_ca_file",
        help: "PEM file of authorities to trust at bots' upstreams besides the public ones.",
        sample: "\"/etc/contactgram/upstream-ca.pem\"",
        is_example: true,
        set: |config, given| value::text(given).map(|path| config.upstream_ca_file = Some(path.into())),
        ..Setting::BASE
    },
    Setting {
        key: "flood_account_per_s",
        help: "Messages a second that a bot at an upstream sends at most, in all. Telegram's own limits are the\n\
               defaults; raise these where the upstream allows more.",
        sample: "30",
        set: |config, given| pace(given).map(|n| config.flood_account_per_s = n),
        ..Setting::BASE
    },
    Setting {
        key: "flood_chat_per_s",
        help: "Messages a second to one chat; three times as many may go at once.",
        sample: "1",
        set: |config, given| pace(given).map(|n| config.flood_chat_per_s = n),
        ..Setting::BASE
    },
    Setting {
        key: "flood_group_per_min",
        help: "Messages a minute to one group or channel.",
        sample: "20",
        set: |config, given| pace(given).map(|n| config.flood_group_per_min = n),
        ..Setting::BASE
    },
    Setting {
        key: "flood_wait_s",
        help: "Seconds that a send waits for its turn at most; one that would wait longer is told 429 at once.",
        sample: "30",
        set: |config, given| value::whole(given, 0..=3600).map(|s| config.flood_wait_s = s),
        ..Setting::BASE
    },
    Setting {
        key: "default_region",
        help: "Region in which new accounts read phone numbers without a +, as two letters.",
        sample: "\"GB\"",
        is_example: true,
        set: |config, given| region(given).map(|region| config.default_region = region),
        ..Setting::BASE
    },
    Setting {
        key: "demo",
        help: "Fill the account that the first start makes with the documentation's examples.",
        sample: "true",
        set: |config, given| value::boolean(given).map(|yes| config.demo = yes),
        ..Setting::BASE
    },
    Setting {
        key: "pg_pool",
        help: "Connections to PostgreSQL.",
        sample: "16",
        set: |config, given| value::count(given, 1..=1000).map(|n| config.pg_pool = n),
        ..Setting::BASE
    },
    Setting {
        key: "scans",
        help: "Lists, searches and exports that may run at a time.",
        sample: "3",
        set: |config, given| value::count(given, 1..=100).map(|n| config.scans = n),
        ..Setting::BASE
    },
];

fn location(given: &Given<'_>) -> Result<Option<Location>, Allowed> {
    let read = value::optional_text(given)?.map(|text| text.parse());
    read.transpose().map_err(|_| Cow::Borrowed("must be a file, `sqlite:FILE` or a postgres:// URL"))
}

fn pace(given: &Given<'_>) -> Result<u32, Allowed> {
    let count = value::whole(given, 1..=1_000_000)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

fn public_url(given: &Given<'_>) -> Result<Option<String>, Allowed> {
    let Some(url) = value::optional_text(given)? else { return Ok(None) };
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let is_sound = |rest: &str| !rest.is_empty() && !rest.contains(['?', '#', ' ', '@']);
    if !rest.is_some_and(is_sound) {
        return Err("must be an http:// or https:// address, without query or fragment".into());
    }
    Ok(Some(url.trim_end_matches('/').to_owned()))
}

fn admin_token(given: &Given<'_>) -> Result<Option<String>, Allowed> {
    let token = value::optional_text(given)?;
    let is_sound = |token: &String| token.len() >= 8 && token.bytes().all(|byte| byte.is_ascii_graphic());
    if token.as_ref().is_some_and(|token| !is_sound(token)) {
        return Err("must be 8 or more visible ASCII characters".into());
    }
    Ok(token)
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The log library takes any word for the name of a part and then logs all of it, so a misspelt level
/// would turn everything on.
fn log(given: &Given<'_>) -> Result<String, Allowed> {
    let text = value::text(given)?;
    let allowed = "must be off, error, warn, info, debug or trace, or parts with levels such as \
                   info,contactgram_hub=debug";
    for directive in text.split(',').map(str::trim) {
        let level = directive.rsplit_once('=').map_or(directive, |(_, level)| level).to_ascii_lowercase();
        if !LEVELS.contains(&level.as_str()) {
            let near = suggest::nearest(&level, LEVELS.into_iter());
            let hint = near.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
            return Err(format!("{allowed}{hint}").into());
        }
    }
    match tracing_subscriber::EnvFilter::builder().parse(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err(allowed.into()),
    }
}

fn log_format(given: &Given<'_>) -> Result<LogFormat, Allowed> {
    match value::text(given)?.as_str() {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be text or json".into()),
    }
}

fn origins(given: &Given<'_>) -> Result<Vec<String>, Allowed> {
    let origins = value::list(given)?;
    let is_sound = |origin: &str| {
        let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        origin == "*" || rest.is_some_and(|host| !host.is_empty() && !host.contains(['/', ' ', '?', '#']))
    };
    match origins.iter().all(|origin| is_sound(origin)) {
        true => Ok(origins),
        false => Err("must hold origins such as https://app.example.com, without a path, or *".into()),
    }
}

fn region(given: &Given<'_>) -> Result<Option<String>, Allowed> {
    let region = value::optional_text(given)?;
    if region.as_deref().is_some_and(|code| !phone::is_region(code)) {
        return Err("must be a country's two letters, such as GB".into());
    }
    Ok(region)
}

//! Links in texts and on buttons: which are taken, and the form in which they are given back.
//! Used by the markup parsers, by explicit entities and by keyboards.
//! Judges the writing only; never resolves a host.

use super::{EntityKind, MentionedUser, MessageEntity};
use std::net::Ipv6Addr;

/// Which links a place takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// http, https, tg and ton.
    Any,
    HttpsOnly,
}

/// The link as Telegram gives it back (`example.com` becomes `http://example.com/`).
///
/// Errors: `URL '…' is invalid: …`, to be put behind what the link belongs to.
pub(crate) fn check(link: &str, allowed: Allowed) -> Result<String, String> {
    normalise(link, allowed).map_err(|reason| format!("URL '{link}' is invalid: {reason}"))
}

/// Makes `entity` a `text_mention` if the link leads to a user, else a `text_link`.
///
/// Errors: as [`check`].
pub(super) fn aim(entity: &mut MessageEntity, link: &str) -> Result<(), String> {
    if let Some(id) = user_id(link) {
        entity.kind = EntityKind::TextMention;
        entity.user = Some(MentionedUser { id, ..MentionedUser::default() });
        return Ok(());
    }
    entity.kind = EntityKind::TextLink;
    entity.url = Some(check(link, Allowed::Any)?);
    Ok(())
}

/// The user of `tg://user?id=N`.
pub(crate) fn user_id(link: &str) -> Option<i64> {
    let id = tg_argument(link, "user", "id")?.parse::<i64>().ok()?;
    is_user_id(id).then_some(id)
}

/// Whether a number can be a user's id: positive and within 40 bits.
pub(super) fn is_user_id(id: i64) -> bool {
    (1..1 << 40).contains(&id)
}

/// The emoji of `tg://emoji?id=N`.
pub(super) fn custom_emoji_id(link: &str) -> Option<String> {
    let id = tg_argument(link, "emoji", "id")?.parse::<i64>().ok()?;
    (id != 0).then(|| id.to_string())
}

/// The moment and the format of `tg://time?unix=N&format=F`.
pub(super) fn date_time(link: &str) -> Option<(i64, String)> {
    let unix = tg_argument(link, "time", "unix")?.parse::<i32>().ok().filter(|&t| t > 0)?;
    Some((unix.into(), tg_argument(link, "time", "format").unwrap_or_default().to_owned()))
}

/// The format of a date in its usual order, or `None` if it has an unknown letter.
pub(super) fn date_time_format(format: &str) -> Option<String> {
    if !format.chars().all(|c| "rRwWdDtT".contains(c)) {
        return None;
    }
    if format.contains(['r', 'R']) {
        return Some("r".into());
    }
    let mut tidy = String::new();
    for letters in [&['w', 'W'][..], &['d'], &['D'], &['t'], &['T']] {
        let already = letters[0].is_ascii_uppercase() && tidy.ends_with(letters[0].to_ascii_lowercase());
        if format.contains(letters) && !already {
            tidy.push(letters[0]);
        }
    }
    Some(tidy)
}

fn tg_argument<'a>(link: &'a str, host: &str, name: &str) -> Option<&'a str> {
    let rest = strip_prefix_nocase(link, "tg:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let rest = strip_prefix_nocase(rest, host)?;
    let query = rest.strip_prefix('/').unwrap_or(rest).strip_prefix('?')?;
    let query = query.split('#').next().unwrap_or_default();
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn strip_prefix_nocase<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

fn normalise(link: &str, allowed: Allowed) -> Result<String, &'static str> {
    let own = ["tg", "ton"].into_iter().find_map(|scheme| {
        let rest = strip_prefix_nocase(link, scheme)?.strip_prefix(':')?;
        Some((scheme, rest.strip_prefix("//").unwrap_or(rest)))
    });
    let url = Url::parse(own.map_or(link, |(_, rest)| rest))?;
    if allowed == Allowed::HttpsOnly && (own.is_some() || !url.https) {
        return Err("Only HTTPS links are allowed");
    }
    let Some((scheme, rest)) = own else {
        if !url.host.contains('.') && !url.is_ipv6() {
            return Err("Wrong HTTP URL");
        }
        return Ok(url.to_string());
    };
    let is_web = url.https || strip_prefix_nocase(rest, "http://").is_some();
    if is_web || !url.userinfo.is_empty() || url.port.is_some() || url.is_ipv6() {
        return Err(if scheme == "tg" { "Wrong tg URL" } else { "Wrong ton URL" });
    }
    if !url.host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return Err("Unallowed characters in URL host");
    }
    let path = if url.path.starts_with("/?") { &url.path[1..] } else { &url.path };
    Ok(format!("{scheme}://{}{path}", url.host))
}

/// An http or https link taken apart.
struct Url<'a> {
    https: bool,
    userinfo: &'a str,
    host: String,
    port: Option<u16>,
    /// Path, query and fragment; begins with `/`.
    path: String,
}

impl<'a> Url<'a> {
    fn parse(link: &'a str) -> Result<Url<'a>, &'static str> {
        let word_end = link.find([':', '/', '?', '#', '@', '[', ']']).unwrap_or(link.len());
        let (https, rest) = match link[word_end..].strip_prefix("://") {
            None => (false, link),
            Some(rest) if link[..word_end].eq_ignore_ascii_case("http") => (false, rest),
            Some(rest) if link[..word_end].eq_ignore_ascii_case("https") => (true, rest),
            Some(_) => return Err("Unsupported URL protocol"),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (authority, port) = split_port(authority)?;
        let (userinfo, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        check_host(host)?;
        Ok(Url { https, userinfo, host: host.to_ascii_lowercase(), port, path: written_path(path) })
    }

    fn is_ipv6(&self) -> bool {
        self.host.starts_with('[')
    }
}

impl std::fmt::Display for Url<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.https { "https://" } else { "http://" })?;
        if !self.userinfo.is_empty() {
            write!(f, "{}@", self.userinfo)?;
        }
        f.write_str(&self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.path)
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), &'static str> {
    let Some(at) = authority.rfind([':', ']', '@']).filter(|&at| at > 0 && authority[at..].starts_with(':'))
    else {
        return Ok((authority, None));
    };
    let digits = &authority[at + 1..];
    let port = digits.parse::<u16>().ok().filter(|&port| port != 0 && !digits.starts_with('+'));
    port.map(|port| (&authority[..at], Some(port))).ok_or("Wrong port number specified in the URL")
}

fn check_host(host: &str) -> Result<(), &'static str> {
    if let Some(address) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().map(drop).map_err(|_| "Wrong IPv6 address specified in the URL");
    }
    match host {
        "" => return Err("URL host is empty"),
        "." => return Err("Host is invalid"),
        _ => {}
    }
    let mut bytes = host.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let escaped = [bytes.next(), bytes.next()];
            if !escaped.iter().all(|b| b.is_some_and(|b| b.is_ascii_hexdigit())) {
                return Err("Wrong percent-encoded symbol in URL host");
            }
        } else if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b".-_!$,~*'();&+=".contains(&byte) {
            return Err("Wrong URL host");
        }
    }
    Ok(())
}

fn written_path(path: &str) -> String {
    let mut written = String::with_capacity(path.len() + 1);
    let path = path.trim_end_matches([' ', '\t', '\r', '\n', '\0', '\x0b']);
    if !path.starts_with('/') {
        written.push('/');
    }
    for c in path.chars() {
        if c <= ' ' {
            written.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            written.push(c);
        }
    }
    written
}

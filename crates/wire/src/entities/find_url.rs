//! Links and e-mail addresses in a plain text.
//! Called by `find`; a link is looked for around every dot, as Telegram does.
//! Never resolves a name: without a scheme, a host counts if its last label is a known top-level domain.

use super::EntityKind;
use super::find::{char_at, char_before, is_word};
use std::net::Ipv4Addr;
use std::ops::Range;

/// Byte ranges of links and addresses, in order, apart from each other.
pub(super) fn all(text: &str) -> Vec<(EntityKind, Range<usize>)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(dot) = text.get(from..).and_then(|rest| rest.find('.')).map(|at| at + from) {
        let candidate = Candidate::around(text, from, dot);
        from = candidate.resume.max(dot + 1);
        found.extend(candidate.range.and_then(|range| judge(text, range)));
    }
    found.extend(own_schemes(text).into_iter().map(|range| (EntityKind::Url, range)));
    found
}

/// Links of Telegram's own schemes, which need no dot.
fn own_schemes(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("://") {
        let scheme = ["tonsite", "ton", "tg"].into_iter().find(|s| {
            text[..at].len() >= s.len()
                && text.as_bytes()[at - s.len()..at].eq_ignore_ascii_case(s.as_bytes())
        });
        let Some(scheme) = scheme else { continue };
        let host = at + 3;
        let size =
            text[host..].bytes().take_while(|&b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-').count();
        if size > 0 {
            found.push(at - scheme.len()..path_end(text, host + size.min(253)));
        }
    }
    found
}

/// A stretch around a dot that could be a link.
struct Candidate {
    range: Option<Range<usize>>,
    /// Where to look for the next dot.
    resume: usize,
}

impl Candidate {
    fn around(text: &str, from: usize, dot: usize) -> Candidate {
        let mut begin = back_while(text, from, dot, is_host);
        let host_end = forward_while(text, dot, |c| is_host(c) || c == '@');
        let has_at = text[dot..host_end].contains('@');
        if has_at {
            begin = back_while(text, from, begin, is_userinfo);
        }
        let mut end = path_end(text, port_end(text, host_end));
        end = (dot + 1).max(text[..end].trim_end_matches('.').len());

        let mut is_bad = end == dot + 1;
        if begin > from && text[..begin].ends_with('@') {
            let user = back_while(text, from, begin - 1, is_userinfo);
            is_bad |= has_at || user == begin - 1;
            begin = user;
        }
        match with_scheme(text, from, begin) {
            Some(scheme) if !is_bad => Candidate { range: Some(scheme..end), resume: end },
            _ => Candidate { range: None, resume: text[..end].rfind('.').map_or(end, |at| at + 1) },
        }
    }
}

/// Where the link begins with the scheme before it; `None` if what stands there spoils it.
fn with_scheme(text: &str, from: usize, begin: usize) -> Option<usize> {
    let before = &text[from..begin];
    let Some(scheme) = before.strip_suffix("://").filter(|s| s.len() >= 3) else {
        let spoils = |c: char| is_word(c) || matches!(c, '/' | '#' | '@');
        return (!char_before(before, before.len()).is_some_and(spoils)).then_some(begin);
    };
    let word_begin = back_while(scheme, 0, scheme.len(), |c| {
        if c.is_ascii() { c.is_ascii_alphanumeric() || c == '+' || c == '-' } else { !c.is_whitespace() }
    });
    let word = scheme[word_begin..].to_ascii_lowercase();
    let known = ["https", "http", "ftp", "tonsite"].into_iter().find(|s| word.ends_with(s))?;
    (!matches!(word.as_str(), "shttp" | "tftp" | "sftp")).then(|| begin - "://".len() - known.len())
}

fn judge(text: &str, range: Range<usize>) -> Option<(EntityKind, Range<usize>)> {
    let found = &text[range.clone()];
    if is_email(found) {
        return Some((EntityKind::Email, range));
    }
    if found.strip_prefix("mailto:").is_some_and(is_email) {
        return Some((EntityKind::Email, range.start + "mailto:".len()..range.end));
    }
    Some((EntityKind::Url, range.start..range.start + link_len(found)?))
}

/// How much of a candidate is a link; `None` if its host is no host.
fn link_len(found: &str) -> Option<usize> {
    let scheme = ["http://", "https://", "ftp://", "tonsite://"].into_iter().find(|s| {
        found.as_bytes().get(..s.len()).is_some_and(|head| head.eq_ignore_ascii_case(s.as_bytes()))
    });
    let rest = &found[scheme.map_or(0, str::len)..];
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let host = authority.split_once('@').map_or(authority, |(_, host)| host);
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    if !is_host_name(host, scheme.is_some()) {
        return None;
    }
    Some(found.len() - rest.len() + authority.len() + balanced(&rest[authority.len()..]).len())
}

/// The path up to a bracket that closes nothing: `(see example.com/a)` ends before the `)`.
fn balanced(path: &str) -> &str {
    let mut depth = [0; 3];
    let end = path.find(|c| {
        for (kind, pair) in ["()", "[]", "{}"].iter().enumerate() {
            depth[kind] += i32::from(pair.starts_with(c)) - i32::from(pair.ends_with(c));
        }
        depth.iter().any(|&d| d < 0)
    });
    path[..end.unwrap_or(path.len())].trim_end_matches(BAD_ENDS)
}

fn is_host_name(host: &str, has_scheme: bool) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    if labels.len() < 2 || labels.iter().any(|l| l.is_empty() || l.len() > 63 || l.ends_with('-')) {
        return false;
    }
    if host.parse::<Ipv4Addr>().is_ok() {
        return true;
    }
    if host.bytes().all(|b| b.is_ascii_digit() || b == b'.') || labels[labels.len() - 2].contains('_') {
        return false;
    }
    let top = labels[labels.len() - 1];
    match top.strip_prefix("xn--") {
        Some(encoded) => encoded.len() > 1 && encoded.bytes().all(|b| b.is_ascii_alphanumeric()),
        None => top.chars().count() > 1 && !top.contains(['_', '-']) && (has_scheme || is_top_level(top)),
    }
}

/// Country codes and the widespread generic domains. Telegram knows some 1,400; rarer ones need a scheme here.
fn is_top_level(label: &str) -> bool {
    let label = label.to_lowercase();
    let list = if label.len() == 2 { COUNTRIES } else { GENERIC };
    list.split_ascii_whitespace().any(|known| known == label)
}

const COUNTRIES: &str = "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo \
    br bs bt bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er \
    es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie \
    il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc \
    md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf \
    pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv \
    sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt \
    za zm zw";

const GENERIC: &str = "com net org info biz edu gov mil int arpa aero coop museum name pro jobs mobi travel cat \
    tel asia post app dev page web blog cloud online site website space store shop tech digital software \
    systems network host hosting agency academy school university news media press studio design art gallery \
    photo photos video live stream games game fun club team group community social chat email link click \
    wiki work works company business services solutions consulting support help care health clinic doctor \
    dental legal law finance money bank capital fund tax insurance estate house homes land city town world \
    global international earth eco green energy bio life love family kids baby fashion style beauty coffee \
    restaurant food pizza wine beer bar pub cafe hotel holiday vacations tours flights taxi auto cars bike fit \
    yoga run football golf music band radio film movie show theater tickets events party wedding gift gifts \
    sale deals market trade exchange expert guru ninja rocks cool wow top best vip plus one zone today now \
    google youtube amazon apple microsoft berlin london paris nyc tokyo moscow wien hamburg koeln bayern ruhr \
    swiss ltd gmbh inc llc xyz icu onion ton bot new zip mov рф рус москва онлайн сайт дети орг укр бел срб мкд \
    мон қаз 中国 中國 香港 台湾 한국 भारत";

fn is_email(found: &str) -> bool {
    let Some((user, host)) = found.split_once('@') else { return false };
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let parts: Vec<&str> = user.split(['.', '+']).collect();
    let (last, others) = parts.split_last().map_or(("", &[][..]), |(last, others)| (*last, others));
    let user_fits =
        (1..=35).contains(&last.len()) && others.len() <= 10 && others.iter().all(|p| p.len() <= 26);
    if !user_fits || !parts.iter().all(|p| p.bytes().all(is_plain)) {
        return false;
    }
    let labels: Vec<&str> = host.split('.').collect();
    let Some((top, labels)) = labels.split_last() else { return false };
    (2..=8).contains(&top.len())
        && top.bytes().all(|b| b.is_ascii_alphabetic())
        && (1..=6).contains(&labels.len())
        && labels.iter().all(|l| {
            let edges = [l.bytes().next(), l.bytes().next_back()];
            l.len() <= 30
                && l.bytes().all(is_plain)
                && edges.iter().all(|b| b.is_some_and(|b| b.is_ascii_alphanumeric()))
        })
}

/// What a link does not end with, though it may hold it.
const BAD_ENDS: [char; 9] = ['.', ':', ';', ',', '(', '\'', '?', '!', '`'];

fn port_end(text: &str, host_end: usize) -> usize {
    let Some(rest) = text[host_end..].strip_prefix(':') else { return host_end };
    let digits = &rest[..rest.bytes().take_while(u8::is_ascii_digit).count()];
    if digits.parse::<u16>().is_ok_and(|port| port > 0) { host_end + 1 + digits.len() } else { host_end }
}

fn path_end(text: &str, begin: usize) -> usize {
    let Some(sign @ ('/' | '?' | '#')) = char_at(text, begin) else { return begin };
    let end =
        forward_while(text, begin + 1, |c| !matches!(c, '\n' | '<' | '>' | '"' | '«' | '»') && is_link(c));
    let end = begin + 1 + text[begin + 1..end].trim_end_matches(BAD_ENDS).len();
    if sign == '/' || end > begin + 1 { end } else { begin }
}

fn back_while(text: &str, from: usize, at: usize, holds: impl Fn(char) -> bool) -> usize {
    at - text[from..at].chars().rev().take_while(|&c| holds(c)).map(char::len_utf8).sum::<usize>()
}

fn forward_while(text: &str, at: usize, holds: impl Fn(char) -> bool) -> usize {
    at + text[at..].chars().take_while(|&c| holds(c)).map(char::len_utf8).sum::<usize>()
}

/// Anything but spaces and most of the General Punctuation block.
fn is_link(c: char) -> bool {
    match c {
        '\u{200c}' | '\u{200d}' | '\u{2010}'..='\u{2015}' => true,
        '\u{2000}'..='\u{206f}' => false,
        _ => !c.is_whitespace(),
    }
}

fn is_host(c: char) -> bool {
    match c {
        '.' | '_' | '-' | '~' => true,
        '\0'..'\u{c0}' => c.is_ascii_alphanumeric(),
        _ => is_link(c),
    }
}

fn is_userinfo(c: char) -> bool {
    !"\n/[]{}()'`<>\"@«»".contains(c) && is_link(c)
}

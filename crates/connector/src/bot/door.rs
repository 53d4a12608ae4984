//! Which of an upstream's paths a request goes to, as its client wrote it.
//! Read by `pass` for each request. It never lets a path leave the bot's own: no dots, no second token.

use bytes::Bytes;
use http::uri::PathAndQuery;

/// What a client asked for, after the token, as it was written and still percent-encoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Door<'a> {
    /// `/bot<token>/<method>`; `test/<method>` is the test environment's.
    Method(&'a str),
    /// `/file/bot<token>/<path>`.
    File(&'a str),
}

impl Door<'_> {
    /// The path and query to ask the upstream for, or none when the client's can't be asked for.
    pub(super) fn path(self, methods: &str, files: &str, query: Option<&str>) -> Option<PathAndQuery> {
        let (before, rest) = match self {
            Door::Method(rest) => (methods, rest),
            Door::File(rest) => (files, rest),
        };
        let is_path = match self {
            Door::Method(method) => is_segment(method.strip_prefix("test/").unwrap_or(method)),
            // Some clients encode the slash: it parts the path all the same.
            Door::File(path) if path.contains('%') => {
                path.replace("%2F", "/").replace("%2f", "/").split('/').all(is_segment)
            }
            Door::File(path) => path.split('/').all(is_segment),
        };
        if !is_path {
            return None;
        }
        let mut text =
            String::with_capacity(before.len() + rest.len() + query.map_or(0, |query| query.len() + 1));
        text.push_str(before);
        text.push_str(rest);
        if let Some(query) = query {
            text.push('?');
            text.push_str(query);
        }
        PathAndQuery::from_maybe_shared(Bytes::from(text)).ok()
    }
}

/// Whether it is one segment of a path that stays where it is.
fn is_segment(text: &str) -> bool {
    let plain = text.bytes().all(|mark| mark.is_ascii_alphanumeric() || mark == b'_');
    if plain {
        return !text.is_empty();
    }
    let dots = text.to_ascii_lowercase().replace("%2e", ".");
    let hidden = dots.contains("%2f") || dots.contains("%5c");
    !hidden && !dots.contains(['/', '\\', '?', '#']) && dots != "." && dots != ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(door: Door<'_>, query: Option<&str>) -> Option<String> {
        door.path("/x/bot1:a/", "/x/file/bot1:a/", query).map(|path| path.as_str().to_owned())
    }

    #[test]
    fn a_path_is_what_the_client_wrote_after_the_token() {
        let asked = [
            (Door::Method("sendMessage"), None, "/x/bot1:a/sendMessage"),
            (Door::Method("GETME"), Some("a=1&b=%20+"), "/x/bot1:a/GETME?a=1&b=%20+"),
            (Door::Method("test/getMe"), Some(""), "/x/bot1:a/test/getMe?"),
            (Door::Method("some%20day"), None, "/x/bot1:a/some%20day"),
            (Door::File("photos/file_1.jpg"), None, "/x/file/bot1:a/photos/file_1.jpg"),
            (Door::File("photos%2Ffile_1.jpg"), None, "/x/file/bot1:a/photos%2Ffile_1.jpg"),
            (Door::File("a..b/.c/%C3%A4"), None, "/x/file/bot1:a/a..b/.c/%C3%A4"),
        ];
        for (door, query, expected) in asked {
            assert_eq!(path(door, query).as_deref(), Some(expected));
        }
    }

    #[test]
    fn no_path_leaves_the_bot() {
        for method in [
            "",
            "..",
            ".",
            "%2e%2E",
            "a/b",
            "../bot2:b/getMe",
            "a%2fb",
            "test/",
            "test/..",
            "a\\b",
            "a?b",
            "a#b",
        ] {
            assert_eq!(path(Door::Method(method), None), None, "{method}");
        }
        for file in [
            "../x",
            "a/../../bot2:b/x",
            "a/%2e./x",
            "..%2f..",
            "a%2F..%2Fx",
            "a%2F%2e%2E/x",
            "a%2f%2fb",
            "..%5cx",
            "a/./b",
            "a b",
            "a\nb",
        ] {
            assert_eq!(path(Door::File(file), None), None, "{file}");
        }
        assert_eq!(path(Door::Method("getMe"), Some("a b")), None);
    }
}

//! Statement texts: written once with `$n` placeholders, understood by both engines. Operations declare
//! them as `static`s; the engines call [`Sql::postgres`] and [`Sql::sqlite`]. It never builds SQL from
//! values.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::{R, StoreError};

/// One statement. Its address is its identity: engines cache prepared statements by it, so it lives in a
/// `static` (or comes from [`intern`]).
#[derive(Debug)]
pub struct Sql {
    text: &'static str,
    /// SQLite's form, and the number of this text among those that were asked for it.
    sqlite: OnceLock<(String, usize)>,
}

impl Sql {
    /// Placeholders are `$1` to `$n`, in any order and as often as needed. A `::` cast or a bare `?` outside
    /// quotes, or an unclosed quote, fails the build when this is called for a `static`: neither means the
    /// same on both engines.
    pub const fn new(text: &'static str) -> Sql {
        assert!(fault(text).is_none(), "SQL with `::`, `?` or an unclosed quote: not the common dialect");
        Sql { text, sqlite: OnceLock::new() }
    }

    /// The text as written, which is PostgreSQL's form.
    pub fn postgres(&self) -> R<&str> {
        match fault(self.text) {
            None => Ok(self.text),
            Some(what) => Err(StoreError::Rule(format!("{what} in: {}", self.text))),
        }
    }

    /// With `?n` for `$n`: SQLite numbers `$n` by first appearance, `?n` by its number.
    pub fn sqlite(&self) -> R<&str> {
        Ok(self.sqlite_numbered()?.0)
    }

    /// The same with a small number, which no other text has in this process.
    pub(crate) fn sqlite_numbered(&self) -> R<(&str, usize)> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        if self.sqlite.get().is_none() {
            self.postgres()?;
        }
        let (text, number) = self
            .sqlite
            .get_or_init(|| (with_question_marks(self.text), NEXT.fetch_add(1, Ordering::Relaxed)));
        Ok((text, *number))
    }

    /// Whether the statement begins like one that changes nothing, and is no `WITH` that ends in a change.
    pub(crate) fn reads(&self) -> bool {
        let word = self.text.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
        if word.eq_ignore_ascii_case("with") {
            return !["INSERT INTO ", "UPDATE ", "DELETE FROM "]
                .iter()
                .any(|change| self.text.contains(change));
        }
        ["select", "values", "explain"].iter().any(|known| known.eq_ignore_ascii_case(word))
    }
}

/// For the few statements composed at run time (a sort order, a set of optional filters): leaked once for
/// each distinct text. Never compose values into it: the number of texts must be small and fixed. A text
/// that [`Sql::new`] would refuse answers [`StoreError::Rule`] when it is used.
pub fn intern(text: String) -> &'static Sql {
    static KNOWN: OnceLock<Mutex<HashMap<&'static str, &'static Sql>>> = OnceLock::new();
    let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(sql) = known.get(text.as_str()) {
        return sql;
    }
    let text: &'static str = text.leak();
    let sql: &'static Sql = Box::leak(Box::new(Sql { text, sqlite: OnceLock::new() }));
    known.insert(text, sql);
    sql
}

/// What makes `text` unfit for both engines, outside quotes and `--` comments.
const fn fault(text: &str) -> Option<&'static str> {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let end = skip(bytes, i);
        if end > i {
            if end > bytes.len() {
                return Some("an unclosed quote");
            }
            i = end;
            continue;
        }
        match bytes[i] {
            b'?' => return Some("a bare `?`"),
            b':' if i + 1 < bytes.len() && bytes[i + 1] == b':' => return Some("a `::` cast"),
            _ => i += 1,
        }
    }
    None
}

/// Where the quoted text or comment that begins at `i` ends; `i` itself when none begins there, one past
/// the length when it is never closed.
const fn skip(bytes: &[u8], i: usize) -> usize {
    let quote = bytes[i];
    if quote == b'-' && i + 1 < bytes.len() && bytes[i + 1] == b'-' {
        let mut end = i;
        while end < bytes.len() && bytes[end] != b'\n' {
            end += 1;
        }
        return end;
    }
    if quote != b'\'' && quote != b'"' {
        return i;
    }
    let mut end = i + 1;
    while end < bytes.len() {
        if bytes[end] == quote {
            return end + 1;
        }
        end += 1;
    }
    bytes.len() + 1
}

fn with_question_marks(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < bytes.len() {
        let end = skip(bytes, i).min(bytes.len());
        if end > i {
            out.push_str(&text[i..end]);
            i = end;
            continue;
        }
        // Only ASCII is matched, so every slice ends on a character boundary.
        let next = (i + 1..bytes.len()).find(|&k| text.is_char_boundary(k)).unwrap_or(bytes.len());
        let numbered = bytes[i] == b'$' && bytes.get(i + 1).is_some_and(u8::is_ascii_digit);
        out.push_str(if numbered { "?" } else { &text[i..next] });
        i = next;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite(text: &'static str) -> String {
        Sql::new(text).sqlite().unwrap().to_owned()
    }

    #[test]
    fn placeholders_keep_their_numbers() {
        assert_eq!(sqlite("SELECT $2, $1 WHERE a = $10"), "SELECT ?2, ?1 WHERE a = ?10");
    }

    #[test]
    fn quotes_and_comments_are_left_alone() {
        let text = "SELECT '$1 ?', \"$2\", 'it''s $3' -- costs $4 ?\n WHERE é = $1";
        assert_eq!(sqlite(text), text.replace("é = $1", "é = ?1"));
    }

    #[test]
    fn json_paths_are_not_placeholders() {
        assert_eq!(sqlite("SELECT '$.a', $1"), "SELECT '$.a', ?1");
    }

    #[test]
    fn casts_question_marks_and_unclosed_quotes_are_refused() {
        for bad in ["SELECT $1::text", "SELECT ?", "SELECT 'a", "SELECT \"a"] {
            let refused = intern(bad.to_owned()).sqlite();
            assert!(matches!(refused, Err(StoreError::Rule(_))), "{bad}: {refused:?}");
        }
        assert!(fault("SELECT '::', ':?'").is_none());
    }

    #[test]
    fn the_same_text_is_interned_once() {
        let first = intern("SELECT 1".to_owned());
        assert!(std::ptr::eq(first, intern("SELECT 1".to_owned())));
        assert!(!std::ptr::eq(first, intern("SELECT 2".to_owned())));
    }

    #[test]
    fn reading_statements_are_told_by_their_first_word() {
        assert!(Sql::new("  select 1").reads());
        assert!(!Sql::new("INSERT INTO t VALUES (1) RETURNING a").reads());
        assert!(Sql::new("WITH a AS (SELECT 1) SELECT * FROM a").reads());
        assert!(!Sql::new("WITH a AS (SELECT 1) UPDATE t SET b = 1").reads());
    }
}

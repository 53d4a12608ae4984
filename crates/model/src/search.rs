//! What search sees of a text: folded words, and the three-character grams that both engines index.
//! Folding ignores case and accents in any script; a term matches anywhere in a word when it has three
//! characters or more, and at the beginning of a word when it is shorter. Pure functions; the store
//! calls them on both sides, so that what is indexed and what is asked for always agree.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The searchable form of some fields: folded words, each with two spaces in front, so that the grams
/// of one and two characters at a word's beginning exist too. Scripts without spaces between words
/// (Han, Kana, Hangul, Thai …) get a word at every character.
pub fn document<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut out = String::with_capacity(128);
    for field in fields {
        let folded = fold(field);
        for word in words(&folded) {
            out.push_str("  ");
            out.push_str(word);
            if !word.is_ascii() {
                split_script(word, &mut out);
            }
        }
    }
    out
}

/// What a word in a script without spaces adds: a word at every character.
fn split_script(word: &str, out: &mut String) {
    let chars: Vec<char> = word.chars().collect();
    for pair in chars.windows(2).skip(1).filter(|pair| pair.iter().copied().any(runs_on)) {
        out.push_str("  ");
        out.extend(pair);
    }
    if let [_, .., last] = chars[..]
        && runs_on(last)
    {
        out.push_str("  ");
        out.push(last);
    }
}

/// One word of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term(String);

impl Term {
    /// The grams that a matching document must hold, at most eight: more would only cost.
    pub fn grams(&self) -> Vec<String> {
        let padded: Vec<char> = self.padded().chars().collect();
        padded.windows(3).take(8).map(|gram| gram.iter().collect()).collect()
    }

    /// The SQL `LIKE` pattern that tells a match for certain. Terms hold letters and digits only, so
    /// nothing needs escaping.
    pub fn pattern(&self) -> String {
        format!("%{}%", self.padded())
    }

    /// Whether a document matches.
    pub fn is_in(&self, document: &str) -> bool {
        document.contains(&self.padded())
    }

    /// Whether it may be part of a number.
    pub fn has_digit(&self) -> bool {
        self.0.chars().any(char::is_numeric)
    }

    fn padded(&self) -> String {
        match self.0.chars().count() {
            0 | 1 => format!("  {}", self.0),
            2 => format!(" {}", self.0),
            _ => self.0.clone(),
        }
    }
}

/// Characters of a query that are looked at: more than a person types, and few enough for any script, whose
/// characters may each fold to as many as eighteen.
const QUERY_CHARS: usize = 1024;

/// The terms of a search; all must match. Digits with the usual separators between them are read as one
/// number, so that `+1 415 555` finds `+14155550100`. Empty when the query has no letter and no digit; of one
/// longer than 1024 characters the rest is not looked at.
pub fn terms(query: &str) -> Vec<Term> {
    let query = query.char_indices().nth(QUERY_CHARS).map_or(query, |(end, _)| &query[..end]);
    let looks_like_a_number = query.chars().any(|c| c.is_ascii_digit())
        && query.chars().all(|c| c.is_ascii_digit() || " +-.()/".contains(c));
    if looks_like_a_number {
        return vec![Term(query.chars().filter(char::is_ascii_digit).collect())];
    }
    words(&fold(query)).take(8).map(|word| Term(word.to_owned())).collect()
}

/// All grams of a document, each once, for an engine that is handed them ready-made.
pub fn grams(document: &str) -> Vec<String> {
    let chars: Vec<char> = document.chars().collect();
    let mut grams: Vec<String> = chars
        .windows(3)
        .filter(|gram| gram[2] != ' ' && !(gram[0] != ' ' && gram[1] == ' '))
        .map(|gram| gram.iter().collect())
        .collect();
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// The folded form of a text: what names are sorted by.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'ı' => out.push('i'),
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'þ' => out.push_str("th"),
            c if is_combining_mark(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// The words of a folded text.
fn words(folded: &str) -> impl Iterator<Item = &str> {
    let between = |c: char| if c.is_ascii() { !c.is_ascii_alphanumeric() } else { !c.is_alphanumeric() };
    folded.split(between).filter(|word| !word.is_empty())
}

/// Scripts that are written without spaces between words.
fn runs_on(c: char) -> bool {
    matches!(c as u32,
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1100..=0x11FF | 0x1780..=0x17FF | 0x3040..=0x30FF
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(fields: &[&str], query: &str) -> bool {
        let document = document(fields.iter().copied());
        let indexed = grams(&document);
        let terms = terms(query);
        !terms.is_empty()
            && terms.iter().all(|term| {
                let by_index = term.grams().iter().all(|gram| indexed.contains(gram));
                let by_pattern = document.contains(term.pattern().trim_matches('%'));
                assert!(by_index || !by_pattern, "the index must not miss {query:?} in {document:?}");
                by_index && by_pattern
            })
    }

    #[test]
    fn search_ignores_case_and_accents_and_finds_prefixes_and_infixes() {
        for (fields, query) in [
            (&["John", "Doe"][..], "john"),
            (&["John", "Doe"], "ohn"),
            (&["John", "Doe"], "doe jo"),
            (&["John", "Doe"], "j"),
            (&["John", "Doe"], "D"),
            (&["José", "Müller"], "jose muller"),
            (&["Łukasz", "Groß"], "lukasz gross"),
            (&["Алёна", "Иванова"], "алена"),
            (&["Алёна", "Иванова"], "ВАНО"),
            (&["王小明"], "小明"),
            (&["王小明"], "明"),
            (&["王小明"], "王小明"),
            (&["田中 さくら"], "くら"),
            (&["김철수"], "철수"),
            (&["สมชาย"], "ชาย"),
            (&["+14155550100"], "+1 415-555"),
            (&["+14155550100"], "0100"),
            (&["john.doe@example.com"], "doe@example"),
        ] {
            assert!(finds(fields, query), "{query:?} in {fields:?}");
        }
    }

    #[test]
    fn a_query_is_looked_at_no_further_than_anybody_types() {
        let long = "\u{fdfa}".repeat(300_000);
        assert_eq!(terms(&long), terms(&long[..3 * QUERY_CHARS]));
        assert_eq!(terms(&"7".repeat(300_000)), [Term("7".repeat(QUERY_CHARS))]);
    }

    #[test]
    fn search_does_not_find_what_is_not_there() {
        for (fields, query) in [
            (&["John", "Doe"][..], "jane"),
            (&["John", "Doe"], "hn"),
            (&["John", "Doe"], "john smith"),
            (&["John", "Doe"], "joh ndoe"),
            (&["John", "Doe"], "🙂"),
            (&["John", "Doe"], ""),
        ] {
            assert!(!finds(fields, query), "{query:?} in {fields:?}");
        }
    }
}

//! Search: folding, the document that is indexed, and the terms of a query. The input is a query on the first
//! line and a field behind it.

use super::first_line_of;
use contactgram_model::search::{document, fold, grams, terms};

pub fn run(input: &[u8]) {
    let Some((query, field)) = first_line_of(input) else { return };
    for text in [query, field] {
        let folded = fold(text);
        assert_eq!(fold(&folded), folded, "what is folded stays as it is");
        assert!(folded.len() <= 20 * text.len(), "{} from {}", folded.len(), text.len());
        a_text_finds_itself(text);
    }
    let document = document([field, query]);
    let indexed = grams(&document);
    for term in terms(query) {
        let pattern = term.pattern();
        let inner = pattern.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')).expect("a pattern");
        assert!(!inner.trim().is_empty() && !inner.contains(['%', '_', '\\']), "{pattern:?}");
        assert!((1..=8).contains(&term.grams().len()));
        if document.contains(inner) {
            let missed = term.grams().into_iter().find(|gram| !indexed.contains(gram));
            assert_eq!(missed, None, "the index must not miss what the pattern finds");
        }
    }
}

/// Whatever a field says, a search for it finds the field. (Digits with separators are read as one number,
/// which is written without them.)
fn a_text_finds_itself(text: &str) {
    let text: String = text.chars().take(1024).collect();
    let text = text.as_str();
    let is_number = text.chars().any(|c| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || " +-.()/".contains(c));
    if is_number {
        return;
    }
    let document = document([text]);
    let terms = terms(text);
    assert!(terms.len() <= 8);
    for term in terms {
        assert!(document.contains(term.pattern().trim_matches('%')), "{term:?} in {document:?}");
    }
}

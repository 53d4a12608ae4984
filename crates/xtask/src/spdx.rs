//! Judges SPDX licence expressions against a list of allowed licences.
//! Called by `deny`. It knows `AND`, `OR`, `WITH`, brackets, and the old `/` for `OR`.

/// Whether the expression can be met with the allowed licences alone.
/// A licence with an exception only widens what the licence grants, so the licence decides.
///
/// # Errors
/// A sentence, when the expression can't be read.
pub fn allowed(expression: &str, allowed: &[String]) -> Result<bool, String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let judged = any(&mut words, allowed).ok_or_else(|| format!("`{expression}` can't be read"))?;
    match words.next() {
        None => Ok(judged),
        Some(word) => Err(format!("`{expression}` can't be read from `{word}` on")),
    }
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

/// `AND` binds tighter than `OR`.
fn any(words: &mut Words<'_>, allowed: &[String]) -> Option<bool> {
    let mut judged = all(words, allowed)?;
    while words.next_if_eq(&"OR").is_some() {
        judged |= all(words, allowed)?;
    }
    Some(judged)
}

fn all(words: &mut Words<'_>, allowed: &[String]) -> Option<bool> {
    let mut judged = one(words, allowed)?;
    while words.next_if_eq(&"AND").is_some() {
        judged &= one(words, allowed)?;
    }
    Some(judged)
}

fn one(words: &mut Words<'_>, allowed: &[String]) -> Option<bool> {
    let word = words.next()?;
    if word == "(" {
        let judged = any(words, allowed)?;
        words.next_if_eq(&")")?;
        return Some(judged);
    }
    if matches!(word, ")" | "AND" | "OR" | "WITH") {
        return None;
    }
    if words.next_if_eq(&"WITH").is_some() {
        words.next()?;
    }
    Some(allowed.iter().any(|licence| licence == word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(expression: &str) -> Result<bool, String> {
        allowed(expression, &["MIT".to_owned(), "Apache-2.0".to_owned(), "Unicode-3.0".to_owned()])
    }

    #[test]
    fn a_choice_needs_one_allowed_licence_and_a_sum_needs_all() {
        assert_eq!(judge("GPL-3.0-only OR MIT"), Ok(true));
        assert_eq!(judge("Unlicense/MIT"), Ok(true));
        assert_eq!(judge("GPL-3.0-only AND MIT"), Ok(false));
        assert_eq!(judge("MIT AND GPL-3.0-only OR Apache-2.0"), Ok(true));
        assert_eq!(judge("(MIT OR GPL-3.0-only) AND Unicode-3.0"), Ok(true));
        assert_eq!(judge("GPL-3.0-only"), Ok(false));
    }

    #[test]
    fn an_exception_does_not_hide_the_licence() {
        assert_eq!(judge("Apache-2.0 WITH LLVM-exception"), Ok(true));
        assert_eq!(judge("GPL-2.0 WITH Classpath-exception-2.0"), Ok(false));
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        for broken in ["", "MIT AND", "(MIT", "MIT)", "MIT Apache-2.0", "OR MIT", "MIT WITH"] {
            assert!(judge(broken).is_err(), "{broken}");
        }
    }
}

//! "Did you mean": the nearest of a few known words. Called for wrong keys and wrong log levels.
//! It stays silent where nothing is near.

/// The known word that is most like `word`, if one is like it at all.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let likeness = known.map(|candidate| (strsim::jaro_winkler(&word, candidate), candidate));
    let (score, best) = likeness.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (score >= 0.8).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_finds_its_word_and_nonsense_finds_none() {
        let known = || ["listen", "log", "log_format"].into_iter();
        assert_eq!(nearest("lisen", known()), Some("listen"));
        assert_eq!(nearest("LOG-FORMAT", known()), Some("log_format"));
        assert_eq!(nearest("qqq", known()), None);
    }
}

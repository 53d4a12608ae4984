//! Splits Rust source into code and string literals, so that a rule about code is not misled by a comment.
//! Called by the tidy rules for each file. Positions survive: what is taken out is replaced by blanks.
//! It is no parser: it knows comments, literals, attributes and brackets, and never fails.

/// A source file with comments and the contents of literals blanked out.
pub struct Source {
    /// The code; as many lines as the file has.
    code: Vec<char>,
    literals: Vec<Literal>,
}

struct Literal {
    /// Index of the opening quote in `code`: kept so that a literal can be told to be in a test.
    at: usize,
    text: String,
}

impl Source {
    /// Reads a file as it is, tests included.
    pub fn read(text: &str) -> Source {
        let mut lexer = Lexer { text: text.chars().collect(), at: 0, code: Vec::new(), literals: Vec::new() };
        lexer.run();
        Source { code: lexer.code, literals: lexer.literals }
    }

    /// Reads a file and leaves out items under `#[cfg(test)]` or under a feature for tests.
    pub fn read_without_tests(text: &str) -> Source {
        let mut source = Source::read(text);
        let original: Vec<char> = text.chars().collect();
        let mut from = 0;
        while let Some((start, end)) = source.next_test_item(&original, from) {
            for mark in &mut source.code[start..end] {
                if *mark != '\n' {
                    *mark = ' ';
                }
            }
            source.literals.retain(|literal| !(start..end).contains(&literal.at));
            from = end;
        }
        source
    }

    /// The lines of code, numbered from 1.
    pub fn lines(&self) -> Vec<(usize, String)> {
        let code: String = self.code.iter().collect();
        code.lines().enumerate().map(|(index, line)| (index + 1, line.to_owned())).collect()
    }

    /// The string literals with their line numbers, escapes left as written.
    pub fn strings(&self) -> impl Iterator<Item = (usize, &str)> {
        self.literals.iter().map(|literal| (self.line_of(literal.at), literal.text.as_str()))
    }

    fn line_of(&self, at: usize) -> usize {
        1 + self.code[..at].iter().filter(|mark| **mark == '\n').count()
    }

    /// Where the next item for tests begins and ends.
    fn next_test_item(&self, original: &[char], from: usize) -> Option<(usize, usize)> {
        let mut at = from;
        loop {
            let start = at + self.code.get(at..)?.iter().position(|mark| *mark == '#')?;
            at = start + 1;
            let whole_file = self.code.get(at) == Some(&'!');
            if whole_file {
                at += 1;
            }
            if self.code.get(at) != Some(&'[') {
                continue;
            }
            let end = closing(&self.code, at)?;
            let attribute: String = original[at..end].iter().filter(|mark| !mark.is_whitespace()).collect();
            at = end;
            if is_for_tests(&attribute) {
                return Some(if whole_file { (0, self.code.len()) } else { (start, self.end_of_item(end)) });
            }
        }
    }

    /// The end of the item that begins at `from`: its `;`, or the closing of its braces.
    fn end_of_item(&self, from: usize) -> usize {
        let mut at = from;
        while let Some(mark) = self.code.get(at) {
            match mark {
                ';' => return at + 1,
                '{' => return closing(&self.code, at).unwrap_or(self.code.len()),
                '(' | '[' => at = closing(&self.code, at).unwrap_or(self.code.len()),
                _ => at += 1,
            }
        }
        self.code.len()
    }
}

/// The position after the bracket that closes the one at `open`.
fn closing(code: &[char], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (offset, mark) in code.get(open..)?.iter().enumerate() {
        match mark {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(open + offset + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether an attribute such as `[cfg(any(test,feature="testing"))]` keeps its item out of the product.
fn is_for_tests(attribute: &str) -> bool {
    let Some(condition) = attribute.strip_prefix("[cfg(") else { return attribute == "[test]" };
    !condition.contains("not(") && (has_word(condition, "test") || condition.contains("feature=\"testing\""))
}

/// Whether `word` stands in `text` as a word of its own.
pub fn has_word(text: &str, word: &str) -> bool {
    let part_of_word = |mark: char| mark.is_alphanumeric() || mark == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(part_of_word) && !text[at + word.len()..].starts_with(part_of_word)
    })
}

struct Lexer {
    text: Vec<char>,
    at: usize,
    code: Vec<char>,
    literals: Vec<Literal>,
}

impl Lexer {
    fn run(&mut self) {
        while let Some(mark) = self.peek(0) {
            match mark {
                '/' if self.peek(1) == Some('/') => self.line_comment(),
                '/' if self.peek(1) == Some('*') => self.block_comment(),
                '"' => self.string(),
                'r' if self.raw_hashes().is_some() && !self.inside_word() => self.raw_string(),
                '\'' => self.quote(),
                _ => self.keep(),
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn keep(&mut self) {
        self.code.extend(self.text.get(self.at));
        self.at += 1;
    }

    fn blank(&mut self) {
        if let Some(mark) = self.peek(0) {
            self.code.push(if mark == '\n' { '\n' } else { ' ' });
        }
        self.at += 1;
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|mark| mark != '\n') {
            self.blank();
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0usize;
        while self.peek(0).is_some() {
            let step = match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => 1,
                (Some('*'), Some('/')) => -1,
                _ => 0,
            };
            self.blank();
            if step != 0 {
                self.blank();
                depth = depth.saturating_add_signed(step);
                if depth == 0 {
                    return;
                }
            }
        }
    }

    fn string(&mut self) {
        let at = self.code.len();
        let mut text = String::new();
        self.keep();
        while let Some(mark) = self.peek(0) {
            if mark == '"' {
                self.keep();
                break;
            }
            if mark == '\\' {
                text.push(mark);
                self.blank();
            }
            text.extend(self.peek(0));
            self.blank();
        }
        self.literals.push(Literal { at, text });
    }

    /// The number of `#` of the raw string that begins here, if one does.
    fn raw_hashes(&self) -> Option<usize> {
        let hashes = (1..).take_while(|ahead| self.peek(*ahead) == Some('#')).count();
        (self.peek(hashes + 1) == Some('"')).then_some(hashes)
    }

    /// Whether the `r` here only ends a longer name; `br"…"` and `cr"…"` are raw strings, too.
    fn inside_word(&self) -> bool {
        let before = |back: usize| self.at.checked_sub(back).and_then(|at| self.text.get(at)).copied();
        let part_of_word =
            |mark: Option<char>| mark.is_some_and(|mark| mark.is_alphanumeric() || mark == '_');
        match before(1) {
            Some('b' | 'c') => part_of_word(before(2)),
            other => part_of_word(other),
        }
    }

    fn raw_string(&mut self) {
        let hashes = self.raw_hashes().unwrap_or_default();
        let at = self.code.len();
        let mut text = String::new();
        // `r`, the hashes and the quote.
        (0..hashes + 2).for_each(|_| self.blank());
        while let Some(mark) = self.peek(0) {
            let ends = mark == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#'));
            if ends {
                (0..=hashes).for_each(|_| self.blank());
                break;
            }
            text.push(mark);
            self.blank();
        }
        self.literals.push(Literal { at, text });
    }

    /// A character literal is blanked; a lifetime is code.
    fn quote(&mut self) {
        match (self.peek(1), self.peek(2)) {
            (Some('\\'), _) => {
                (0..3).for_each(|_| self.blank());
                while self.peek(0).is_some_and(|mark| mark != '\'' && mark != '\n') {
                    self.blank();
                }
                self.blank();
            }
            (Some(_), Some('\'')) => (0..3).for_each(|_| self.blank()),
            _ => self.keep(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        Source::read_without_tests(text).code.iter().collect()
    }

    #[test]
    fn comments_are_not_code() {
        assert_eq!(
            code("a // b\nc /* d /* e */ f */ g").split_whitespace().collect::<Vec<_>>(),
            ["a", "c", "g"]
        );
    }

    #[test]
    fn strings_are_collected_with_their_lines() {
        let source =
            Source::read("let a = \"one\";\nlet b = r#\"tw\"o\"#;\nlet c = br\"three\"; // \"four\"");
        let strings: Vec<_> = source.strings().collect();
        assert_eq!(strings, [(1, "one"), (2, "tw\"o"), (3, "three")]);
    }

    #[test]
    fn quotes_and_escapes_do_not_end_a_string_early() {
        let source = Source::read(r#"let a = "x\"y"; let b = '"'; let c = '\''; let d: &'static str = "z";"#);
        let strings: Vec<_> = source.strings().map(|(_, text)| text).collect();
        assert_eq!(strings, ["x\\\"y", "z"]);
    }

    #[test]
    fn a_name_that_ends_in_r_is_not_a_raw_string() {
        let source = Source::read("for\"a\"; println!(\"{}\", var\"b\")");
        assert_eq!(source.strings().count(), 3);
    }

    #[test]
    fn test_modules_are_left_out_and_lines_stay() {
        let text = "a();\n#[cfg(test)]\nmod tests {\n  fn b() { let s = \"}\"; }\n}\nc();";
        assert_eq!(code(text).split_whitespace().collect::<Vec<_>>(), ["a();", "c();"]);
        assert_eq!(code(text).lines().count(), 6);
        assert_eq!(Source::read_without_tests(text).strings().count(), 0);
    }

    #[test]
    fn features_for_tests_count_as_tests_and_their_opposite_does_not() {
        assert!(!code("#[cfg(any(test, feature = \"testing\"))]\npub mod testing;").contains("testing"));
        assert!(!code("#![cfg(test)]\nfn all() {}").contains("all"));
        assert!(code("#[cfg(not(test))]\nfn real() {}").contains("real"));
        assert!(code("#[cfg(feature = \"nats\")]\nfn real() {}").contains("real"));
    }

    #[test]
    fn an_unfinished_file_is_read_to_its_end() {
        for text in ["\"", "r#\"", "'", "'\\", "/*", "#[cfg(test)]", "#[cfg(test", "#", "r", "\"\\"] {
            assert!(Source::read_without_tests(text).lines().len() <= 1, "{text}");
        }
    }

    #[test]
    fn words_are_told_from_parts_of_words() {
        assert!(has_word("use tokio::x", "tokio"));
        assert!(!has_word("use tokio_postgres::x", "tokio"));
        assert!(!has_word("mytokio", "tokio"));
    }
}

//! What makes a request what it is, as one number: its route, its query, and its body. An upload's boundary is chosen
//! anew by clients that send the same once more, so it doesn't count.

use sha2::{Digest, Sha256};

/// A sum over a request whose body comes in pieces.
pub(crate) struct Sum {
    digest: Sha256,
    /// `--` and the boundary, where there is one.
    mark: Vec<u8>,
    /// The end of what came, which may be the beginning of a mark.
    left: Vec<u8>,
}

impl Sum {
    /// Begins with what is known before the body.
    pub fn new(route: &str, query: &str, boundary: Option<&str>) -> Sum {
        let mut digest = Sha256::new();
        for piece in [route.as_bytes(), query.as_bytes()] {
            digest.update((piece.len() as u64).to_le_bytes());
            digest.update(piece);
        }
        let mark = boundary.map(|boundary| format!("--{boundary}").into_bytes()).unwrap_or_default();
        Sum { digest, mark, left: Vec::new() }
    }

    /// Adds a piece of the body.
    pub fn add(&mut self, piece: &[u8]) {
        if self.mark.is_empty() {
            self.digest.update(piece);
            return;
        }
        self.left.extend_from_slice(piece);
        let (mark, left) = (&self.mark, &self.left);
        let mut done = 0;
        while let Some(at) = find(&left[done..], mark) {
            self.digest.update(&left[done..done + at]);
            self.digest.update(b"\r\n--");
            done += at + mark.len();
        }
        // What is shorter than a mark may become one.
        let keep = (mark.len() - 1).min(left.len() - done);
        let end = left.len() - keep;
        self.digest.update(&left[done..end]);
        self.left.drain(..end);
    }

    /// The sum.
    pub fn finish(&self) -> [u8; 32] {
        let mut digest = self.digest.clone();
        digest.update(&self.left);
        digest.finalize().into()
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(at) = text.get(from..)?.iter().position(|byte| *byte == first) {
        if text[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(boundary: Option<&str>, body: &str, pieces: usize) -> [u8; 32] {
        let mut sum = Sum::new("sendPhoto", "", boundary);
        body.as_bytes().chunks(pieces).for_each(|piece| sum.add(piece));
        sum.finish()
    }

    #[test]
    fn pieces_and_boundaries_make_no_difference_and_everything_else_does() {
        let body = |mark: &str, file: &str| {
            format!("--{mark}\r\nhead\r\n\r\n7\r\n--{mark}\r\n{file}\r\n--{mark}--\r\n")
        };
        let (one, other) = (body("aXb", "png-- a"), body("another", "png-- a"));
        let whole = sum(Some("aXb"), &one, 1000);
        for pieces in 1..20 {
            assert_eq!(sum(Some("aXb"), &one, pieces), whole, "{pieces}");
            assert_eq!(sum(Some("another"), &other, pieces), whole, "{pieces}");
        }
        assert_ne!(sum(Some("aXb"), &body("aXb", "png-- b"), 1000), whole);
        assert_ne!(sum(None, &one, 1000), whole);
        let route = |route, query| Sum::new(route, query, None).finish();
        assert_ne!(route("sendPhoto", ""), route("sendVideo", ""));
        assert_ne!(route("a", "b"), route("ab", ""));
    }
}

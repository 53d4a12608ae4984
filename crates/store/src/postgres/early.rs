//! Questions that a closure will ask, sent ahead so that one flight answers several. `line` keeps them here with
//! their rows until the closure asks. It compares the messages byte by byte, and never gives a row twice.

use postgres_protocol::message::backend::DataRowBody;

/// In the order they were sent: answered ones first.
#[derive(Default)]
pub(super) struct Early {
    questions: Vec<Question>,
    /// How many are answered.
    answered: usize,
}

struct Question {
    /// Statement and values, as the protocol writes them. None when nobody will ask any more.
    message: Option<Box<[u8]>>,
    rows: Vec<DataRowBody>,
}

impl Early {
    pub(super) fn ask(&mut self, message: &[u8]) {
        self.questions.push(Question { message: Some(message.into()), rows: Vec::new() });
    }

    /// Whether this is asked already, and whether the answer is there.
    pub(super) fn knows(&self, message: &[u8]) -> Option<bool> {
        self.find(message).map(|place| place < self.answered)
    }

    /// The rows of an answered question.
    pub(super) fn take(&mut self, message: &[u8]) -> Option<Vec<DataRowBody>> {
        let place = self.find(message).filter(|place| *place < self.answered)?;
        self.answered -= 1;
        Some(self.questions.remove(place).rows)
    }

    /// A row of the first that is not answered.
    pub(super) fn row(&mut self, row: DataRowBody) {
        if let Some(question) = self.questions.get_mut(self.answered) {
            question.rows.push(row);
        }
    }

    /// The first that was not answered is.
    pub(super) fn end(&mut self) {
        if self.questions.get(self.answered).is_some_and(|question| question.message.is_none()) {
            self.questions.remove(self.answered);
        } else {
            self.answered += 1;
        }
    }

    /// Everything was sent: what is not answered never will be.
    pub(super) fn landed(&mut self) {
        self.questions.truncate(self.answered);
    }

    /// The closure has ended. What is not sent yet will be, for nobody.
    pub(super) fn forget(&mut self) {
        self.questions.drain(..self.answered);
        self.answered = 0;
        self.questions.iter_mut().for_each(|question| question.message = None);
    }

    fn find(&self, message: &[u8]) -> Option<usize> {
        self.questions.iter().position(|question| question.message.as_deref() == Some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_belong_to_questions_in_their_order() {
        let mut early = Early::default();
        early.ask(b"one");
        early.ask(b"two");
        assert_eq!((early.knows(b"one"), early.knows(b"three")), (Some(false), None));
        early.end();
        assert_eq!((early.knows(b"one"), early.knows(b"two")), (Some(true), Some(false)));
        assert!(early.take(b"two").is_none() && early.take(b"one").is_some());
        assert_eq!((early.knows(b"one"), early.knows(b"two")), (None, Some(false)));
        early.end();
        assert_eq!(early.knows(b"two"), Some(true));
    }

    #[test]
    fn what_a_closure_asked_in_vain_is_nobodys() {
        let mut early = Early::default();
        early.ask(b"sent");
        early.end();
        early.ask(b"waits");
        early.forget();
        early.ask(b"next");
        assert_eq!((early.knows(b"sent"), early.knows(b"waits")), (None, None));
        early.end();
        assert_eq!(early.knows(b"next"), Some(false));
        early.end();
        assert_eq!(early.knows(b"next"), Some(true));
    }

    #[test]
    fn what_an_error_left_unanswered_is_asked_again() {
        let mut early = Early::default();
        early.ask(b"refused");
        early.landed();
        assert_eq!(early.knows(b"refused"), None);
    }
}

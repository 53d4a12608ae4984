//! Presses of inline buttons, answered by answerCallbackQuery.

use crate::access::MessagesSend;
use crate::{Answer, Error, Hub, Once, Permit};
use contactgram_store::ops::callbacks;
use serde::{Deserialize, Serialize};

/// For how long a press can be answered, in seconds: Telegram gives some minutes, without saying how many.
const ANSWERABLE_S: i64 = 15 * 60;

/// What the person who pressed is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackAnswer {
    /// At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// As an alert, not as a note.
    #[serde(default)]
    pub show_alert: bool,
    /// To be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Seconds the answer may be kept.
    #[serde(default)]
    pub cache_time: i64,
}

impl Hub {
    /// answerCallbackQuery.
    ///
    /// # Errors
    /// Telegram's text for a press that is unknown, too old or answered already.
    pub async fn answer_callback(
        &self,
        permit: &Permit<MessagesSend>,
        (query, answer): (String, CallbackAnswer),
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        let (account, since) = (permit.account(), self.clock.now() - ANSWERABLE_S);
        const TOO_OLD: Error =
            Error::bad("query is too old and response timeout expired or query ID is invalid");
        let id: i64 = query.parse().map_err(|_| TOO_OLD)?;
        // Presses come with updates, which a narrowed caller does not have: for it there are none.
        if permit.view().narrow().is_some() {
            return Err(TOO_OLD);
        }
        let text = serde_json::to_string(&answer).map_err(Error::internal)?;
        self.change_once(account, once, move |tx, _| {
            if !callbacks::answer(tx, account, id, since, &text)? {
                return Err(TOO_OLD);
            }
            Ok(Answer::yes())
        })
        .await
    }
}

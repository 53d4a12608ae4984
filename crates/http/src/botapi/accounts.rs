//! getMe, logOut, close.

use super::Done;
use crate::call::Asked;
use contactgram_hub::Answer;

/// `getMe`
pub(super) async fn me(asked: Asked) -> Done {
    Ok(asked.hub().me(&asked.caller).await?)
}

/// `logOut`: on Telegram a bot leaves the cloud's server for another one. Here there is nothing to leave:
/// the account and its token stay as they are.
pub(super) async fn log_out(_asked: Asked) -> Done {
    Ok(Answer::yes())
}

/// `close`: nothing is held open for an account between calls.
pub(super) async fn close(_asked: Asked) -> Done {
    Ok(Answer::yes())
}

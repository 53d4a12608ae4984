//! `contactgram admin-token`: a new token for the operator's doors. The store keeps its digest only; a token
//! that the configuration fixes can't be changed here.

use super::context::Context;
use crate::admin::AdminToken;
use crate::failure::Outcome;

/// Makes a token, keeps its digest and prints it.
pub async fn run(context: &Context) -> Outcome {
    if context.loaded.is_given("admin_token") {
        return Err("the admin token is fixed by the setting admin_token: change it there".into());
    }
    let token = AdminToken::create()?;
    context.make(async |hub| token.keep(hub).await).await?;
    let token = token.reveal();
    context.answer(&serde_json::json!({ "admin_token": token }), || {
        format!("{token}\n\nThe token is shown this once; the one before has stopped working.")
    })
}

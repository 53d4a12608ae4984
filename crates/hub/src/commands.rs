//! A bot's commands: setMyCommands, getMyCommands, deleteMyCommands.

use crate::access::AccountManage;
use crate::{Answer, Error, Hub, Permit};
use contactgram_store::ops::commands::{self, Audience};

impl Hub {
    /// setMyCommands; `list` is the checked array as canonical JSON.
    pub async fn set_commands(
        &self,
        permit: &Permit<AccountManage>,
        audience: Audience,
        list: String,
    ) -> Result<Answer, Error> {
        let account = permit.account();
        self.change(account, move |tx, _| {
            commands::put(tx, account, &audience, &list)?;
            Ok(Answer::yes())
        })
        .await
    }

    /// getMyCommands.
    pub async fn commands(
        &self,
        permit: &Permit<AccountManage>,
        audience: Audience,
    ) -> Result<Answer, Error> {
        let account = permit.account();
        self.store
            .read(move |tx| {
                let list = commands::get(tx, account, &audience)?;
                Ok(Answer::json(list.unwrap_or_else(|| "[]".to_owned())))
            })
            .await
    }

    /// deleteMyCommands.
    pub async fn delete_commands(
        &self,
        permit: &Permit<AccountManage>,
        audience: Audience,
    ) -> Result<Answer, Error> {
        let account = permit.account();
        self.change(account, move |tx, _| {
            commands::delete(tx, account, &audience)?;
            Ok(Answer::yes())
        })
        .await
    }
}

//! The list of accounts, and the making of one: the BotFather of this server.

use super::answer::{Seen, page_of, wrong};
use super::bots::TELEGRAM;
use super::form::Form;
use super::secret::{Secret, shown};
use super::shell::{Here, Shell};
use super::visit::Visit;
use crate::portal::answer::Oops;
use askama::Template;
use contactgram_hub::NewAccount;
use contactgram_model::{AccountKind, Role};

#[derive(Template)]
#[template(path = "accounts.html")]
struct AccountsPage {
    shell: Shell,
    form: Form,
    /// The form of a bot that is to be connected.
    bot: Form,
    may_add: bool,
}

/// `GET /portal/accounts`
pub(super) async fn list(visit: Visit) -> Seen {
    show(&visit, Form::default()).await
}

/// `POST /portal/accounts`
pub(super) async fn add(visit: Visit) -> Seen {
    let form = visit.form.clone();
    let kind = if form.one("kind") == "user" { AccountKind::User } else { AccountKind::Bot };
    let new = NewAccount {
        name: form.one("name").to_owned(),
        username: form.some("username"),
        phone: form.some("phone_number").filter(|_| kind == AccountKind::User),
        kind,
        region: None,
        strict: false,
    };
    match visit.hub().add_account(visit.actor()?, new).await {
        Ok((account, token)) => {
            let here = Here::of(&account, Role::Owner);
            let url = &visit.app().options.url;
            let mut shell = visit.shell(format!("{} is made", account.name), "accounts")?;
            let back = here.path();
            shell.here = Some(here);
            shown(Secret {
                shell,
                back,
                back_text: account.name,
                text: String::new(),
                curl: format!("curl {url}/bot{}/getMe", token.token),
                secrets: vec![("Token", token.token)],
            })
        }
        Err(error) => {
            // What the account's own form calls `phone` is one field here.
            let form = form.refused(error, &["name", "username", "phone_number", "phone"])?;
            let form = match form.wrong("phone").map(str::to_owned) {
                Some(text) => form.with("phone_number", text),
                None => form,
            };
            let shell = listing(&visit).await?;
            wrong(&AccountsPage { may_add: true, shell, form, bot: bot_form(Form::default()) })
        }
    }
}

/// The page, with what is wrong with connecting a bot.
pub(super) async fn show(visit: &Visit, bot: Form) -> Seen {
    let shell = listing(visit).await?;
    let may_add = shell.everywhere >= Some(Role::Owner);
    let page = AccountsPage { shell, form: Form::default(), bot: bot_form(bot), may_add };
    page_of(page.bot.is_wrong(), &page)
}

fn bot_form(form: Form) -> Form {
    form.or("upstream", TELEGRAM)
}

async fn listing(visit: &Visit) -> Result<Shell, Oops> {
    let mut shell = visit.shell("Accounts", "accounts")?;
    let all = visit.hub().accounts_of(visit.signed()?.member.member_id).await?;
    shell.accounts = all.iter().map(|(account, role)| Here::of(account, *role)).collect();
    Ok(shell)
}

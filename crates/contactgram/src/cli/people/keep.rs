//! People are added, listed, shown and changed. Called by `people`.

use clap::Args;
use contactgram_hub::{NewPerson, PersonChange};
use contactgram_model::{User, UserId, UserKind};

use crate::cli::context::Context;
use crate::cli::named;
use crate::failure::Outcome;
use crate::output;

#[derive(Args)]
pub struct Add {
    /// First name
    #[arg(long)]
    first_name: String,
    #[command(flatten)]
    rest: Fields,
}

#[derive(Args)]
pub struct Change {
    /// Id or @username
    person: String,
    /// First name
    #[arg(long)]
    first_name: Option<String>,
    #[command(flatten)]
    rest: Fields,
}

#[derive(Args)]
struct Fields {
    /// Last name
    #[arg(long)]
    last_name: Option<String>,
    /// Username
    #[arg(long)]
    username: Option<String>,
    /// Phone number with its +
    #[arg(long)]
    phone: Option<String>,
    /// E-mail address, shared with the vCard
    #[arg(long)]
    email: Option<String>,
    /// Language, such as en
    #[arg(long)]
    language: Option<String>,
}

#[derive(Args)]
pub struct List {
    /// People at most
    #[arg(long, default_value = "50", value_parser = clap::value_parser!(i64).range(1..=1000))]
    limit: i64,
    /// Only ids above this one
    #[arg(long, default_value = "0", value_name = "ID")]
    after: i64,
}

impl Add {
    /// Adds.
    pub async fn run(self, context: &Context) -> Outcome {
        let new = NewPerson {
            first_name: self.first_name,
            last_name: self.rest.last_name,
            username: self.rest.username,
            phone_number: self.rest.phone,
            email: self.rest.email,
            language_code: self.rest.language,
        };
        let added = context.make(async move |hub| Ok(hub.add_person(new).await?)).await?;
        context.answer(&added, || described(&added))
    }
}

impl Change {
    /// Changes what was given.
    pub async fn run(self, context: &Context) -> Outcome {
        let set = |value: Option<String>| value.map(|text| Some(text).filter(|text| !text.is_empty()));
        let change = PersonChange {
            first_name: self.first_name,
            last_name: set(self.rest.last_name),
            username: set(self.rest.username),
            phone_number: set(self.rest.phone),
            email: set(self.rest.email),
            language_code: set(self.rest.language),
        };
        let changing = context.change(async move |hub| {
            let id = named::person(hub, &self.person).await?;
            Ok(hub.edit_person(id, change).await?)
        });
        let changed = changing.await?;
        context.answer(&changed, || described(&changed))
    }
}

impl List {
    /// Lists a page.
    pub async fn run(self, context: &Context) -> Outcome {
        let people = context.look(async |hub| Ok(hub.people(UserId(self.after), self.limit).await?)).await?;
        context.answer(&people, || {
            if people.is_empty() {
                return "Nobody here; `contactgram people add --first-name NAME` makes a person.".to_owned();
            }
            let rows: Vec<[String; 5]> = people.iter().map(row).collect();
            output::table(["ID", "NAME", "USERNAME", "PHONE", "KIND"], &rows)
        })
    }
}

/// Shows one.
pub async fn show(context: &Context, person: &str) -> Outcome {
    let shown = context.look(async |hub| Ok(hub.person(named::person(hub, person).await?).await?)).await?;
    context.answer(&shown, || described(&shown))
}

fn row(user: &User) -> [String; 5] {
    [
        user.id.to_string(),
        name(user),
        user.username.as_ref().map(|name| format!("@{name}")).unwrap_or_default(),
        user.phone_number.clone().unwrap_or_default(),
        kind(user.kind).to_owned(),
    ]
}

fn described(user: &User) -> String {
    output::fields(&[
        ("id", Some(user.id.to_string())),
        ("name", Some(name(user))),
        ("username", user.username.as_ref().map(|name| format!("@{name}"))),
        ("phone", user.phone_number.clone()),
        ("e-mail", user.email.clone()),
        ("language", user.language_code.clone()),
        ("kind", Some(kind(user.kind).to_owned())),
    ])
}

fn name(user: &User) -> String {
    [Some(user.first_name.as_str()), user.last_name.as_deref()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

fn kind(kind: UserKind) -> &'static str {
    match kind {
        UserKind::Placeholder => "waiting number",
        UserKind::Person => "person",
        UserKind::Bot => "bot",
        UserKind::Account => "user account",
        UserKind::Remote => "bot of another server",
    }
}

//! A walk through the API: a contact, a message, the history, updates, and everything tidied up again. Run it as `cargo run`;
//! README.md names its settings. What happens when something fails is the business of `contactgram-client`.

use std::process::ExitCode;
use std::sync::Once;
use std::time::{Duration, SystemTime};

use contactgram_client::oauth::{App, Tokens};
use contactgram_client::{
    Client, ContactId, ContactQuery, Error, Event, MessageQuery, NewContact, NewMessage, Policy,
    StreamExt as _, TryStreamExt as _,
};

#[tokio::main]
async fn main() -> ExitCode {
    // The client says by `tracing` what it tries again.
    tracing_subscriber::fmt().with_writer(std::io::stderr).without_time().init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("stopped: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let app = App::confidential(setting("CONTACTGRAM_CLIENT_ID")?, setting("CONTACTGRAM_CLIENT_SECRET")?);
    let policy = Policy::default()
        .try_timeout(seconds("CONTACTGRAM_TIMEOUT", 10)?)
        .deadline(seconds("CONTACTGRAM_DEADLINE", 30)?);
    let first = Once::new();
    let client = Client::builder(setting_or("CONTACTGRAM_URL", "http://127.0.0.1:8081"))
        .client_credentials(app, &[])
        .on_new_tokens(move |tokens| first.call_once(|| show(tokens)))
        .policy(policy)
        .build();
    let client = client.map_err(|error| told(&error))?;
    walk(&client, &setting_or("CONTACTGRAM_PEER", "1234567890")).await.map_err(|error| told(&error))
}

async fn walk(client: &Client, peer: &str) -> contactgram_client::Result<()> {
    let ann = NewContact::new("Ann").last_name("Example").phone_number("+447700900555");
    let contact = client.contacts().add(ann).await?.contact;
    println!("contact added: {} {}", contact.first_name, contact.last_name.as_deref().unwrap_or_default());
    let talked = talk(client, peer, contact.id).await;
    if let Err(error) = &talked {
        leave_nothing_behind(client, contact.id, error).await;
        return talked;
    }
    client.contacts().delete(contact.id).await?;
    println!("contact removed");
    Ok(())
}

async fn talk(client: &Client, peer: &str, contact: ContactId) -> contactgram_client::Result<()> {
    let contact = client.contacts().get(contact).await?;
    println!(
        "contact fetched: {}",
        contact.phone_number.as_ref().map(ToString::to_string).unwrap_or_default()
    );

    let message = client.messages().send(NewMessage::text(peer, "Hello from an example!")).await?;
    println!("message sent: {}", message.text.unwrap_or_default());

    let messages = client.messages().list(&MessageQuery::default().limit(10).offset(0)).await?.messages;
    let newest = messages.first().and_then(|message| message.text.as_deref()).unwrap_or_default();
    println!("messages read: {}, the newest says: {newest}", messages.len());

    // Pages of one, to show that there are several.
    let contacts: Vec<_> = client.contacts().all(ContactQuery::default().limit(1)).try_collect().await?;
    println!("contacts paged: {}", contacts.len());

    // Asking for the next one confirms those before: what wasn't handled when the program ended comes again.
    let mut updates = client.updates().timeout(Duration::from_secs(1)).until_quiet().stream();
    let mut handled = 0;
    while let Some(update) = updates.next().await {
        handle(&update?.event);
        handled += 1;
    }
    println!("updates handled: {handled}");
    Ok(())
}

fn handle(event: &Event) {
    let text = match event {
        Event::Message(message) => message.text.as_deref(),
        _ => None,
    };
    println!("update: {}", text.unwrap_or("something else"));
}

async fn leave_nothing_behind(client: &Client, contact: ContactId, error: &Error) {
    let left = match error {
        // Nothing that we may send would be taken.
        Error::Unauthorized { .. } | Error::OAuth { .. } => Some(told(error)),
        _ => client.contacts().delete(contact).await.err().map(|error| told(&error)),
    };
    if let Some(why) = left {
        eprintln!("contact left behind: {why}");
    }
}

/// A program that runs on keeps its tokens here, where it has a refresh token among them.
fn show(tokens: &Tokens) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let left = tokens.expires_at.saturating_sub(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
    println!("token: good for {}", if left > 60 { "a while" } else { "a moment" });
}

/// A failure in one line, the HTTP status first where there is one.
fn told(error: &Error) -> String {
    match error {
        Error::Unavailable { status, description, .. } | Error::Refused { status, description } => {
            format!("{status} {description}")
        }
        Error::Transport { source, .. } => format!("no answer: {error} ({source})"),
        Error::CircuitOpen { .. } => format!("circuit open: {error}"),
        Error::OutcomeUnknown { source, .. } => format!("{}; it may have been done or not", told(source)),
        _ => match error.status() {
            Some(status) => format!("{status} {error}"),
            None => error.to_string(),
        },
    }
}

fn setting(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("{name} is not set; README.md says where it comes from"))
}

fn setting_or(name: &str, otherwise: &str) -> String {
    setting(name).unwrap_or_else(|_| otherwise.to_owned())
}

fn seconds(name: &str, otherwise: u64) -> Result<Duration, String> {
    let Ok(text) = setting(name) else { return Ok(Duration::from_secs(otherwise)) };
    text.parse().map(Duration::from_secs).map_err(|_| format!("{name} must be a number of seconds"))
}

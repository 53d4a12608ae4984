//! The hub's figures as metrics: updates, webhooks, the outbox, bots at upstreams. Accounts appear by their number and only where
//! the hub tells them apart.

use super::page::Page;
use contactgram_connector::bot::{Ended, Phase};
use contactgram_hub::figures::{BotState, Figures, UpstreamFigures, Waiting};

pub(super) fn render(page: &mut Page, figures: &Figures) {
    updates(page, figures);
    waiting(page, figures.waiting.as_ref());
    webhooks(page, figures);
    outbox(page, figures);
    upstreams(page, &figures.upstreams);
    page.gauge(
        "contactgram_store_up",
        "1 when the store answered the last time it was asked what waits, else 0.",
    )
    .is(u8::from(figures.store_answers));
}

fn updates(page: &mut Page, figures: &Figures) {
    page.counter("contactgram_updates_logged_total", "Updates written to the logs of accounts.")
        .is(figures.logged);
    let mut family = page.counter(
        "contactgram_updates_delivered_total",
        "Updates that clients got; one that is delivered again counts again.",
    );
    family.has(&[("way", "getUpdates")], figures.polled);
    family.has(&[("way", "stream")], figures.streamed);
    family.has(&[("way", "webhook")], figures.webhooks.delivered);
    page.gauge("contactgram_updates_polls_waiting", "Calls of getUpdates that wait for an update.")
        .is(figures.pollers);
    page.gauge("contactgram_updates_streams_open", "Streams of updates that are open.").is(figures.streams);
}

fn waiting(page: &mut Page, waiting: Option<&Waiting>) {
    let mut one = |name, help, value: fn(&Waiting) -> i64| {
        let mut family = page.gauge(name, help);
        waiting.into_iter().for_each(|waiting| family.is(value(waiting)));
    };
    one("contactgram_accounts", "Accounts on this server.", |seen| seen.accounts);
    one("contactgram_store_size_bytes", "Size of the data, as the database counts it.", |seen| seen.bytes);
    one(
        "contactgram_backlog_seen_timestamp_seconds",
        "When the store was last asked what waits, in Unix time.",
        |seen| seen.at,
    );
    one(
        "contactgram_backlog_updates",
        "Updates that wait, once for each consumer that has not taken them.",
        |seen| seen.updates,
    );
    one("contactgram_backlog_consumers", "Consumers for whom updates wait.", |seen| seen.consumers);
    one(
        "contactgram_backlog_age_seconds",
        "How long the oldest update waits, of the consumers that are told apart.",
        |seen| seen.age_s,
    );
    let farthest = waiting.map(|seen| &seen.farthest[..]).unwrap_or_default();
    let mut family = page.gauge(
        "contactgram_consumer_backlog_updates",
        "Updates that wait for one consumer: of the 100 for whom most wait.",
    );
    for one in farthest {
        let account = one.account.to_string();
        family.has(&[("account_id", &account), ("consumer", &one.consumer)], one.updates);
    }
    let mut family =
        page.gauge("contactgram_consumer_backlog_age_seconds", "How long the oldest of those waits.");
    for one in farthest {
        let account = one.account.to_string();
        family.has(&[("account_id", &account), ("consumer", &one.consumer)], one.age_s);
    }
}

fn webhooks(page: &mut Page, figures: &Figures) {
    let seen = &figures.webhooks;
    let mut family =
        page.counter("contactgram_webhook_deliveries_total", "Deliveries to webhooks, by outcome.");
    family.has(&[("outcome", "delivered")], seen.delivered);
    family.has(&[("outcome", "failed")], seen.failed);
    page.counter(
        "contactgram_webhook_given_up_total",
        "Updates that a webhook did not take in time, and that are not tried any more.",
    )
    .is(seen.given_up);
    page.histogram("contactgram_webhook_delivery_duration_seconds", "Time of a delivery to a webhook.")
        .spreads(&[], &seen.took, 1e6);
    page.histogram(
        "contactgram_webhook_retry_wait_seconds",
        "Time from a failed delivery to the next try of it.",
    )
    .spreads(&[], &seen.waits, 1.0);
    page.gauge("contactgram_webhook_deliveries_in_flight", "Deliveries under way.").is(seen.under_way);
    page.gauge(
        "contactgram_webhook_chats_waiting",
        "Chats whose next update waits to be tried again at a webhook.",
    )
    .is(seen.waiting);
}

fn outbox(page: &mut Page, figures: &Figures) {
    let seen = figures.waiting.as_ref();
    let mut family =
        page.gauge("contactgram_outbox_entries", "Entries of the outbox, by what they wait for.");
    if let Some(seen) = seen {
        family.has(&[("state", "scheduled")], (seen.outbox.queued - seen.outbox.due).max(0));
        family.has(&[("state", "due")], seen.outbox.due);
        family.has(&[("state", "sending")], seen.outbox.sending);
        family.has(&[("state", "unknown")], seen.outbox.unknown);
    }
    let mut one = |name, help, value: fn(&Waiting) -> i64| {
        let mut family = page.gauge(name, help);
        seen.into_iter().for_each(|seen| family.is(value(seen)));
    };
    one("contactgram_outbox_due_age_seconds", "How long the entry that is due first has been due.", |seen| {
        seen.due_s
    });
    one("contactgram_broadcasts_running", "Broadcasts that go on.", |seen| seen.outbox.broadcasts);
    one(
        "contactgram_broadcast_recipients_left",
        "Contacts of running broadcasts for whom no entry is made yet.",
        |seen| seen.outbox.unreached,
    );
    let ended = &figures.outbox;
    let mut family =
        page.counter("contactgram_outbox_settled_total", "Entries of the outbox that ended, by outcome.");
    for (outcome, count) in [
        ("sent", ended.sent),
        ("failed", ended.failed),
        ("blocked", ended.blocked),
        ("unknown", ended.unknown),
    ] {
        family.has(&[("outcome", outcome)], count);
    }
    page.counter("contactgram_outbox_retries_total", "Entries that were put back, to be tried again.")
        .is(ended.retries);
}

fn upstreams(page: &mut Page, seen: &UpstreamFigures) {
    let mut family = page.gauge("contactgram_upstream_bots", "Bots at Bot API servers, by state.");
    for (state, count) in BotState::ALL.iter().zip(seen.states) {
        family.has(&[("state", state.name())], count);
    }
    let mut family = page.gauge("contactgram_upstream_breakers", "Circuit breakers of bots, by state.");
    for (state, count) in ["closed", "open", "half_open"].into_iter().zip(seen.breakers) {
        family.has(&[("state", state)], count);
    }
    let mut family = page.counter(
        "contactgram_upstream_requests_total",
        "Requests to Bot API servers, by outcome; each try counts.",
    );
    for (how, count) in Ended::ALL.into_iter().zip(seen.requests) {
        family.has(&[("outcome", outcome(how))], count);
    }
    page.counter("contactgram_upstream_retries_total", "Requests to Bot API servers that were made again.")
        .is(seen.retries);
    let mut family = page.counter(
        "contactgram_upstream_updates_total",
        "Updates that came from Bot API servers; one that comes again counts again.",
    );
    family.has(&[("way", "polled")], seen.taken);
    family.has(&[("way", "posted")], seen.posted);

    let mut family = page.gauge(
        "contactgram_upstream_bot_state",
        "1 for the state that a bot is in: of 100 bots, those in trouble first.",
    );
    for bot in &seen.bots {
        family.has(&[("account_id", &bot.account.to_string()), ("state", bot.state.name())], 1);
    }
    let mut family = page.gauge(
        "contactgram_upstream_bot_breaker_open",
        "0 while a bot's circuit breaker is closed, else 1: of the same bots.",
    );
    for bot in &seen.bots {
        if let Some(phase) = bot.breaker {
            family.has(&[("account_id", &bot.account.to_string())], u8::from(phase != Phase::Closed));
        }
    }
    let mut family = page.counter(
        "contactgram_upstream_bot_requests_total",
        "Requests for one bot, by outcome: of the same bots.",
    );
    for bot in &seen.bots {
        for (how, count) in Ended::ALL.into_iter().zip(bot.requests).filter(|(_, count)| *count > 0) {
            family.has(&[("account_id", &bot.account.to_string()), ("outcome", outcome(how))], count);
        }
    }
    let mut family = page.counter(
        "contactgram_upstream_bot_retries_total",
        "Requests for one bot that were made again: of the same bots.",
    );
    for bot in &seen.bots {
        family.has(&[("account_id", &bot.account.to_string())], bot.retries);
    }
}

fn outcome(how: Ended) -> &'static str {
    match how {
        Ended::Well => "ok",
        Ended::Refused => "refused",
        Ended::TooMany => "too_many",
        Ended::Failing => "failing",
        Ended::Lost => "lost",
        Ended::NotSent => "not_sent",
        Ended::Open => "breaker_open",
    }
}

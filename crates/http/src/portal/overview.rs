//! The first page: what the accounts have, what came and went in the last hours, and whether anything waits or fails.

use super::answer::{Oops, Seen, page};
use super::shell::Shell;
use super::visit::Visit;
use super::words;
use askama::Template;
use contactgram_hub::access::{MessagesRead, UpdatesRead};
use contactgram_hub::{AccountView, Caller, Error, HOURS, Hour, Hub};
use contactgram_model::Role;
use std::fmt::Write as _;

/// Accounts whose traffic the page adds up; whoever has more sees the first of them.
const SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    shell: Shell,
    health: &'static str,
    contacts: i64,
    messages: i64,
    waiting: i64,
    received: i64,
    sent: i64,
    chart: String,
    accounts: Vec<Row>,
}

struct Row {
    id: contactgram_model::UserId,
    name: String,
    username: Option<String>,
    role: Role,
    contacts: i64,
    messages: i64,
    received: i64,
    sent: i64,
    consumer: &'static str,
    waiting: Option<i64>,
    trouble: Option<String>,
}

/// `GET /portal`
pub(super) async fn overview(visit: Visit) -> Seen {
    let (hub, member) = (visit.hub(), visit.signed()?.member.member_id);
    let all = hub.accounts_of(member).await?;
    let mut hours = vec![Hour::default(); HOURS as usize];
    let mut rows = Vec::new();
    for (account, role) in all.into_iter().take(SHOWN) {
        let (caller, _) = hub.as_member(member, account.id).await?;
        rows.push(row(hub, (account, role), &caller, &mut hours).await?);
    }
    let sum = |of: fn(&Row) -> i64| rows.iter().map(of).sum();
    let health = match hub.store().ready().await {
        Ok(()) => "The server and its store are well.",
        Err(_) => "The store does not answer in time.",
    };
    page(&OverviewPage {
        shell: visit.shell("Overview", "overview")?,
        health,
        contacts: sum(|row| row.contacts),
        messages: sum(|row| row.messages),
        waiting: sum(|row| row.waiting.unwrap_or_default()),
        received: sum(|row| row.received),
        sent: sum(|row| row.sent),
        chart: chart(&hours),
        accounts: rows,
    })
}

async fn row(
    hub: &Hub,
    (account, role): (AccountView, Role),
    caller: &Caller,
    hours: &mut [Hour],
) -> Result<Row, Oops> {
    let traffic = hub.traffic(&caller.permit::<MessagesRead>()?).await?;
    for (sum, hour) in hours.iter_mut().zip(&traffic) {
        *sum = Hour { hour: hour.hour, received: sum.received + hour.received, sent: sum.sent + hour.sent };
    }
    let hook = match caller.permit::<UpdatesRead>() {
        Ok(permit) => Some(hub.webhook_info(&permit).await?),
        Err(Error::Lacks(_)) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Row {
        id: account.id,
        name: account.name,
        username: account.username,
        role,
        contacts: account.contacts,
        messages: account.messages,
        received: traffic.iter().map(|hour| hour.received).sum(),
        sent: traffic.iter().map(|hour| hour.sent).sum(),
        consumer: match &hook {
            None => "–",
            Some(hook) if hook.url.is_empty() => "getUpdates",
            Some(_) => "webhook",
        },
        waiting: hook.as_ref().map(|hook| hook.pending_update_count),
        trouble: hook.and_then(|hook| hook.last_error_message),
    })
}

/// Bars of received and sent messages, an hour each: received stand on sent.
fn chart(hours: &[Hour]) -> String {
    const WIDE: i64 = 960;
    const HIGH: i64 = 160;
    let top = hours.iter().map(|hour| hour.received + hour.sent).max().unwrap_or_default().max(1);
    let step = WIDE / HOURS;
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDE} {}\" role=\"img\" aria-label=\"Messages received and sent by the hour, at most {top}\">",
        HIGH + 24
    );
    for (at, hour) in (0_i64..).zip(hours) {
        let high = |count: i64| count * (HIGH - 14) / top;
        let (sent, x) = (high(hour.sent), at * step + 4);
        let received = high(hour.received + hour.sent) - sent;
        let clock = hour.hour.rem_euclid(24);
        let _ = write!(
            svg,
            "<g><title>{clock:02}:00 UTC: {} received, {} sent</title>\
             <rect class=\"out\" x=\"{x}\" y=\"{}\" width=\"{w}\" height=\"{sent}\" rx=\"2\"/>\
             <rect class=\"in\" x=\"{x}\" y=\"{}\" width=\"{w}\" height=\"{received}\" rx=\"2\"/></g>",
            hour.received,
            hour.sent,
            HIGH - sent,
            HIGH - sent - received,
            w = step - 8,
        );
        if at % 3 == 0 {
            let _ = write!(
                svg,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{clock:02}:00</text>",
                x + step / 2 - 4,
                HIGH + 18
            );
        }
    }
    let _ = write!(
        svg,
        "<line x1=\"0\" y1=\"{HIGH}\" x2=\"{WIDE}\" y2=\"{HIGH}\"/><text x=\"0\" y=\"10\">{top}</text></svg>"
    );
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_hour_fills_the_chart_and_no_hour_leaves_it() {
        let hours = [Hour { hour: 5, received: 30, sent: 10 }, Hour { hour: 6, received: 0, sent: 0 }];
        let svg = chart(&hours);
        assert!(svg.contains("05:00 UTC: 30 received, 10 sent") && svg.contains("at most 40"), "{svg}");
        assert!(svg.contains("y=\"14\"") && !svg.contains("=\"-"), "{svg}");
        assert!(chart(&[Hour::default()]).contains("height=\"0\""));
    }
}

//! getUpdates against a model over TCP, with real restarts and kills: the short form of the sequences that
//! the hub's own tests run by the thousand.

use contactgram_testkit::{Options, TestServer, json};

use super::{ids, poll};

/// Numbers that look random and are the same in each run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % sides) as i64
    }
}

#[tokio::test]
async fn getupdates_never_differs_from_its_model_over_tcp() {
    let mut server = TestServer::start(Options::default()).await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    for seed in 0..4 {
        let mut dice = Dice(seed);
        let shop = server.account("Shop").await;
        ann.write(shop.id, "first").await;
        let mut next = ids(&poll(&shop, json!({})).await)[0] + 1;
        let mut unconfirmed = vec![next - 1];
        let mut has_webhook = false;
        for step in 0..60 {
            let at = format!("seed {seed}, step {step}");
            match dice.roll(40) {
                0..16 => {
                    ann.write(shop.id, "hello").await;
                    unconfirmed.push(next);
                    next += 1;
                }
                16..36 if !has_webhook => {
                    let limit = dice.roll(4) + 1;
                    let head = unconfirmed.first().copied().unwrap_or(next);
                    let offset = match dice.roll(7) {
                        0 => 0,
                        1 => 1,
                        2 => head + dice.roll(5) - 1,
                        3 => next + dice.roll(14) - 2,
                        4 => next - 200_001,
                        5 => i64::from(i32::MAX),
                        _ => -dice.roll(6) - 1,
                    };
                    let answer = ids(&poll(&shop, json!({"offset": offset, "limit": limit})).await);
                    if offset < 0 {
                        let passed = unconfirmed.len().saturating_sub(offset.unsigned_abs() as usize);
                        unconfirmed.drain(..passed);
                    } else if offset <= next + 10 && offset >= next - 200_000 {
                        unconfirmed.retain(|id| *id >= offset);
                    }
                    let shown = &unconfirmed[..unconfirmed.len().min(limit as usize)];
                    assert_eq!(answer, shown, "{at}: offset {offset}, next {next}");
                }
                36 => {
                    // A port that nobody listens at: nothing is delivered.
                    let body =
                        json!({"url": "http://127.0.0.1:9/", "drop_pending_updates": dice.roll(2) == 0});
                    if body["drop_pending_updates"] == true {
                        unconfirmed.clear();
                    }
                    shop.bot().call("setWebhook", body).await.result();
                    has_webhook = true;
                }
                37 => {
                    shop.bot().call("deleteWebhook", json!({})).await.result();
                    has_webhook = false;
                }
                38 => server.restart().await,
                39 => {
                    server.kill().await;
                    server.start_again().await;
                }
                _ => {}
            }
            let info = shop.bot().call("getWebhookInfo", json!({})).await.result();
            assert_eq!(info["pending_update_count"], unconfirmed.len(), "{at}");
        }
    }
}

//! The counts of requests and of the time they took, and the text that Prometheus reads. The door counts,
//! `ops` serves the text. Counting a request of the API is a few atomic additions: no label is made, no
//! lock taken, and nothing grows with the number of requests.

use crate::routes::Route;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds, in microseconds, and as Prometheus wants them, in seconds.
const BUCKETS: [(u64, &str); 12] = [
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (1_000_000, "1"),
    (5_000_000, "5"),
    (50_000_000, "50"),
];
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// All counts of one server.
pub(crate) struct Counts {
    api: [Series; Route::COUNT],
    /// Routes beside the API: rare, and few. A path as it came is never a key here.
    others: Mutex<BTreeMap<String, Arc<Series>>>,
}

/// What one route did.
#[derive(Default)]
struct Series {
    classes: [AtomicU64; CLASSES.len()],
    buckets: [AtomicU64; BUCKETS.len()],
    took_us: AtomicU64,
}

impl Default for Counts {
    fn default() -> Counts {
        Counts { api: std::array::from_fn(|_| Series::default()), others: Mutex::default() }
    }
}

impl Counts {
    /// Counts a request of the API.
    pub fn count(&self, route: Route, code: u16, took: Duration) {
        self.api[route.index()].count(code, took);
    }

    /// Counts another request.
    pub fn count_other(&self, route: &str, code: u16, took: Duration) {
        let series = {
            let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
            match others.get(route) {
                Some(series) => Arc::clone(series),
                None => Arc::clone(others.entry(route.to_owned()).or_default()),
            }
        };
        series.count(code, took);
    }

    /// The text form of Prometheus, version 0.0.4.
    pub fn render(&self) -> String {
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let api = self.api.iter().enumerate().map(|(index, series)| (Route::label(index), series));
        let all = api.chain(others.iter().map(|(label, series)| (label.as_str(), &**series)));
        let used: Vec<_> = all.filter(|(_, series)| series.total() > 0).collect();
        let mut text = String::from("# TYPE contactgram_requests_total counter\n");
        for (label, series) in &used {
            for (class, count) in CLASSES.iter().zip(&series.classes) {
                let count = count.load(Relaxed);
                if count > 0 {
                    line(
                        &mut text,
                        "requests_total",
                        format_args!("route=\"{label}\",code=\"{class}\""),
                        count,
                    );
                }
            }
        }
        text.push_str("\n# TYPE contactgram_request_seconds histogram\n");
        for (label, series) in &used {
            let mut below = 0;
            for ((_, bound), count) in BUCKETS.iter().zip(&series.buckets) {
                below += count.load(Relaxed);
                line(
                    &mut text,
                    "request_seconds_bucket",
                    format_args!("route=\"{label}\",le=\"{bound}\""),
                    below,
                );
            }
            // What was counted between the two reads belongs to the next one.
            let total = series.total().max(below);
            let seconds = series.took_us.load(Relaxed) as f64 / 1e6;
            let labels = format_args!("route=\"{label}\"");
            line(&mut text, "request_seconds_bucket", format_args!("{labels},le=\"+Inf\""), total);
            line(&mut text, "request_seconds_sum", labels, seconds);
            line(&mut text, "request_seconds_count", labels, total);
        }
        text
    }
}

impl Series {
    fn count(&self, code: u16, took: Duration) {
        let class = match code {
            ..300 => 0,
            300..400 => 1,
            400..500 => 2,
            _ => 3,
        };
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.classes[class].fetch_add(1, Relaxed);
        self.took_us.fetch_add(us, Relaxed);
        if let Some(bucket) = BUCKETS.iter().position(|(bound, _)| us <= *bound) {
            self.buckets[bucket].fetch_add(1, Relaxed);
        }
    }

    fn total(&self) -> u64 {
        self.classes.iter().map(|count| count.load(Relaxed)).sum()
    }
}

fn line(text: &mut String, name: &str, labels: std::fmt::Arguments<'_>, value: impl std::fmt::Display) {
    // Writing to a String can't fail.
    let _ = writeln!(text, "contactgram_{name}{{{labels}}} {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_every_count_in_its_series() {
        let counts = Counts::default();
        assert!(!counts.render().contains('{'), "nothing was counted yet");
        let route = Route::find("/v1/contacts/5").unwrap();
        counts.count(route, 200, Duration::from_micros(400));
        counts.count(route, 404, Duration::from_millis(3));
        counts.count_other("none", 404, Duration::from_secs(60));
        let text = counts.render();
        let one = "contactgram_request_seconds_bucket{route=\"/v1/contacts/{contact_id}\"";
        for line in [
            "contactgram_requests_total{route=\"/v1/contacts/{contact_id}\",code=\"2xx\"} 1".to_owned(),
            "contactgram_requests_total{route=\"/v1/contacts/{contact_id}\",code=\"4xx\"} 1".to_owned(),
            "contactgram_requests_total{route=\"none\",code=\"4xx\"} 1".to_owned(),
            format!("{one},le=\"0.0005\"}} 1"),
            format!("{one},le=\"0.0025\"}} 1"),
            format!("{one},le=\"0.005\"}} 2"),
            format!("{one},le=\"+Inf\"}} 2"),
            "contactgram_request_seconds_sum{route=\"/v1/contacts/{contact_id}\"} 0.0034".to_owned(),
            "contactgram_request_seconds_count{route=\"/v1/contacts/{contact_id}\"} 2".to_owned(),
            "contactgram_request_seconds_bucket{route=\"none\",le=\"50\"} 0".to_owned(),
            "contactgram_request_seconds_bucket{route=\"none\",le=\"+Inf\"} 1".to_owned(),
        ] {
            assert!(text.lines().any(|have| have == line), "{line}\n{text}");
        }
    }
}

//! The counts of requests and of the time they took. The door counts. Counting a request of the API is a few atomic additions: no
//! label is made, no lock taken once a series has begun, and nothing grows with the number of requests.

use super::page::Page;
use crate::botapi;
use crate::routes::{Place, Route};
use contactgram_model::measure::{Counter, Gauge, Histogram};
use http::Method;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Microseconds.
static TIMES: [u64; 13] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000,
    50_000_000,
];
/// Statuses that are counted each by itself, rising. What a bot's upstream answers may be any other.
const CODES: [(u16, &str); 29] = [
    (200, "200"),
    (201, "201"),
    (202, "202"),
    (204, "204"),
    (206, "206"),
    (301, "301"),
    (302, "302"),
    (303, "303"),
    (304, "304"),
    (400, "400"),
    (401, "401"),
    (403, "403"),
    (404, "404"),
    (405, "405"),
    (408, "408"),
    (409, "409"),
    (410, "410"),
    (412, "412"),
    (413, "413"),
    (415, "415"),
    (416, "416"),
    (422, "422"),
    (429, "429"),
    (431, "431"),
    (500, "500"),
    (501, "501"),
    (502, "502"),
    (503, "503"),
    (504, "504"),
];
const VERBS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "other"];

/// Places of the API: its routes, and each method of the Bot API by itself.
const PLACES: usize = Route::COUNT + 2 * botapi::COUNT;

/// All counts of one server.
pub(crate) struct Requests {
    /// By place and verb.
    api: Box<[OnceLock<Box<Series>>]>,
    /// Routes beside the API: rare, and few. A path as it came is never a key here.
    others: Mutex<BTreeMap<(String, usize), Arc<Series>>>,
    in_flight: Gauge,
}

/// Which of the API's counts a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot(usize);

impl Spot {
    /// Of a request for this path, which is the route's.
    pub fn of(route: Route, path: &str) -> Spot {
        let method = match route.place {
            Place::Method => botapi::number(path.rsplit('/').next().unwrap_or_default()),
            _ => None,
        };
        Spot(match method {
            Some(number) => Route::COUNT + 2 * number + usize::from(route.has_token),
            None => route.index(),
        })
    }

    fn label(self) -> String {
        match self.0.checked_sub(Route::COUNT) {
            None => Route::label(self.0).to_owned(),
            Some(method) => {
                let prefix = if method % 2 == 1 { "/bot{token}" } else { "/v1" };
                format!("{prefix}/{}", botapi::name(method / 2))
            }
        }
    }
}

/// A request that is being answered, until this is dropped.
pub(crate) struct InFlight<'r>(&'r Gauge);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.down();
    }
}

/// What one route did for one verb.
struct Series {
    codes: [Counter; CODES.len()],
    other: Counter,
    took: Histogram<13>,
}

impl Default for Series {
    fn default() -> Series {
        Series {
            codes: [const { Counter::new() }; CODES.len()],
            other: Counter::new(),
            took: Histogram::new(&TIMES),
        }
    }
}

impl Series {
    fn count(&self, code: u16, took: Duration) {
        let known = CODES.binary_search_by_key(&code, |(code, _)| *code);
        known.map_or(&self.other, |known| &self.codes[known]).one();
        self.took.note_time(took);
    }
}

impl Default for Requests {
    fn default() -> Requests {
        let api = (0..PLACES * VERBS.len()).map(|_| OnceLock::new()).collect();
        Requests { api, others: Mutex::default(), in_flight: Gauge::default() }
    }
}

impl Requests {
    /// A request came.
    pub fn enter(&self) -> InFlight<'_> {
        self.in_flight.up();
        InFlight(&self.in_flight)
    }

    /// Counts a request of the API.
    pub fn count(&self, spot: Spot, verb: &Method, (code, took): (u16, Duration)) {
        if let Some(series) = self.api.get(spot.0 * VERBS.len() + number(verb)) {
            series.get_or_init(Box::default).count(code, took);
        }
    }

    /// Counts another request.
    pub fn count_other(&self, route: &str, verb: &Method, (code, took): (u16, Duration)) {
        let series = {
            let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(others.entry((route.to_owned(), number(verb))).or_default())
        };
        series.count(code, took);
    }

    pub(super) fn render(&self, page: &mut Page) {
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let api = self.api.iter().enumerate().filter_map(|(index, series)| {
            let (spot, verb) = (Spot(index / VERBS.len()), index % VERBS.len());
            Some((spot.label(), verb, &**series.get()?))
        });
        let others = others.iter().map(|((label, verb), series)| (label.clone(), *verb, &**series));
        let all: Vec<(String, usize, &Series)> = api.chain(others).collect();

        let mut total =
            page.counter("contactgram_http_requests_total", "Requests that were answered, by route.");
        for (route, verb, series) in &all {
            let known = CODES.iter().map(|(_, code)| *code).zip(&series.codes);
            for (code, count) in known.chain([("other", &series.other)]) {
                if count.get() > 0 {
                    let labels = [("route", route.as_str()), ("method", VERBS[*verb]), ("code", code)];
                    total.has(&labels, count.get());
                }
            }
        }
        let mut took = page.histogram(
            "contactgram_http_request_duration_seconds",
            "Time from a request's head to its answer's; getUpdates and streams wait on purpose.",
        );
        for (route, verb, series) in &all {
            took.spreads(&[("route", route), ("method", VERBS[*verb])], &series.took.snapshot(), 1e6);
        }
        page.gauge("contactgram_http_requests_in_flight", "Requests being answered, waiting getUpdates too.")
            .is(self.in_flight.get());
    }
}

fn number(verb: &Method) -> usize {
    match *verb {
        Method::GET => 0,
        Method::POST => 1,
        Method::PUT => 2,
        Method::PATCH => 3,
        Method::DELETE => 4,
        Method::HEAD => 5,
        Method::OPTIONS => 6,
        _ => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(requests: &Requests) -> String {
        let mut page = Page::default();
        requests.render(&mut page);
        page.text()
    }

    fn spot(path: &str) -> Spot {
        Spot::of(Route::find(path).unwrap(), path)
    }

    #[test]
    fn the_text_has_every_count_in_its_series() {
        let requests = Requests::default();
        assert!(!text(&requests).contains('{'), "nothing was counted yet");
        let (get, post) = (Method::GET, Method::POST);
        requests.count(spot("/v1/contacts/5"), &get, (200, Duration::from_micros(400)));
        requests.count(spot("/v1/contacts/5"), &get, (404, Duration::from_millis(3)));
        requests.count(spot("/bot1:x/sendMessage"), &post, (200, Duration::from_millis(1)));
        requests.count(spot("/bot1:x/sendInvoice"), &post, (418, Duration::from_millis(1)));
        requests.count_other("none", &get, (404, Duration::from_secs(60)));
        let here = requests.enter();
        let text_now = text(&requests);
        drop(here);
        let one = "contactgram_http_request_duration_seconds";
        let contact = "route=\"/v1/contacts/{contact_id}\",method=\"GET\"";
        for line in [
            format!("contactgram_http_requests_total{{{contact},code=\"200\"}} 1"),
            format!("contactgram_http_requests_total{{{contact},code=\"404\"}} 1"),
            "contactgram_http_requests_total{route=\"/bot{token}/sendmessage\",method=\"POST\",code=\"200\"} 1".to_owned(),
            "contactgram_http_requests_total{route=\"/bot{token}/{method}\",method=\"POST\",code=\"other\"} 1".to_owned(),
            "contactgram_http_requests_total{route=\"none\",method=\"GET\",code=\"404\"} 1".to_owned(),
            format!("{one}_bucket{{{contact},le=\"0.0005\"}} 1"),
            format!("{one}_bucket{{{contact},le=\"0.005\"}} 2"),
            format!("{one}_bucket{{{contact},le=\"+Inf\"}} 2"),
            format!("{one}_sum{{{contact}}} 0.0034"),
            format!("{one}_count{{{contact}}} 2"),
            format!("{one}_bucket{{route=\"none\",method=\"GET\",le=\"50\"}} 0"),
            format!("{one}_bucket{{route=\"none\",method=\"GET\",le=\"+Inf\"}} 1"),
            "contactgram_http_requests_in_flight 1".to_owned(),
        ] {
            assert!(text_now.lines().any(|have| have == line), "{line}\n{text_now}");
        }
        assert!(text(&requests).contains("contactgram_http_requests_in_flight 0\n"));
    }

    #[test]
    fn statuses_rise_so_that_they_are_found() {
        assert!(CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(CODES.iter().all(|(code, text)| code.to_string() == *text));
    }

    #[test]
    fn each_place_has_a_label_of_its_own() {
        let mut labels: Vec<String> = (0..PLACES).map(|place| Spot(place).label()).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), PLACES);
    }
}

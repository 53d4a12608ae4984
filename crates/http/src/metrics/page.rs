//! The text that Prometheus reads, version 0.0.4: families with their help and type, samples with their labels. The other files
//! of this folder write into it. It knows no metric.

use contactgram_model::measure::Snapshot;
use std::fmt::{Display, Write as _};

/// The `Content-Type` of a [`Page`].
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A page that is being written.
#[derive(Default)]
pub(super) struct Page(String);

/// Labels of a sample: names and values.
pub(super) type Labels<'l> = &'l [(&'l str, &'l str)];

/// A metric whose samples follow.
pub(super) struct Family<'p> {
    page: &'p mut String,
    name: &'static str,
}

impl Page {
    /// What only grows; the name ends with `_total`.
    pub fn counter(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "counter", help)
    }

    /// What goes up and down.
    pub fn gauge(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "gauge", help)
    }

    /// How large things were; the name ends with the unit.
    pub fn histogram(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "histogram", help)
    }

    /// All of it.
    pub fn text(self) -> String {
        self.0
    }

    fn family(&mut self, name: &'static str, kind: &str, help: &str) -> Family<'_> {
        // Writing to a String can't fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        Family { page: &mut self.0, name }
    }
}

impl Family<'_> {
    /// The only sample, without labels.
    pub fn is(&mut self, value: impl Display) {
        self.sample("", &[], value);
    }

    /// One sample.
    pub fn has(&mut self, labels: Labels<'_>, value: impl Display) {
        self.sample("", labels, value);
    }

    /// A distribution: `unit` of its values are one of the metric's.
    pub fn spreads(&mut self, labels: Labels<'_>, seen: &Snapshot, unit: f64) {
        let mut below = 0;
        for (bound, count) in seen.bounds.iter().zip(&seen.counts) {
            below += count;
            let bound = (*bound as f64 / unit).to_string();
            self.sample("_bucket", &[labels, &[("le", &bound)]].concat(), below);
        }
        let all = below + seen.beyond;
        self.sample("_bucket", &[labels, &[("le", "+Inf")]].concat(), all);
        self.sample("_sum", labels, seen.sum as f64 / unit);
        self.sample("_count", labels, all);
    }

    fn sample(&mut self, suffix: &str, labels: Labels<'_>, value: impl Display) {
        let (page, name) = (&mut *self.page, self.name);
        let _ = write!(page, "{name}{suffix}");
        for (place, (label, value)) in labels.iter().enumerate() {
            let _ = write!(page, "{}{label}=\"", if place == 0 { '{' } else { ',' });
            for letter in value.chars() {
                match letter {
                    '\\' => page.push_str("\\\\"),
                    '"' => page.push_str("\\\""),
                    '\n' => page.push_str("\\n"),
                    letter => page.push(letter),
                }
            }
            page.push('"');
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(page, "{end} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contactgram_model::measure::Histogram;

    #[test]
    fn a_page_has_families_with_their_samples() {
        static BOUNDS: [u64; 2] = [500, 2_500_000];
        let times = Histogram::new(&BOUNDS);
        [400, 600, 9_000_000].into_iter().for_each(|took| times.note(took));
        let mut page = Page::default();
        page.gauge("up_high", "How high.").is(3);
        let mut named = page.counter("seen_total", "What was seen.");
        named.has(&[("who", "a\"b\\c\nd"), ("where", "x")], 1.5);
        named.has(&[("who", "")], 2);
        page.histogram("took_seconds", "How long.").spreads(&[("at", "x")], &times.snapshot(), 1e6);
        let expected = "\
# HELP up_high How high.
# TYPE up_high gauge
up_high 3
# HELP seen_total What was seen.
# TYPE seen_total counter
seen_total{who=\"a\\\"b\\\\c\\nd\",where=\"x\"} 1.5
seen_total{who=\"\"} 2
# HELP took_seconds How long.
# TYPE took_seconds histogram
took_seconds_bucket{at=\"x\",le=\"0.0005\"} 1
took_seconds_bucket{at=\"x\",le=\"2.5\"} 2
took_seconds_bucket{at=\"x\",le=\"+Inf\"} 3
took_seconds_sum{at=\"x\"} 9.001
took_seconds_count{at=\"x\"} 3
";
        assert_eq!(page.text(), expected);
    }
}

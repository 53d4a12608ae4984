//! A server's metrics as these tests read them: samples by name and labels. Any parser of the text form would do; another one, which
//! nobody here wrote, reads the same page in `tests/compat/python`.

use contactgram_testkit::{Client, Engine, TestServer};
use std::collections::{BTreeMap, BTreeSet};

use super::with_metrics;
use crate::gateway::kit::until;

/// A server and where its metrics are.
pub struct Watched {
    pub server: TestServer,
    metrics: Client,
}

/// What one look at them showed.
#[derive(Debug)]
pub struct Scrape {
    pub text: String,
    samples: Vec<Sample>,
}

#[derive(Debug)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Watched {
    /// None where there is no PostgreSQL to test with.
    pub async fn start(engine: Engine) -> Option<Watched> {
        let (options, metrics) = with_metrics(engine);
        let server = TestServer::start_if_possible(options).await?;
        Some(Watched { server, metrics: Client::new(metrics) })
    }

    pub async fn scrape(&self) -> Scrape {
        let answer = self.metrics.get("metrics").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        Scrape::read(answer.text)
    }

    /// Looks until it is as it should be, and returns that look.
    pub async fn until(&self, is_so: impl Fn(&Scrape) -> bool) -> Scrape {
        until(async || Some(self.scrape().await).filter(&is_so)).await
    }

    /// Looks until a sample has this value.
    pub async fn until_is(&self, name: &str, labels: &[(&str, &str)], value: f64) -> Scrape {
        self.until(|scrape| scrape.value(name, labels) == value).await
    }
}

impl Scrape {
    fn read(text: String) -> Scrape {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let samples = lines.map(|line| sample(line).unwrap_or_else(|| panic!("no sample: {line}"))).collect();
        Scrape { text, samples }
    }

    /// The sum of all samples of this name that have these labels; 0 where there is none.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let matches = |sample: &&Sample| {
            let has = |(label, value): &(&str, &str)| sample.labels.get(*label).is_some_and(|is| is == value);
            sample.name == name && labels.iter().all(has)
        };
        self.samples.iter().filter(matches).map(|sample| sample.value).sum()
    }

    /// Whether there is any sample of this name.
    pub fn has(&self, name: &str) -> bool {
        self.samples.iter().any(|sample| sample.name == name)
    }

    /// The labels of each family that has a sample, those of a histogram's buckets left out.
    pub fn labels(&self) -> BTreeMap<&str, BTreeSet<String>> {
        let families = self.families();
        let mut labels: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for sample in &self.samples {
            let of_histogram =
                |end: &&str| sample.name.ends_with(*end) && !families.contains_key(&*sample.name);
            let end = ["_bucket", "_sum", "_count"].into_iter().find(of_histogram).unwrap_or_default();
            let name = &sample.name[..sample.name.len() - end.len()];
            let named = sample.labels.keys().filter(|label| *label != "le").cloned();
            labels.entry(name).or_default().extend(named);
        }
        labels
    }

    /// The families: name and type.
    pub fn families(&self) -> BTreeMap<&str, &str> {
        self.text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect()
    }
}

fn sample(line: &str) -> Option<Sample> {
    let (head, value) = line.rsplit_once(' ')?;
    let (name, labels) = match head.split_once('{') {
        None => (head, BTreeMap::new()),
        Some((name, labels)) => {
            let pairs = labels.strip_suffix("\"}")?.split("\",");
            let pairs = pairs.map(|pair| pair.split_once("=\""));
            let owned = |(label, value): (&str, &str)| (label.to_owned(), value.to_owned());
            (name, pairs.map(|pair| pair.map(owned)).collect::<Option<_>>()?)
        }
    };
    Some(Sample { name: name.to_owned(), labels, value: value.parse().ok()? })
}

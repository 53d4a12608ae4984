//! What was measured, as a Markdown table or JSON: medians over the rounds, and the goals with the ratio that
//! each is about. Ratios are taken within a round, where both sides had the same machine. It decides nothing.

use std::fmt::Write as _;

use serde::Serialize;

use crate::Failed;
use crate::ops::Operation;
use crate::run::Settings;

/// One measurement of one contestant.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Round {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_us: Option<f64>,
    /// Processor time of the server's process, in microseconds a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_us: Option<f64>,
    /// The share of the machine that neither the server nor the load generator used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign: Option<f64>,
    /// Memory, of what the operation is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kib: Option<f64>,
}

/// One contestant's rounds.
#[derive(Debug, Serialize)]
pub struct Entry {
    pub operation: &'static str,
    pub name: String,
    pub rounds: Vec<Round>,
}

/// What a goal is about.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    PerSecond,
    P50,
    P99,
    Cpu,
    Memory,
}

/// A goal: a ratio to a contestant, or a figure by itself.
#[derive(Clone, Debug)]
pub struct Goal {
    pub measure: Measure,
    /// The contestant that it is a ratio to.
    pub against: Option<&'static str>,
    pub goal: f64,
    pub stretch: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Verdict {
    operation: &'static str,
    measure: Measure,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<&'static str>,
    value: f64,
    goal: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    stretch: Option<f64>,
    met: bool,
}

/// Everything that one run found.
#[derive(Serialize)]
pub struct Report {
    conditions: String,
    entries: Vec<Entry>,
    goals: Vec<Verdict>,
    failures: Vec<String>,
}

impl Measure {
    fn of(self, round: &Round) -> Option<f64> {
        match self {
            Measure::PerSecond => round.per_second,
            Measure::P50 => round.p50_us,
            Measure::P99 => round.p99_us,
            Measure::Cpu => round.cpu_us,
            Measure::Memory => round.kib,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Measure::PerSecond => "throughput",
            Measure::P50 => "p50",
            Measure::P99 => "p99",
            Measure::Cpu => "CPU a request",
            Measure::Memory => "memory",
        }
    }

    fn shown(self, value: f64) -> String {
        match self {
            Measure::PerSecond => format!("{value:.0}/s"),
            Measure::P50 | Measure::P99 => format!("{:.2} ms", value / 1000.0),
            Measure::Cpu => format!("{value:.1} µs"),
            Measure::Memory if value > 4096.0 => format!("{:.1} MiB", value / 1024.0),
            Measure::Memory => format!("{value:.1} KiB"),
        }
    }

    /// Whether more is better.
    fn grows(self) -> bool {
        matches!(self, Measure::PerSecond)
    }
}

impl Goal {
    /// A ratio to a contestant that must not be passed, or for throughput must be reached.
    pub fn ratio(measure: Measure, against: &'static str, goal: f64, stretch: Option<f64>) -> Goal {
        Goal { measure, against: Some(against), goal, stretch }
    }

    /// A figure of its own, in the measure's unit.
    pub fn figure(measure: Measure, goal: f64, stretch: Option<f64>) -> Goal {
        Goal { measure, against: None, goal, stretch }
    }
}

impl Report {
    pub fn new(settings: &Settings) -> Report {
        let Settings { engine, contacts, messages, rounds, seconds, connections, .. } = settings;
        // A URL may carry a password.
        let engine = if engine == "sqlite" { "SQLite, synchronous=FULL" } else { "PostgreSQL" };
        let conditions = format!(
            "{engine}; {contacts} contacts, {messages} messages; {connections} connections; \
             {rounds} rounds of {seconds} s in alternation, medians"
        );
        Report { conditions, entries: Vec::new(), goals: Vec::new(), failures: Vec::new() }
    }

    /// Takes what an operation found; the goals are those of the entry named `ours`.
    pub fn add(&mut self, operation: Operation, entries: Vec<(String, Vec<Round>)>, goals: &[Goal]) {
        let operation = operation.name();
        let rounds_of =
            |name: &str| entries.iter().find(|(other, _)| other == name).map(|(_, rounds)| rounds);
        for goal in goals {
            let Some(ours) = rounds_of(OURS) else { continue };
            let value = match goal.against {
                None => median(ours.iter().filter_map(|round| goal.measure.of(round))),
                Some(other) => rounds_of(other).and_then(|theirs| ratio(goal.measure, ours, theirs)),
            };
            let Some(value) = value else { continue };
            let met = if goal.measure.grows() { value >= goal.goal } else { value <= goal.goal };
            let Goal { measure, against, goal, stretch } = goal.clone();
            self.goals.push(Verdict { operation, measure, against, value, goal, stretch, met });
        }
        let entries = entries.into_iter().map(|(name, rounds)| Entry { operation, name, rounds });
        self.entries.extend(entries);
    }

    pub fn failed(&mut self, operation: Operation, why: &Failed) {
        self.failures.push(format!("{}: {why}", operation.name()));
    }

    pub fn is_complete(&self) -> bool {
        self.failures.is_empty()
    }

    pub fn json(&self) -> Result<String, Failed> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    pub fn markdown(&self) -> String {
        let mut text = format!("{}\n\n", self.conditions);
        text.push_str(
            "| operation | who | requests/s | p50 | p99 | CPU a request | memory | foreign CPU |\n",
        );
        text.push_str("|---|---|---:|---:|---:|---:|---:|---:|\n");
        for entry in &self.entries {
            let _ = write!(text, "| {} | {} |", entry.operation, entry.name);
            for measure in [Measure::PerSecond, Measure::P50, Measure::P99, Measure::Cpu, Measure::Memory] {
                let value = median(entry.rounds.iter().filter_map(|round| measure.of(round)));
                let _ = write!(text, " {} |", value.map(|value| measure.shown(value)).unwrap_or_default());
            }
            let foreign = median(entry.rounds.iter().filter_map(|round| round.foreign));
            let _ =
                writeln!(text, " {} |", foreign.map(|f| format!("{:.0} %", f * 100.0)).unwrap_or_default());
        }
        text.push_str("\n| operation | goal | stretch | measured | met |\n|---|---|---|---:|---|\n");
        for verdict in &self.goals {
            let shown = |value: f64| match verdict.against {
                Some(_) => format!("{value:.2}×"),
                None => verdict.measure.shown(value),
            };
            let sign = if verdict.measure.grows() { "≥" } else { "≤" };
            let against = verdict.against.map(|other| format!(" of {other}")).unwrap_or_default();
            let _ = writeln!(
                text,
                "| {} | {} {sign} {}{against} | {} | {} | {} |",
                verdict.operation,
                verdict.measure.words(),
                shown(verdict.goal),
                verdict.stretch.map(|stretch| format!("{sign} {}", shown(stretch))).unwrap_or_default(),
                shown(verdict.value),
                if verdict.met { "yes" } else { "**no**" },
            );
        }
        for failure in &self.failures {
            let _ = writeln!(text, "\nNot measured: {failure}");
        }
        text
    }
}

/// The name of the server itself among the entries.
pub const OURS: &str = "contactgram";

/// The median of the ratios round by round.
fn ratio(measure: Measure, ours: &[Round], theirs: &[Round]) -> Option<f64> {
    let pairs = ours.iter().zip(theirs);
    median(pairs.filter_map(|(ours, theirs)| Some(measure.of(ours)? / measure.of(theirs)?)))
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => None,
        count if count % 2 == 1 => Some(values[count / 2]),
        count => Some((values[count / 2 - 1] + values[count / 2]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(per_second: [f64; 3], cpu_us: [f64; 3]) -> Vec<Round> {
        let pairs = per_second.into_iter().zip(cpu_us);
        pairs
            .map(|(per_second, cpu_us)| Round {
                per_second: Some(per_second),
                cpu_us: Some(cpu_us),
                ..Round::default()
            })
            .collect()
    }

    fn report() -> Report {
        let (entries, goals) = (Vec::new(), Vec::new());
        Report { conditions: "Somewhere".to_owned(), entries, goals, failures: Vec::new() }
    }

    #[test]
    fn a_ratio_is_that_of_the_rounds_and_not_of_noise_between_them() {
        // A machine twice as slow in the second round is so for both.
        let ours = rounds([10.0, 5.0, 10.0], [4.0, 8.0, 4.0]);
        let theirs = rounds([20.0, 10.0, 20.0], [2.0, 4.0, 2.0]);
        assert_eq!(ratio(Measure::PerSecond, &ours, &theirs), Some(0.5));
        assert_eq!(ratio(Measure::Cpu, &ours, &theirs), Some(2.0));
    }

    #[test]
    fn a_missed_goal_is_told_as_missed() {
        let mut report = report();
        let entries = vec![
            ("hyper".to_owned(), rounds([100.0; 3], [7.0; 3])),
            (OURS.to_owned(), rounds([60.0; 3], [14.0; 3])),
        ];
        let goals = [
            Goal::ratio(Measure::Cpu, "hyper", 2.5, Some(2.0)),
            Goal::ratio(Measure::PerSecond, "hyper", 0.7, None),
        ];
        report.add(Operation::Get, entries, &goals);
        let text = report.markdown();
        assert!(text.contains("| get | CPU a request ≤ 2.50× of hyper | ≤ 2.00× | 2.00× | yes |"), "{text}");
        assert!(text.contains("| get | throughput ≥ 0.70× of hyper |  | 0.60× | **no** |"), "{text}");
    }

    #[test]
    fn what_could_not_be_measured_is_said() {
        let mut report = report();
        report.failed(Operation::Post, &"no room on the disk".into());
        assert!(!report.is_complete());
        assert!(report.markdown().contains("Not measured: post: no room on the disk"));
    }
}

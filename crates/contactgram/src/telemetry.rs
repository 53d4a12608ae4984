//! Logs: text or JSON lines on standard error, and a panic hook that logs. Set up once, by `main`.
//! Nothing here logs a request's content, and libraries are heard from warnings up only: below, some of
//! them print headers, parameters and notices of the database.

use std::any::Any;
use std::fmt as text;
use std::panic;

use contactgram_http::server::in_hand;
use tracing::level_filters::LevelFilter;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt as _, FilterFn, filter_fn};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, format};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::config::LogFormat;

/// Starts logging with these directives.
///
/// # Errors
/// Directives that can't be read; the configuration has refused those before.
pub fn start(directives: &str, format: LogFormat) -> Result<(), String> {
    let subscriber = subscriber(directives, format, std::io::stderr)?;
    // A second start in one process, as in tests, keeps the first.
    if subscriber.try_init().is_ok() {
        panic::set_hook(Box::new(log_panic));
    }
    Ok(())
}

fn subscriber<W>(
    directives: &str,
    log_format: LogFormat,
    writer: W,
) -> Result<impl Subscriber + Send + Sync, String>
where
    W: for<'w> fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder().parse(directives).map_err(|error| format!("log: {error}"))?;
    // With a hint, or each event that is below the level would be made before it is thrown away.
    let ours: FilterFn<_> = filter_fn(is_ours_or_a_warning).with_max_level_hint(LevelFilter::TRACE);
    let filter = filter.and(ours);
    let lines = fmt::layer().with_writer(writer).with_ansi(false);
    let layer = match log_format {
        LogFormat::Text => {
            let shape = Named { shape: format().with_ansi(false), log_format };
            lines.event_format(shape).with_filter(filter).boxed()
        }
        LogFormat::Json => {
            let shape = Named { shape: format().json().flatten_event(true), log_format };
            lines.json().event_format(shape).with_filter(filter).boxed()
        }
    };
    Ok(tracing_subscriber::registry().with(layer))
}

/// Lines that end with the id of the request they were written for. Asked for where a line is written: most
/// requests write none, and a span for each of them would cost more than the rest of the door.
struct Named<F> {
    shape: F,
    log_format: LogFormat,
}

impl<S, N, F> FormatEvent<S, N> for Named<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        about: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> text::Result {
        let mut line = String::new();
        self.shape.format_event(about, Writer::new(&mut line), event)?;
        let line = line.trim_end();
        in_hand(|id| match (id, self.log_format) {
            (None, _) => writeln!(out, "{line}"),
            (Some(id), LogFormat::Text) => writeln!(out, "{line} request.id={id:?}"),
            (Some(id), LogFormat::Json) => {
                let begin = line.strip_suffix('}').unwrap_or(line);
                writeln!(out, "{begin},\"request.id\":{}}}", serde_json::Value::from(id))
            }
        })
    }
}

fn is_ours_or_a_warning(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= LevelFilter::WARN || metadata.target().starts_with("contactgram")
}

fn log_panic(info: &panic::PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, reason = reason(info.payload()), "panic");
}

/// A literal holds nothing but our own words; a formatted message may hold a caller's.
fn reason(payload: &dyn Any) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("(a formatted message, withheld)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(directives: &str, format: LogFormat, act: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(directives, format, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, act);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn libraries_are_heard_from_warnings_up_only() {
        let log = logged("trace", LogFormat::Text, || {
            tracing::debug!(target: "tokio_postgres::prepare", "parameters: secret");
            tracing::info!(target: "tokio_postgres", "NOTICE: secret");
            tracing::warn!(target: "hyper", "a warning");
            tracing::trace!(target: "contactgram_hub", "ours");
        });
        assert!(!log.contains("secret") && log.contains("a warning") && log.contains("ours"), "{log}");
    }

    #[test]
    fn json_lines_are_objects_with_their_fields_on_top() {
        let log = logged("info", LogFormat::Json, || tracing::info!(account.id = 5, "hello"));
        let line: serde_json::Value = serde_json::from_str(log.trim()).unwrap();
        assert_eq!((&line["message"], &line["account.id"]), (&"hello".into(), &5.into()));
    }

    #[test]
    fn what_is_logged_for_a_request_carries_its_id() {
        use contactgram_http::server::{named, request_id};
        for format in [LogFormat::Text, LogFormat::Json] {
            let mut id = request_id(None);
            let text = id.to_str().unwrap().to_owned();
            let log = logged("info", format, || {
                let work = named(&mut id, async { tracing::warn!(wait_ms = 5, "slow") });
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(work);
                tracing::warn!("of nobody");
            });
            let (first, second) = log.split_once('\n').unwrap();
            match format {
                LogFormat::Text => {
                    let end = format!("slow wait_ms=5 request.id=\"{text}\"");
                    assert!(first.ends_with(&end), "{first}");
                }
                LogFormat::Json => {
                    let line: serde_json::Value = serde_json::from_str(first).unwrap();
                    assert_eq!((&line["request.id"], &line["wait_ms"]), (&text.into(), &5.into()));
                }
            }
            assert!(second.contains("of nobody") && !second.contains("request.id"), "{second}");
        }
    }

    #[test]
    fn a_panic_is_told_by_its_place_and_never_by_foreign_text() {
        assert_eq!(reason(&"ours"), "ours");
        assert_eq!(reason(&format!("inside {}", "+1234567890")), "(a formatted message, withheld)");
    }
}

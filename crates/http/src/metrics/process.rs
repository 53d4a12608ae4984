//! The process as its operating system sees it, under the names that all Prometheus clients give to such metrics. Linux says it in
//! `/proc`; elsewhere the families are there without a sample.

use super::page::Page;

#[derive(Default)]
struct Seen {
    cpu_seconds: f64,
    resident: u64,
    virtual_size: u64,
    threads: i64,
    files: Option<usize>,
    most_files: Option<u64>,
    started: Option<f64>,
}

pub(super) fn render(page: &mut Page) {
    let seen = look();
    let seen = seen.as_ref();
    let mut cpu =
        page.counter("process_cpu_seconds_total", "Processor time of the process, user and system.");
    seen.into_iter().for_each(|seen| cpu.is(seen.cpu_seconds));
    let mut resident = page.gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.");
    seen.into_iter().for_each(|seen| resident.is(seen.resident));
    let mut size = page.gauge("process_virtual_memory_bytes", "Address space of the process.");
    seen.into_iter().for_each(|seen| size.is(seen.virtual_size));
    let mut threads = page.gauge("process_threads", "Threads of the process.");
    seen.into_iter().for_each(|seen| threads.is(seen.threads));
    let mut files = page.gauge("process_open_fds", "Files and sockets that are open.");
    seen.and_then(|seen| seen.files).into_iter().for_each(|count| files.is(count));
    let mut most = page.gauge("process_max_fds", "Files and sockets that may be open.");
    seen.and_then(|seen| seen.most_files).into_iter().for_each(|count| most.is(count));
    let mut started = page.gauge("process_start_time_seconds", "When the process started, in Unix time.");
    seen.and_then(|seen| seen.started).into_iter().for_each(|at| started.is(at));
}

#[cfg(target_os = "linux")]
fn look() -> Option<Seen> {
    use procfs::process::{LimitValue, Process};

    let process = Process::myself().ok()?;
    let stat = process.stat().ok()?;
    let ticks = procfs::ticks_per_second() as f64;
    let most_files = process.limits().ok().and_then(|limits| match limits.max_open_files.soft_limit {
        LimitValue::Value(most) => Some(most),
        LimitValue::Unlimited => None,
    });
    Some(Seen {
        cpu_seconds: (stat.utime + stat.stime) as f64 / ticks,
        resident: stat.rss * procfs::page_size(),
        virtual_size: stat.vsize,
        threads: stat.num_threads,
        files: process.fd_count().ok(),
        most_files,
        started: procfs::boot_time_secs().ok().map(|boot| boot as f64 + stat.starttime as f64 / ticks),
    })
}

#[cfg(not(target_os = "linux"))]
fn look() -> Option<Seen> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_seen() {
        let seen = look().unwrap();
        assert!(seen.resident > 1 << 20 && seen.virtual_size >= seen.resident);
        assert!(seen.threads >= 1 && seen.files.is_some_and(|files| files >= 3));
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        // The kernel rounds the time of its start to seconds.
        assert!(seen.started.is_some_and(|at| at <= now.as_secs_f64() + 2.0 && at > 1e9));
    }
}

//! Times for people: dates in UTC, distances in words, and the ways of writing an expiry. Called by the
//! command line and the portal. It never reads a clock: "now" is an argument.

use crate::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The year 9999; what lies behind is a slip.
const LAST: i64 = 253_402_300_799;

/// Reads when something expires: a distance (`30d`, `12h`, `90m`, `45s`, `2w`), a date (`2027-01-01`, from
/// midnight UTC) or Unix seconds.
///
/// # Errors
/// A sentence, also for what is not in the future.
pub fn expiry(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let read = distance_of(text).map(|distance| now.saturating_add(distance));
    let at = read.or_else(|| midnight(text)).or_else(|| text.parse().ok());
    let at = at.ok_or_else(|| {
        format!("`{text}` is no expiry: write a distance (30d), a date (2027-01-01) or Unix seconds")
    })?;
    if at <= now || at > LAST {
        return Err(format!("`{text}` is not in the future that can be written"));
    }
    Ok(at)
}

/// Reads a moment: a date (`2027-01-01`, from midnight UTC) or Unix seconds.
///
/// # Errors
/// A sentence.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    let at = midnight(text).or_else(|| text.parse().ok()).filter(|at| (0..=LAST).contains(at));
    at.ok_or_else(|| format!("`{text}` is no moment: write a date (2027-01-01) or Unix seconds"))
}

/// `2026-11-22 12:30 UTC`.
pub fn date(at: Timestamp) -> String {
    let (days, seconds) = (at.div_euclid(DAY), at.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", seconds / HOUR, seconds % HOUR / MINUTE)
}

/// `2026-11-22T12:30`, in UTC, as a page's field for a moment has it.
pub fn minute(at: Timestamp) -> String {
    date(at).trim_end_matches(" UTC").replace(' ', "T")
}

/// Reads [`minute`]; seconds may follow.
pub fn read_minute(text: &str) -> Option<Timestamp> {
    let (day, clock) = text.split_once('T')?;
    let number = |part: Option<&str>, below: i64| {
        let part = part.filter(|part| part.len() == 2 && part.bytes().all(|digit| digit.is_ascii_digit()))?;
        part.parse::<i64>().ok().filter(|number| *number < below)
    };
    let mut parts = clock.split(':');
    let (hours, minutes) = (number(parts.next(), 24)?, number(parts.next(), 60)?);
    let seconds = match parts.next() {
        None => 0,
        seconds => number(seconds, 60)?,
    };
    let at = midnight(day)? + hours * HOUR + minutes * MINUTE + seconds;
    (parts.next().is_none() && (0..=LAST).contains(&at)).then_some(at)
}

/// The date, and how far away it is: `2026-12-22 12:30 UTC (in 30 days)`.
pub fn date_and_distance(at: Timestamp, now: Timestamp) -> String {
    format!("{} ({})", date(at), distance(at, now))
}

/// `in 30 days`, `3 hours ago`, `now`.
pub fn distance(at: Timestamp, now: Timestamp) -> String {
    let apart = at.saturating_sub(now);
    let (count, unit) = match apart.unsigned_abs() as i64 {
        seconds if seconds < MINUTE => return "now".to_owned(),
        seconds if seconds < 2 * HOUR => (seconds / MINUTE, "minute"),
        seconds if seconds < 2 * DAY => (seconds / HOUR, "hour"),
        seconds if seconds < 730 * DAY => (seconds / DAY, "day"),
        seconds => (seconds / (365 * DAY), "year"),
    };
    let plural = if count == 1 { "" } else { "s" };
    if apart > 0 { format!("in {count} {unit}{plural}") } else { format!("{count} {unit}{plural} ago") }
}

fn distance_of(text: &str) -> Option<i64> {
    let unit = match text.chars().next_back()? {
        's' => 1,
        'm' => MINUTE,
        'h' => HOUR,
        'd' => DAY,
        'w' => 7 * DAY,
        _ => return None,
    };
    text[..text.len() - 1].parse::<i64>().ok().filter(|count| *count > 0)?.checked_mul(unit)
}

fn midnight(text: &str) -> Option<Timestamp> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let (year, month, day): (i64, i64, i64) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let days = days_since_1970(year, month, day);
    // A day that the month doesn't have comes back as another one.
    (civil(days) == (year, month, day)).then_some(days * DAY)
}

/// Years are counted from March, so that the leap day is the last of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = 1_795_350_600; // 2026-11-22 12:30 UTC

    #[test]
    fn a_minute_is_read_as_it_is_written_and_nothing_else_is() {
        assert_eq!((minute(NOW).as_str(), read_minute("2026-11-22T12:30")), ("2026-11-22T12:30", Some(NOW)));
        assert_eq!(read_minute("2026-11-22T12:30:07"), Some(NOW + 7));
        for wrong in [
            "",
            "2026-11-22",
            "2026-11-31T12:30",
            "2026-11-22T24:00",
            "2026-11-22T1:30",
            "2026-11-22T12:30:07:1",
        ] {
            assert_eq!(read_minute(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn dates_are_read_and_written_alike() {
        assert_eq!(date(NOW), "2026-11-22 12:30 UTC");
        assert_eq!(date(0), "1970-01-01 00:00 UTC");
        assert_eq!(date(951_782_400), "2000-02-29 00:00 UTC");
        assert_eq!(expiry("2027-01-01", NOW).map(date).as_deref(), Ok("2027-01-01 00:00 UTC"));
        assert_eq!(expiry("2028-02-29", NOW).map(date).as_deref(), Ok("2028-02-29 00:00 UTC"));
    }

    #[test]
    fn every_day_of_four_centuries_has_one_date() {
        for days in 0..146_097 {
            let (year, month, day) = civil(days);
            assert_eq!(days_since_1970(year, month, day), days);
        }
    }

    #[test]
    fn an_expiry_is_a_distance_a_date_or_seconds() {
        assert_eq!(expiry("30d", NOW), Ok(NOW + 30 * DAY));
        assert_eq!(expiry("2w", NOW), Ok(NOW + 14 * DAY));
        assert_eq!(expiry("90m", NOW), Ok(NOW + 90 * MINUTE));
        assert_eq!(expiry("1900000000", NOW), Ok(1_900_000_000));
        for wrong in [
            "",
            "d",
            "-3d",
            "0s",
            "soon",
            "2027-02-29",
            "2027-1-1",
            "2020-01-01",
            "5",
            "9é",
            "99999999999999d",
            "9223372036854775807",
        ] {
            assert!(expiry(wrong, NOW).is_err(), "{wrong}");
        }
    }

    #[test]
    fn distances_are_words() {
        let told: Vec<String> =
            [0, 61, -3 * HOUR, 30 * DAY, -800 * DAY, -2 * HOUR].map(|d| distance(NOW + d, NOW)).into();
        assert_eq!(told, ["now", "in 1 minute", "3 hours ago", "in 30 days", "2 years ago", "2 hours ago"]);
    }
}

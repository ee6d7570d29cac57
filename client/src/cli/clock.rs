//! The only file that reads the wall clock; and dates as people write them, in UTC (Hinnant's algorithms for civil
//! days). The server's refusals decide, not this device's clock: it only saves questions and invites.

use std::time::{SystemTime, UNIX_EPOCH};

/// Unix seconds now.
pub(crate) fn now() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| elapsed.as_secs())
}

/// `2021-04-21 09:00 UTC`, with seconds if there are any.
pub(crate) fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / DAY, seconds % DAY);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    let second = if second == 0 { String::new() } else { format!(":{second:02}") };
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}{second} UTC")
}

/// Reads Unix seconds, `2021-04-21` (its beginning in UTC) or `2021-04-21T09:00Z`.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    if let Some(seconds) = digits(text) {
        return Some(seconds);
    }
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00Z"));
    let mut numbers = date.splitn(3, '-').map(digits);
    let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let (hour, minute) = time.strip_suffix('Z')?.split_once(':')?;
    let (hour, minute): (u64, u64) = (digits(hour)?, digits(minute)?);
    if !(1970..10_000).contains(&year) || hour > 23 || minute > 59 {
        return None;
    }
    let days = days_before(year, month, day)?;
    (civil(days) == (year, month, day)).then_some(days * DAY + hour * 3600 + minute * 60)
}

/// A number in digits alone: no sign, no space.
fn digits(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn days_before(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year }; // years begin in March, so that leap days come last
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    (era * 146_097 + of_era).checked_sub(719_468)
}

fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

const DAY: u64 = 24 * 3600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_and_read_in_utc() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (1_618_995_600, "2021-04-21 09:00 UTC"),
            (1_618_995_607, "2021-04-21 09:00:07 UTC"),
            (4_107_542_340, "2100-02-28 23:59 UTC"),
        ] {
            assert_eq!(utc(seconds), text);
        }
        assert_eq!(parse("1618995600"), Some(1_618_995_600));
        assert_eq!(parse("2021-04-21T09:00Z"), Some(1_618_995_600));
        assert_eq!(parse("2000-02-29"), Some(951_782_400));
        for bad in [
            "2021-02-29",
            "2021-13-01",
            "2021-00-01",
            "2021-04-21T24:00Z",
            "2021-04-21T09:00",
            "soon",
            "",
            "+5",
            "2021-+4-21",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}

//! Calendar arithmetic for people: Unix seconds as UTC dates and back (Gregorian, no leap seconds).

/// Days from 1970-01-01. Years are counted from March, so that a leap day comes last.
pub fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 719_469
}

/// Unix seconds as `2021-03-23 09:00 UTC`.
pub fn utc(seconds: u64) -> String {
    let seconds = seconds.min(1 << 40); // nothing later is allowed anywhere
    let days = i64::try_from(seconds / 86_400).unwrap_or_default();
    let mut year = 1970 + days / 366; // never too late; at most some years too early
    while days_since_1970(year + 1, 1, 1) <= days {
        year += 1;
    }
    let month = (1..=12).rev().find(|month| days_since_1970(year, *month, 1) <= days).unwrap_or(1);
    let day = days - days_since_1970(year, month, 1) + 1;
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", seconds % 86_400 / 3600, seconds % 3600 / 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_counted_as_the_calendar_has_them() {
        let known = [
            ((1970, 1, 1), 0),
            ((2000, 2, 29), 11_016),
            ((2000, 3, 1), 11_017),
            ((2021, 3, 23), 18_709),
            ((2100, 3, 1), 47_541),
        ];
        for ((year, month, day), days) in known {
            assert_eq!(days_since_1970(year, month, day), days);
            let seconds = u64::try_from(days).unwrap() * 86_400;
            assert_eq!(utc(seconds + 3 * 3600 + 120), format!("{year}-{month:02}-{day:02} 03:02 UTC"));
        }
        assert_eq!(utc(951_827_696), "2000-02-29 12:34 UTC");
        assert_eq!(utc(1_609_459_199), "2020-12-31 23:59 UTC");
    }
}

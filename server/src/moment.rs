//! Moments as people and programs write them, and as the tables have them: milliseconds since 1970.

use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

/// A moment as RFC 3339 writes it, in UTC; `None` for one that it can't write.
pub fn to_rfc3339(milliseconds: i64) -> Option<String> {
    let moment = Timestamp::from_millisecond(milliseconds).ok()?;
    Some(format!("{moment:.3}"))
}

/// Reads a moment: RFC 3339 with its offset, or a day or a local time in this time zone.
pub fn parse(text: &str, zone: &TimeZone) -> Option<u64> {
    let exact = text.parse::<Timestamp>().ok();
    // In an address a plus that nobody encoded is a space.
    let exact = exact.or_else(|| text.replacen(' ', "+", 1).parse().ok());
    let local = || {
        let time = text.parse::<DateTime>().ok();
        let time = time.or_else(|| Some(text.parse::<Date>().ok()?.at(0, 0, 0, 0)))?;
        Some(time.to_zoned_datetime(zone.clone()).ok()?.timestamp())
    };
    let moment = exact.or_else(local)?;
    // Nothing happened before 1970.
    Some(u64::try_from(moment.as_millisecond()).unwrap_or_default())
}

/// Reads how long something takes, such as `90d` or `1h 30m`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let how = || "write it as 90d, 12h or 1y".to_owned();
    let span: Span = text.parse().map_err(|_| how())?;
    let years = i64::from(span.get_years()) * 365 + i64::from(span.get_months()) * 30;
    let rest = span.years(0).months(0);
    let rest = rest.to_duration(SpanRelativeTo::days_are_24_hours());
    let days = SignedDuration::from_hours(years * 24);
    let all = rest.ok().and_then(|rest| rest.checked_add(days));
    all.and_then(|all| Duration::try_from(all).ok())
        .ok_or_else(how)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_they_are_written() {
        let written = to_rfc3339(1_795_686_216_123).expect("a moment");
        assert_eq!(written, "2026-11-26T09:43:36.123Z");
        assert_eq!(parse(&written, &TimeZone::UTC), Some(1_795_686_216_123));
        for (text, milliseconds) in [
            ("2026-11-26T10:43:36.123+01:00", 1_795_686_216_123),
            ("2026-11-26T10:43:36.123 01:00", 1_795_686_216_123),
            ("2026-11-26", 1_795_651_200_000),
            ("2026-11-26T01:00", 1_795_654_800_000),
            ("1970-01-01T00:00:00Z", 0),
            ("0001-01-01", 0),
        ] {
            assert_eq!(parse(text, &TimeZone::UTC), Some(milliseconds), "{text}");
        }
        for wrong in ["", "yesterday", "12", "2026-13-01", "99999-01-01"] {
            assert_eq!(parse(wrong, &TimeZone::UTC), None, "{wrong}");
        }
        assert_eq!(to_rfc3339(i64::MAX), None);
        assert_eq!(to_rfc3339(i64::MIN), None);
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, hours) in [
            ("90d", 90 * 24),
            ("2 weeks", 14 * 24),
            ("1y", 365 * 24),
            ("3 months", 90 * 24),
            ("1h", 1),
            ("0s", 0),
            ("P1D", 24),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_hours(hours)),
                "{text}"
            );
        }
        for wrong in ["", "90", "d", "-1d", "90 sheep", "1e9y"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}

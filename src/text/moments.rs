//! Dates and times on the edge: leap days, changes of the clock in Germany, turns of the year, and
//! the nights in which versions of standards change.
//!
//! The clock in Germany follows the rule of the European Union since 1996 (directive 2000/84/EC):
//! summer time (UTC+2) from the last Sunday of March to the last Sunday of October, both at 01:00
//! UTC; else UTC+1.

use jiff::civil::{Date, DateTime, Weekday, date};

/// The first year of the rule.
const FIRST_YEAR: i16 = 1996;

/// Summer time, in hours from UTC.
const SUMMER: i8 = 2;

/// Winter time, in hours from UTC.
const WINTER: i8 = 1;

/// A text for a date or a time, whether it is right, and what is special about it, in German.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The lexical form of `xs:date` or `xs:dateTime`.
    pub text: String,
    /// Whether it exists.
    pub right: bool,
    /// What is special.
    pub why: &'static str,
}

fn moment(text: impl Into<String>, right: bool, why: &'static str) -> Moment {
    Moment { text: text.into(), right, why }
}

/// What the clocks in Germany make of a local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Local {
    /// It is skipped when summer time begins.
    Skipped,
    /// It exists once, at this offset from UTC in hours.
    Once(i8),
    /// It exists twice when summer time ends: first at +02:00, an hour later at +01:00.
    Twice,
}

/// The last Sunday of a month of 31 days.
fn last_sunday(year: i16, month: i8) -> Option<Date> {
    let last = Date::new(year, month, 31).ok()?;
    let back = last.weekday().since(Weekday::Sunday);
    Date::new(year, month, 31 - back).ok()
}

/// How often and at which offset a local time in Germany exists. `None` before 1996 and for a
/// time that no calendar has.
pub fn berlin(local: DateTime) -> Option<Local> {
    let year = local.year();
    if year < FIRST_YEAR {
        return None;
    }
    let (spring, autumn) = (last_sunday(year, 3)?, last_sunday(year, 10)?);
    let change = |day: Date, hour: i8| day.at(hour, 0, 0, 0);
    // In local time: 2 o'clock becomes 3, and 3 becomes 2 again.
    Some(if local < change(spring, 2) {
        Local::Once(WINTER)
    } else if local < change(spring, 3) {
        Local::Skipped
    } else if local < change(autumn, 2) {
        Local::Once(SUMMER)
    } else if local < change(autumn, 3) {
        Local::Twice
    } else {
        Local::Once(WINTER)
    })
}

/// A local time with an offset from UTC in hours, as `xs:dateTime`.
fn with_offset(local: DateTime, hours: i8) -> String {
    format!("{}+{hours:02}:00", local.strftime("%Y-%m-%dT%H:%M:%S"))
}

/// The lexical form of `xs:dateTime` of a local time in Germany; the first of two, the time after
/// the gap for one that is skipped. `None` before 1996.
pub fn berlin_text(local: DateTime) -> Option<String> {
    Some(match berlin(local)? {
        Local::Once(hours) => with_offset(local, hours),
        Local::Twice => with_offset(local, SUMMER),
        Local::Skipped => {
            let later = local.checked_add(jiff::SignedDuration::from_hours(1)).ok()?;
            with_offset(later, SUMMER)
        }
    })
}

/// Leap days and their neighbours, as `xs:date`.
pub fn leap_days() -> Vec<Moment> {
    vec![
        moment("2024-02-29", true, "Schalttag"),
        moment("2000-02-29", true, "Schalttag, Jahr durch 400 teilbar"),
        moment("2028-02-29", true, "nächster Schalttag"),
        moment("2024-02-30", false, "Tag nach dem Schalttag im Februar"),
        moment("2023-02-28", true, "letzter Februartag ohne Schalttag"),
        moment("2023-02-29", false, "kein Schaltjahr"),
        moment("1900-02-29", false, "Jahr durch 100, nicht durch 400 teilbar"),
        moment("2100-02-29", false, "Jahr durch 100, nicht durch 400 teilbar"),
    ]
}

/// Dates and times that no calendar or no schema has, and their right neighbours.
pub fn lexical_forms() -> Vec<Moment> {
    vec![
        moment("2026-04-30", true, "letzter Tag eines kurzen Monats"),
        moment("2026-04-31", false, "Monat hat nur 30 Tage"),
        moment("2026-12-31", true, "letzter Tag des Jahres"),
        moment("2026-13-01", false, "Monat 13"),
        moment("2026-00-10", false, "Monat 0"),
        moment("2026-01-00", false, "Tag 0"),
        moment("31.12.2026", false, "deutsche Schreibweise"),
        moment("2026-1-1", false, "ohne führende Nullen"),
        moment("20261231", false, "ohne Bindestriche"),
        moment("26-12-31", false, "Jahr zweistellig"),
    ]
}

/// The changes of the clock in a year as `xs:dateTime` with offset. Those that are not right name
/// an offset that the clocks in Germany do not have then: a schema lets them pass. Empty before
/// 1996.
pub fn clock_changes(year: i16) -> Vec<Moment> {
    let (Some(spring), Some(autumn)) = (last_sunday(year, 3), last_sunday(year, 10)) else {
        return Vec::new();
    };
    if year < FIRST_YEAR {
        return Vec::new();
    }
    let at = |day: Date, hour, minute, second| day.at(hour, minute, second, 0);
    let text = with_offset;
    vec![
        moment(text(at(spring, 1, 59, 59), WINTER), true, "letzte Sekunde vor der Sommerzeit"),
        moment(text(at(spring, 2, 30, 0), WINTER), false, "Stunde, die es nicht gibt"),
        moment(text(at(spring, 2, 30, 0), SUMMER), false, "Stunde, die es nicht gibt"),
        moment(text(at(spring, 3, 0, 0), SUMMER), true, "erste Sekunde der Sommerzeit"),
        moment(text(at(autumn, 2, 30, 0), SUMMER), true, "doppelte Stunde, erstes Mal"),
        moment(text(at(autumn, 2, 30, 0), WINTER), true, "doppelte Stunde, zweites Mal"),
        moment(text(at(autumn, 3, 0, 0), SUMMER), false, "Sommerzeit nach ihrem Ende"),
        moment(text(at(autumn, 3, 0, 0), WINTER), true, "Ende der doppelten Stunde"),
    ]
}

/// The last second of a day and the first of the next, in local time of Germany. Empty before
/// 1996.
fn midnight(day: Date, before: &'static str, after: &'static str) -> Vec<Moment> {
    let yesterday = day.yesterday().ok();
    let last = yesterday.and_then(|d| berlin_text(d.at(23, 59, 59, 0)));
    let first = berlin_text(day.at(0, 0, 0, 0));
    let last = last.map(|text| moment(text, true, before));
    last.into_iter().chain(first.map(|text| moment(text, true, after))).collect()
}

/// The turn into a year. Empty before 1997.
pub fn new_year(year: i16) -> Vec<Moment> {
    match Date::new(year, 1, 1) {
        Ok(day) if year > FIRST_YEAR => {
            midnight(day, "letzte Sekunde des Jahres", "erste Sekunde des Jahres")
        }
        _ => Vec::new(),
    }
}

/// The two nights of a year in which versions of XÖV standards change: into 1 May and into
/// 1 November, in local time. The offset differs, so that a system that thinks in UTC changes two
/// hours or one hour too late. Empty before 1996.
pub fn version_flips(year: i16) -> Vec<Moment> {
    let mut all = Vec::new();
    for (month, before, after) in [
        (5, "letzte Sekunde des 30. April", "erste Sekunde des 1. Mai"),
        (11, "letzte Sekunde des 31. Oktober", "erste Sekunde des 1. November"),
    ] {
        if let Ok(day) = Date::new(year, month, 1) {
            all.extend(midnight(day, before, after));
        }
    }
    all
}

/// Whether a text is an `xs:date` with a four-digit year and without time zone.
pub fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let mut number = |length: usize| {
        let part = parts.next().filter(|p| p.len() == length)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<i16>().ok()).flatten()
    };
    let (year, month, day) = (number(4), number(2), number(2));
    let (Some(year), Some(month), Some(day)) = (year, month, day) else { return false };
    year > 0
        && i8::try_from(month)
            .ok()
            .zip(i8::try_from(day).ok())
            .is_some_and(|(month, day)| Date::new(year, month, day).is_ok())
}

/// The day on which someone born on a day turns a number of years old. Who was born on 29 February
/// does so on 1 March in years without one, since a year of life ends with the day before the
/// birthday (§ 187 (2), § 188 (2) BGB). `None` beyond the calendar.
pub fn birthday(born: Date, years: i16) -> Option<Date> {
    let year = born.year().checked_add(years)?;
    Date::new(year, born.month(), born.day())
        .ok()
        .or_else(|| (born.month() == 2).then_some(date(1, 3, 1).with().year(year).build().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::datetime;

    #[test]
    fn dates_are_right_or_wrong_as_marked() {
        for moment in leap_days().into_iter().chain(lexical_forms()) {
            assert_eq!(is_date(&moment.text), moment.right, "{}: {}", moment.text, moment.why);
        }
        assert!(!is_date("") && !is_date("0000-01-01") && !is_date("2026-01-01Z"));
    }

    #[test]
    fn the_clock_changes_on_the_last_sundays() {
        for (year, month, day) in
            [(2026, 3, 29), (2026, 10, 25), (2027, 3, 28), (2027, 10, 31), (2024, 3, 31)]
        {
            assert_eq!(last_sunday(year, month), Some(date(year, month, day)));
        }
        for (local, wanted) in [
            (datetime(2026, 3, 29, 1, 59, 59, 0), Local::Once(1)),
            (datetime(2026, 3, 29, 2, 0, 0, 0), Local::Skipped),
            (datetime(2026, 3, 29, 2, 30, 0, 0), Local::Skipped),
            (datetime(2026, 3, 29, 3, 0, 0, 0), Local::Once(2)),
            (datetime(2026, 10, 25, 1, 59, 59, 0), Local::Once(2)),
            (datetime(2026, 10, 25, 2, 30, 0, 0), Local::Twice),
            (datetime(2026, 10, 25, 3, 0, 0, 0), Local::Once(1)),
        ] {
            assert_eq!(berlin(local), Some(wanted), "{local}");
        }
        assert_eq!(berlin(datetime(1995, 7, 1, 0, 0, 0, 0)), None);
        assert_eq!(
            berlin_text(datetime(2026, 3, 29, 2, 30, 0, 0)).as_deref(),
            Some("2026-03-29T03:30:00+02:00")
        );
        let changes = clock_changes(2026);
        let find = |text: &str| changes.iter().find(|m| m.text == text).map(|m| m.right);
        assert_eq!(find("2026-03-29T02:30:00+01:00"), Some(false));
        assert_eq!(find("2026-10-25T02:30:00+02:00"), Some(true));
        assert_eq!(find("2026-10-25T02:30:00+01:00"), Some(true));
        assert_eq!(find("2026-10-25T03:00:00+02:00"), Some(false));
        assert!(clock_changes(1990).is_empty() && new_year(-5).is_empty());
    }

    #[test]
    fn versions_change_at_midnight_local_time() {
        let texts = |all: Vec<Moment>| all.into_iter().map(|m| m.text).collect::<Vec<_>>();
        assert_eq!(
            texts(version_flips(2026)),
            [
                "2026-04-30T23:59:59+02:00",
                "2026-05-01T00:00:00+02:00",
                "2026-10-31T23:59:59+01:00",
                "2026-11-01T00:00:00+01:00",
            ]
        );
        // The clock may change on 31 October itself.
        assert_eq!(texts(version_flips(2027))[2], "2027-10-31T23:59:59+01:00");
        assert_eq!(
            texts(new_year(2027)),
            ["2026-12-31T23:59:59+01:00", "2027-01-01T00:00:00+01:00"]
        );
    }

    #[test]
    fn who_was_born_on_a_leap_day_has_birthdays_too() {
        let born = date(2008, 2, 29);
        assert_eq!(birthday(born, 18), Some(date(2026, 3, 1)));
        assert_eq!(birthday(born, 20), Some(date(2028, 2, 29)));
        assert_eq!(birthday(date(2008, 2, 28), 18), Some(date(2026, 2, 28)));
        assert_eq!(birthday(born, i16::MAX), None);
    }
}

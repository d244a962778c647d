//! Dates, times and durations (XML Schema 1.0 part 2, sections 3.2.6 to 3.2.14).

use super::builtin::Builtin;
use super::value::Value;
use crate::text::Decimal;

/// Takes characters from the front.
struct Cursor<'a>(&'a str);

impl Cursor<'_> {
    fn eat(&mut self, c: char) -> Option<()> {
        self.0 = self.0.strip_prefix(c)?;
        Some(())
    }

    fn digits(&mut self, count: usize) -> Option<i128> {
        let head = self.0.get(..count)?;
        if !head.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        self.0 = &self.0[count..];
        head.parse().ok()
    }

    fn year(&mut self) -> Option<i128> {
        let negative = self.eat('-').is_some();
        let count = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let leading_zero = self.0.starts_with('0');
        if !(4..=18).contains(&count) || (count > 4 && leading_zero) {
            return None;
        }
        let year = self.digits(count)?;
        // There is no year 0000 in XML Schema 1.0.
        (year != 0).then_some(if negative { -year } else { year })
    }

    fn month(&mut self) -> Option<i128> {
        self.digits(2).filter(|m| (1..=12).contains(m))
    }

    fn time(&mut self) -> Option<Decimal> {
        let hour = self.digits(2)?;
        self.eat(':')?;
        let minute = self.digits(2)?;
        self.eat(':')?;
        let second = self.digits(2)?;
        let mut seconds = Decimal::whole(hour * 3600 + minute * 60 + second);
        let mut beyond = false;
        if self.eat('.').is_some() {
            let count = self.0.bytes().take_while(u8::is_ascii_digit).count();
            if count == 0 {
                return None;
            }
            let fraction = Decimal::exact(&format!("0.{}", &self.0[..count]))?;
            beyond = fraction > Decimal::default();
            seconds = seconds.plus(&fraction);
            self.0 = &self.0[count..];
        }
        let midnight = hour == 24 && minute == 0 && second == 0 && !beyond;
        (midnight || (hour <= 23 && minute <= 59 && second <= 59)).then_some(seconds)
    }

    /// Offset in seconds; the outer option tells a fault.
    fn zone(&mut self) -> Option<Option<i128>> {
        if self.0.is_empty() {
            return Some(None);
        }
        if self.eat('Z').is_some() {
            return Some(Some(0));
        }
        let sign = if self.eat('-').is_some() {
            -1
        } else {
            self.eat('+')?;
            1
        };
        let hour = self.digits(2)?;
        self.eat(':')?;
        let minute = self.digits(2)?;
        let good = (hour <= 13 && minute <= 59) || (hour == 14 && minute == 0);
        good.then_some(Some(sign * (hour * 3600 + minute * 60)))
    }
}

fn is_leap(year: i128) -> bool {
    // Year -1 comes right before year 1 in XML Schema 1.0.
    let year = if year < 0 { year + 1 } else { year };
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn days_in(year: i128, month: i128) -> i128 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

fn days_before(year: i128, month: i128, day: i128) -> i128 {
    let shifted = if year < 0 { year + 1 } else { year } - i128::from(month <= 2);
    let era = shifted.div_euclid(400);
    let in_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + in_era * 365 + in_era / 4 - in_era / 100 + day_of_year
}

/// A point or a recurring point in time.
pub(super) fn moment(kind: Builtin, text: &str) -> Option<Value> {
    let mut at = Cursor(text);
    // A leap year stands in where there is no year.
    let (mut year, mut month, mut day) = (2000, 1, 1);
    let mut seconds = Decimal::default();
    match kind {
        Builtin::DateTime | Builtin::Date | Builtin::GYearMonth | Builtin::GYear => {
            year = at.year()?;
            if kind != Builtin::GYear {
                at.eat('-')?;
                month = at.month()?;
            }
            if matches!(kind, Builtin::DateTime | Builtin::Date) {
                at.eat('-')?;
                day = at.digits(2)?;
            }
            if kind == Builtin::DateTime {
                at.eat('T')?;
                seconds = at.time()?;
            }
        }
        Builtin::Time => seconds = at.time()?,
        Builtin::GMonthDay | Builtin::GMonth => {
            at.eat('-')?;
            at.eat('-')?;
            month = at.month()?;
            if kind == Builtin::GMonthDay {
                at.eat('-')?;
                day = at.digits(2)?;
            }
        }
        _ => {
            at.eat('-')?;
            at.eat('-')?;
            at.eat('-')?;
            day = at.digits(2)?;
        }
    }
    if day < 1 || day > days_in(year, month) {
        return None;
    }
    let zone = at.zone()?;
    if !at.0.is_empty() {
        return None;
    }
    let start = Decimal::whole(days_before(year, month, day) * 86_400 - zone.unwrap_or(0));
    Some(Value::Moment(start.plus(&seconds), zone.is_some()))
}

/// A duration.
pub(super) fn duration(text: &str) -> Option<Value> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let rest = rest.strip_prefix('P')?;
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let mut months = Decimal::default();
    let mut seconds = Decimal::default();
    fields(date, "YMD", |unit, count| match unit {
        'Y' => months = months.plus(&times(count, 12)),
        'M' => months = months.plus(count),
        _ => seconds = seconds.plus(&times(count, 86_400)),
    })?;
    fields(time, "HMS", |unit, count| {
        let factor = match unit {
            'H' => 3600,
            'M' => 60,
            _ => 1,
        };
        seconds = seconds.plus(&times(count, factor));
    })?;
    if negative {
        let zero = Decimal::default();
        (months, seconds) = (zero.minus(&months), zero.minus(&seconds));
    }
    Some(Value::Duration(months, seconds))
}

fn times(value: &Decimal, factor: u32) -> Decimal {
    // By doubling, so that no binary number is needed for long digit strings.
    let (mut sum, mut power, mut left) = (Decimal::default(), value.clone(), factor);
    while left > 0 {
        if left % 2 == 1 {
            sum = sum.plus(&power);
        }
        power = power.plus(&power.clone());
        left /= 2;
    }
    sum
}

fn fields(text: &str, units: &str, mut take: impl FnMut(char, &Decimal)) -> Option<()> {
    let mut rest = text;
    let mut units = units.chars();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let unit = rest[end..].chars().next()?;
        units.by_ref().find(|u| *u == unit)?;
        let number = &rest[..end];
        if number.contains('.') && unit != 'S' || number.starts_with('.') || number.ends_with('.') {
            return None;
        }
        take(unit, &Decimal::exact(number)?);
        rest = &rest[end + unit.len_utf8()..];
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{duration, moment};
    use crate::xsd::simple::Builtin;

    #[test]
    fn leap_days_zones_and_midnight() {
        for (kind, good) in [
            (Builtin::Date, "2024-02-29"),
            (Builtin::Date, "2000-02-29Z"),
            (Builtin::Date, "-0045-03-15"),
            (Builtin::DateTime, "2024-12-31T24:00:00"),
            (Builtin::DateTime, "2024-01-01T00:00:00.123+14:00"),
            (Builtin::Time, "23:59:59Z"),
            (Builtin::GMonthDay, "--02-29"),
            (Builtin::GDay, "---31"),
            (Builtin::GMonth, "--12"),
            (Builtin::GYear, "12024"),
        ] {
            assert!(moment(kind, good).is_some(), "{good}");
        }
        for (kind, wrong) in [
            (Builtin::Date, "2023-02-29"),
            (Builtin::Date, "1900-02-29"),
            (Builtin::Date, "2024-2-9"),
            (Builtin::Date, "24-02-09"),
            (Builtin::Date, "0000-01-01"),
            (Builtin::DateTime, "2024-01-01T24:00:01"),
            (Builtin::DateTime, "2024-01-01 00:00:00"),
            (Builtin::DateTime, "2024-01-01T00:00:00+14:01"),
            (Builtin::Time, "23:59"),
            (Builtin::GMonthDay, "--02-30"),
        ] {
            assert!(moment(kind, wrong).is_none(), "{wrong}");
        }
        assert_eq!(
            moment(Builtin::DateTime, "2024-01-01T01:00:00+01:00"),
            moment(Builtin::DateTime, "2024-01-01T00:00:00Z")
        );
    }

    #[test]
    fn durations_keep_the_order_of_their_fields() {
        assert_eq!(duration("P1Y"), duration("P12M"));
        assert_eq!(duration("PT90M"), duration("PT1H30M"));
        for wrong in ["P", "PT", "1Y", "P1S", "PT1Y", "P1M1Y", "P1.5Y", "PT.5S"] {
            assert!(duration(wrong).is_none(), "{wrong}");
        }
    }
}

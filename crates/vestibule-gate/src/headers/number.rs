//! How numbers with a fraction are spelled: byte for byte as Apache's library and the JSON library of its module do, which
//! differs from everybody else's.

/// How numbers with a fraction are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Numbers {
    /// As JSON, with as few digits as tell the number: `0.1`.
    #[default]
    Json,
    /// With six decimals: `0.100000`. mod_auth_openidc before 2.4.18.1, Debian 12's included.
    SixDecimals,
    /// With eight digits and no zero before the point: `.1`, `1.e+5`. mod_auth_openidc since 2.4.18.1.
    EightDigits,
}

/// Beyond this Apache's buffer ends, and what it writes is no number.
const MOST: f64 = 1e79;

/// The digits of a number as Apache's library finds them, by multiplying with ten; not always those of the exact value.
struct Digits {
    digits: Vec<u8>,
    /// How many of them are before the decimal point; below zero there are that many zeros behind it first.
    before_point: i32,
}

/// Where the digits end.
enum End {
    Significant(usize),
    Decimals(usize),
}

/// The digits of a `number` that is not negative.
fn digits(number: f64, end: &End) -> Digits {
    let mut fraction = number.fract();
    let mut whole = number.trunc();
    let mut digits: Vec<u8> = Vec::new();
    let mut before_point = 0;
    if whole > 0.0 {
        while whole > 0.0 && digits.len() < 80 {
            let tenth = whole / 10.0;
            whole = tenth.trunc();
            digits.push(digit((tenth.fract() + 0.03) * 10.0));
            before_point += 1;
        }
        digits.reverse();
    } else if fraction > 0.0 {
        while fraction * 10.0 < 1.0 {
            fraction *= 10.0;
            before_point -= 1;
        }
    }
    let wanted = match end {
        End::Significant(count) => i32::try_from(*count).unwrap_or(i32::MAX),
        End::Decimals(count) => i32::try_from(*count)
            .unwrap_or(i32::MAX)
            .saturating_add(before_point),
    };
    let Ok(wanted) = usize::try_from(wanted) else {
        return Digits {
            digits: Vec::new(),
            before_point,
        };
    };
    // One more than is wanted, to round by.
    while digits.len() <= wanted {
        fraction *= 10.0;
        digits.push(digit(fraction));
        fraction = fraction.fract();
    }
    let up = digits.get(wanted).is_some_and(|digit| *digit >= 5);
    digits.truncate(wanted);
    if up && round_up(&mut digits) {
        before_point += 1;
        if matches!(end, End::Significant(_)) {
            digits.truncate(wanted);
        }
    }
    Digits {
        digits,
        before_point,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the digit before the point is what is asked for; a cast from a float never leaves its range"
)]
fn digit(number: f64) -> u8 {
    number as u8
}

/// Adds one to the last digit. Whether that made a digit more.
fn round_up(digits: &mut Vec<u8>) -> bool {
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return false;
        }
        *digit = 0;
    }
    digits.insert(0, 1);
    true
}

fn push_all(text: &mut String, digits: &[u8]) {
    text.extend(digits.iter().map(|digit| char::from(b'0' + digit)));
}

/// With six decimals, as Apache's `%f`.
pub(super) fn six_decimals(number: f64) -> String {
    if number.abs() >= MOST || !number.is_finite() {
        return format!("{number:.6}");
    }
    let Digits {
        digits,
        before_point,
    } = digits(number.abs(), &End::Decimals(6));
    let mut text = String::new();
    if number < 0.0 {
        text.push('-');
    }
    let whole = usize::try_from(before_point).unwrap_or(0);
    let (before, behind) = digits.split_at(whole.min(digits.len()));
    match before {
        [] => text.push('0'),
        before => push_all(&mut text, before),
    }
    text.push('.');
    let zeros = 6_usize.saturating_sub(behind.len());
    text.extend(std::iter::repeat_n('0', zeros));
    push_all(&mut text, behind);
    text
}

/// With eight digits at most, as Apache's `%.8g`.
pub(super) fn eight_digits(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    if number.abs() >= MOST || !number.is_finite() {
        return in_c(number, 8);
    }
    let Digits {
        mut digits,
        before_point,
    } = digits(number.abs(), &End::Significant(8));
    while digits.len() > 1 && digits.last() == Some(&0) {
        digits.pop();
    }
    let count = i32::try_from(digits.len()).unwrap_or(8);
    let mut text = String::new();
    if number < 0.0 {
        text.push('-');
    }
    if before_point - count > 4 || before_point < -3 {
        let (first, rest) = digits.split_at(1);
        push_all(&mut text, first);
        text.push('.');
        push_all(&mut text, rest);
        let exponent = before_point - 1;
        let sign = if exponent < 0 { '-' } else { '+' };
        text.push('e');
        text.push(sign);
        text.push_str(&exponent.abs().to_string());
        return text;
    }
    let whole = usize::try_from(before_point).unwrap_or(0);
    let zeros = usize::try_from(-before_point).unwrap_or(0);
    if whole == 0 {
        text.push('.');
        text.extend(std::iter::repeat_n('0', zeros));
        push_all(&mut text, &digits);
        return text;
    }
    let (before, behind) = digits.split_at(whole.min(digits.len()));
    push_all(&mut text, before);
    text.extend(std::iter::repeat_n('0', whole - before.len()));
    if !behind.is_empty() {
        text.push('.');
        push_all(&mut text, behind);
    }
    text
}

/// Within JSON, as the module's JSON library writes it: seventeen digits, and always with a point or an exponent.
pub(super) fn in_json(number: f64) -> String {
    let text = in_c(number, 17);
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let sign = if exponent.starts_with('-') { "-" } else { "" };
            let digits = exponent
                .trim_start_matches(['+', '-'])
                .trim_start_matches('0');
            format!("{mantissa}e{sign}{digits}")
        }
        None if text.contains('.') => text,
        None => format!("{text}.0"),
    }
}

/// As C's `%g` prints it with so many digits.
fn in_c(number: f64, count: usize) -> String {
    if number == 0.0 {
        return if number.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let scientific = format!("{number:.*e}", count - 1);
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let (Ok(exponent), Ok(digits)) = (exponent.parse::<i32>(), i32::try_from(count)) else {
        return scientific;
    };
    if (-4..digits).contains(&exponent) {
        let decimals = usize::try_from(digits - 1 - exponent).unwrap_or(0);
        return without_zeros(&format!("{number:.decimals$}")).to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", without_zeros(mantissa), exponent.abs())
}

fn without_zeros(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Debian 12's libapr and libjansson print for each: `%.8g`, `%f`, and within JSON.
    #[test]
    fn numbers_are_spelled_as_apache_spells_them() {
        for (number, eight, six, json) in [
            (1.5, "1.5", "1.500000", "1.5"),
            (2.0, "2", "2.000000", "2.0"),
            (0.0, "0", "0.000000", "0.0"),
            (0.1, ".1", "0.100000", "0.10000000000000001"),
            (-1.5, "-1.5", "-1.500000", "-1.5"),
            (-0.25, "-.25", "-0.250000", "-0.25"),
            (0.5, ".5", "0.500000", "0.5"),
            (100.0, "100", "100.000000", "100.0"),
            (10000.0, "10000", "10000.000000", "10000.0"),
            (100000.0, "1.e+5", "100000.000000", "100000.0"),
            (12345678.9, "12345679", "12345678.900000", "12345678.9"),
            (
                123456789.25,
                "123456790",
                "123456789.250000",
                "123456789.25",
            ),
            (99999999.6, "1.e+8", "99999999.600000", "99999999.599999994"),
            (1234567.0, "1234567", "1234567.000000", "1234567.0"),
            (1.25e-05, "1.25e-5", "0.000013", "1.2500000000000001e-5"),
            (0.000125, ".000125", "0.000125", "0.000125"),
            (5e-07, "5.e-7", "0.000001", "4.9999999999999998e-7"),
            (4.9e-07, "4.9e-7", "0.000000", "4.8999999999999997e-7"),
            (1.23456789e-05, "1.2345679e-5", "0.000012", "1.23456789e-5"),
            (0.999999995, ".99999999", "1.000000", "0.99999999500000003"),
            (9.9999999999, "10", "10.000000", "9.9999999999"),
            (
                0.00099999999999,
                ".001",
                "0.001000",
                "0.00099999999998999999",
            ),
            (
                1000000000000000.0,
                "1.e+15",
                "1000000000000000.000000",
                "1000000000000000.0",
            ),
            (1e+22, "1.e+22", "10000000000000000000000.000000", "1e22"),
            (
                123456.789012345,
                "123456.79",
                "123456.789012",
                "123456.78901234501",
            ),
            (
                3.24159265358979,
                "3.2415927",
                "3.241593",
                "3.2415926535897901",
            ),
            (-1e-07, "-1.e-7", "-0.000000", "-9.9999999999999995e-8"),
            (1700000000.5, "1.7e+9", "1700000000.500000", "1700000000.5"),
            (1000000000.0, "1.e+9", "1000000000.000000", "1000000000.0"),
            (
                123456789012.5,
                "123456790000",
                "123456789012.500000",
                "123456789012.5",
            ),
            (0.3, ".3", "0.300000", "0.29999999999999999"),
            (
                1e+40,
                "1.e+40",
                "10000000000000004000000000000000000000000.000000",
                "1e40",
            ),
            (2.5e-09, "2.5e-9", "0.000000", "2.5000000000000001e-9"),
        ] {
            assert_eq!(eight_digits(number), eight, "{number}");
            assert_eq!(six_decimals(number), six, "{number}");
            assert_eq!(in_json(number), json, "{number}");
        }
    }

    #[test]
    fn numbers_no_claim_has_are_numbers_still() {
        for number in [1e80, -1e300, f64::MAX, f64::MIN_POSITIVE, 5e-324] {
            for text in [eight_digits(number), in_json(number)] {
                let read: f64 = text.parse().unwrap();
                assert!((read / number - 1.0).abs() < 1e-6, "{number} as {text}");
            }
            let read: f64 = six_decimals(number).parse().unwrap();
            assert!(
                (read - number).abs() <= number.abs() * 1e-6 + 1e-6,
                "{number}"
            );
        }
    }
}

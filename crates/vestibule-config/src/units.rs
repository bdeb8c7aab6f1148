//! Durations and sizes as people write them: `"10s"`, `"8h"`, `"32KiB"`.
//!
//! One number and one unit, so that nobody has to know whether `1m30` is minutes or months.

use std::time::Duration;

/// Why a text is not a duration or a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// It does not begin with a whole number.
    #[error("read a whole number at its start")]
    NoNumber,
    /// There is a number and nothing behind it.
    #[error("find a unit")]
    NoUnit,
    /// What follows the number is no unit.
    #[error("read its unit")]
    UnknownUnit,
    /// More than 64 bits hold.
    #[error("hold so large a number")]
    TooLarge,
}

const DURATION_UNITS: &[(&str, u64)] = &[
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

const SIZE_UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
];

/// Reads a duration: a whole number and one of `ms`, `s`, `m`, `h`, `d`.
///
/// # Errors
///
/// [`UnitError`], when it is anything else.
///
/// ```
/// # use std::time::Duration;
/// assert_eq!(vestibule_config::parse_duration("90s"), Ok(Duration::from_secs(90)));
/// assert!(vestibule_config::parse_duration("90").is_err());
/// ```
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    scaled(text, DURATION_UNITS).map(Duration::from_millis)
}

/// Reads a size in bytes: a whole number and one of `B`, `KiB`, `MiB`, `GiB`, `kB`, `MB`, `GB`.
///
/// # Errors
///
/// [`UnitError`], when it is anything else.
///
/// ```
/// assert_eq!(vestibule_config::parse_size("32KiB"), Ok(32_768));
/// ```
pub fn parse_size(text: &str) -> Result<u64, UnitError> {
    scaled(text, SIZE_UNITS)
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Result<u64, UnitError> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    if number.is_empty() {
        return Err(UnitError::NoNumber);
    }
    let unit = unit.trim_start_matches(' ');
    if unit.is_empty() {
        return Err(UnitError::NoUnit);
    }
    let (_, scale) = units
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or(UnitError::UnknownUnit)?;
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(*scale))
        .ok_or(UnitError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_number_and_a_unit() {
        for (text, expected) in [
            ("250ms", Ok(Duration::from_millis(250))),
            ("10s", Ok(Duration::from_secs(10))),
            ("5 m", Ok(Duration::from_secs(300))),
            ("8h", Ok(Duration::from_secs(28_800))),
            ("2d", Ok(Duration::from_secs(172_800))),
            ("0s", Ok(Duration::ZERO)),
            ("", Err(UnitError::NoNumber)),
            ("s", Err(UnitError::NoNumber)),
            ("-1s", Err(UnitError::NoNumber)),
            ("10", Err(UnitError::NoUnit)),
            ("10sec", Err(UnitError::UnknownUnit)),
            ("1m30s", Err(UnitError::UnknownUnit)),
            ("1.5h", Err(UnitError::UnknownUnit)),
            ("99999999999999999999s", Err(UnitError::TooLarge)),
            ("18446744073709551615h", Err(UnitError::TooLarge)),
        ] {
            assert_eq!(parse_duration(text), expected, "{text}");
        }
    }

    #[test]
    fn sizes_tell_powers_of_two_from_powers_of_ten() {
        for (text, expected) in [
            ("0B", Ok(0)),
            ("32KiB", Ok(32_768)),
            ("32kB", Ok(32_000)),
            ("1 GiB", Ok(1 << 30)),
            ("32K", Err(UnitError::UnknownUnit)),
            ("32kb", Err(UnitError::UnknownUnit)),
            ("18446744073709551615KiB", Err(UnitError::TooLarge)),
        ] {
            assert_eq!(parse_size(text), expected, "{text}");
        }
    }
}

//! Reads of a certificate what a person wants to know of it. Lenient where nothing depends on it, since nothing is decided
//! by it; bounded, and without an end it can miss.

use std::net::IpAddr;

use vestibule_oidc::time::{UnixTime, Utc};

use super::ShownCertificate;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const WIDE_TEXT: u8 = 0x1e;
/// `[0]`, the version.
const VERSION: u8 = 0xa0;
/// `[3]`, the extensions.
const EXTENSIONS: u8 = 0xa3;
/// `dNSName` of a general name.
const DNS_NAME: u8 = 0x82;
/// `iPAddress` of one.
const IP_ADDRESS: u8 = 0x87;

/// `id-ce-subjectAltName`.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// The attributes of a name that say who it is, under `id-at`.
const ATTRIBUTES: [(&[u8], &str); 4] = [
    (&[0x55, 0x04, 0x03], "CN"),
    (&[0x55, 0x04, 0x0b], "OU"),
    (&[0x55, 0x04, 0x0a], "O"),
    (&[0x55, 0x04, 0x06], "C"),
];

/// So many names are read.
const MOST_NAMES: usize = 20;
/// So many characters of a text are kept.
const MOST_CHARS: usize = 120;

/// What is left to read.
#[derive(Clone, Copy)]
struct Reader<'d>(&'d [u8]);

impl<'d> Reader<'d> {
    /// The next value: its tag and what is in it. Lengths have at most four bytes.
    fn next(&mut self) -> Option<(u8, &'d [u8])> {
        let (&[tag, first], mut rest) = self.0.split_first_chunk()?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            let count = usize::from(first & 0x7f);
            let bytes = rest.get(..count).filter(|_| (1..=4).contains(&count))?;
            length = bytes
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte));
            rest = rest.get(count..)?;
        }
        let value = rest.get(..length)?;
        self.0 = rest.get(length..)?;
        Some((tag, value))
    }

    /// The next value, which has this tag.
    fn expect(&mut self, tag: u8) -> Option<&'d [u8]> {
        self.next()
            .filter(|(found, _)| *found == tag)
            .map(|(_, value)| value)
    }

    /// The next value if it has this tag; nothing is read otherwise.
    fn optional(&mut self, tag: u8) -> Option<&'d [u8]> {
        let mut ahead = *self;
        let value = ahead.expect(tag)?;
        *self = ahead;
        Some(value)
    }
}

/// RFC 5280 §4.1: `Certificate` and its `TBSCertificate`.
pub(super) fn read(der: &[u8]) -> Option<ShownCertificate> {
    let mut signed = Reader(Reader(der).expect(SEQUENCE)?);
    let mut inner = Reader(signed.expect(SEQUENCE)?);
    inner.optional(VERSION);
    inner.expect(INTEGER)?;
    inner.expect(SEQUENCE)?;
    let issuer = name(inner.expect(SEQUENCE)?);
    let mut validity = Reader(inner.expect(SEQUENCE)?);
    let (from, until) = (time(&mut validity), time(&mut validity));
    let subject = name(inner.expect(SEQUENCE)?);
    // The key; then perhaps unique ids, and the extensions.
    inner.expect(SEQUENCE)?;
    let mut names = Vec::new();
    while let Some((tag, value)) = inner.next() {
        if tag == EXTENSIONS {
            names = alternative_names(value).unwrap_or_default();
        }
    }
    Some(ShownCertificate {
        subject,
        issuer,
        from,
        until,
        names,
    })
}

/// RFC 5280 §4.1.2.4: `CN=…, O=…`, in the certificate's order.
fn name(value: &[u8]) -> String {
    let mut parts = Vec::new();
    let mut names = Reader(value);
    while let Some(set) = names.expect(SET) {
        let mut set = Reader(set);
        while let Some(attribute) = set.expect(SEQUENCE) {
            let mut attribute = Reader(attribute);
            let (Some(oid), Some((tag, value))) = (attribute.expect(OID), attribute.next()) else {
                continue;
            };
            let known = ATTRIBUTES.iter().find(|(known, _)| *known == oid);
            if let (Some((_, label)), true) = (known, parts.len() < MOST_NAMES) {
                parts.push(format!("{label}={}", text(tag, value)));
            }
        }
    }
    match parts.is_empty() {
        true => "nobody it names".to_owned(),
        false => parts.join(", "),
    }
}

fn text(tag: u8, value: &[u8]) -> String {
    let whole = match tag {
        WIDE_TEXT => {
            let units = value.chunks_exact(2).map(|pair| match pair {
                [high, low] => u16::from_be_bytes([*high, *low]),
                _ => 0,
            });
            char::decode_utf16(units)
                .map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        _ => String::from_utf8_lossy(value).into_owned(),
    };
    let plain = whole
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char });
    plain.take(MOST_CHARS).collect()
}

/// RFC 5280 §4.1.2.5: `YYMMDDHHMMSSZ`, or with four digits of the year.
fn time(reader: &mut Reader<'_>) -> Option<UnixTime> {
    let (tag, value) = reader.next()?;
    let digits = std::str::from_utf8(value).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let year: i64 = digits.get(..2)?.parse().ok()?;
            let century = if year < 50 { 2000 } else { 1900 };
            (century + year, digits.get(2..)?)
        }
        GENERALIZED_TIME => (digits.get(..4)?.parse().ok()?, digits.get(4..)?),
        _ => return None,
    };
    let two = |at: usize| rest.get(at..at + 2)?.parse::<i64>().ok();
    let utc = Utc {
        year,
        month: two(0)?,
        day: two(2)?,
        hour: two(4)?,
        minute: two(6)?,
        second: two(8)?,
    };
    (1..=12).contains(&utc.month).then(|| utc.into())
}

/// RFC 5280 §4.2.1.6, of the extensions.
fn alternative_names(value: &[u8]) -> Option<Vec<String>> {
    let mut extensions = Reader(Reader(value).expect(SEQUENCE)?);
    while let Some(extension) = extensions.expect(SEQUENCE) {
        let mut extension = Reader(extension);
        if extension.expect(OID)? != ALTERNATIVE_NAMES {
            continue;
        }
        // Whether it is critical may stand between.
        let octets = match extension.next()? {
            (OCTETS, octets) => octets,
            _ => extension.expect(OCTETS)?,
        };
        let mut general = Reader(Reader(octets).expect(SEQUENCE)?);
        let mut names = Vec::new();
        while let Some((tag, value)) = general.next() {
            match tag {
                DNS_NAME => names.push(text(tag, value)),
                IP_ADDRESS => names.extend(address(value)),
                _ => {}
            }
            if names.len() == MOST_NAMES {
                break;
            }
        }
        return Some(names);
    }
    None
}

fn address(value: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(value).map(IpAddr::from).ok();
    let sixteen = <[u8; 16]>::try_from(value).map(IpAddr::from).ok();
    Some(four.or(sixteen)?.to_string())
}

//! Holds what stands in a certificate that a server showed and that was not believed.
//!
//! It is read leniently, since nothing is decided by it; bounded, and without an end it can miss. None of it is proven.

use std::net::IpAddr;

use vestibule_oidc::time::{UnixTime, Utc};

/// What stands in a certificate (RFC 5280 §4.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificate {
    /// Whom it is for: `CN=portal.example.com, O=Contoso`.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// Its first second.
    pub from: Option<UnixTime>,
    /// Its last second.
    pub until: Option<UnixTime>,
    /// The names and addresses it is for (RFC 5280 §4.2.1.6), at most twenty.
    pub names: Vec<String>,
}

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

impl Certificate {
    /// Reads `Certificate` and its `TBSCertificate` (RFC 5280 §4.1), in DER. `None` if it is none.
    pub fn read(der: &[u8]) -> Option<Self> {
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
        Some(Self {
            subject,
            issuer,
            from,
            until,
            names,
        })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str) -> Vec<u8> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/certificate");
        std::fs::read(format!("{folder}/{name}")).unwrap()
    }

    fn read(name: &str) -> Certificate {
        Certificate::read(&sample(name)).unwrap()
    }

    #[test]
    fn a_certificate_says_whom_it_is_for_who_issued_it_and_until_when() {
        let date = |text| UnixTime::from_http_date(text);
        let found = read("portal");
        assert_eq!(found.subject, "C=CH, O=Contoso, OU=Web, CN=portal");
        assert_eq!(found.issuer, found.subject);
        assert_eq!(
            found.names,
            ["portal.example.com", "*.example.com", "192.0.2.7", "::1"]
        );
        assert_eq!(found.from, date("Fri, 02 Jan 2026 00:00:00 GMT"));
        // From 2050 on the year has four digits.
        assert_eq!(found.until, date("Sat, 04 Mar 2051 00:00:00 GMT"));

        let old = read("of_the_last_century");
        assert_eq!(old.from, date("Sat, 02 Jan 1999 00:00:00 GMT"));
        assert_eq!(old.until, date("Sat, 04 Mar 2000 00:00:00 GMT"));
        assert_eq!(old.names, [""; 0]);

        assert_eq!(read("nobody").subject, "nobody it names");
        assert_eq!(read("wide_text").subject, "CN=Ärzte");
        assert_eq!(read("escapes").subject, "CN=a [2Jb");
        assert_eq!(read("many_names").names.len(), MOST_NAMES);
    }

    #[test]
    fn what_is_no_certificate_is_none_and_nothing_cut_off_panics() {
        for none in [
            &b""[..],
            b"\x30",
            b"\x30\x84\xff\xff\xff\xff",
            b"\x30\x85\x00\x00\x00\x00\x00",
            b"hello",
        ] {
            assert_eq!(Certificate::read(none), None);
        }
        let whole = sample("portal");
        for end in 0..whole.len() {
            let _ = Certificate::read(&whole[..end]);
            let mut changed = whole.clone();
            changed[end] ^= 0xff;
            let _ = Certificate::read(&changed);
        }
    }
}

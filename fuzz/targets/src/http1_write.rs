//! Target `http1_write`: what is written is read as it was meant, or it is not written.
//!
//! The input is `METHOD target` up to the first `;`, then `name:value` up to the next `;`, and so on: any byte may be anywhere.

use vestibule_http1::fields::{Fields, trim};
use vestibule_http1::head::HeadLimits;
use vestibule_http1::request::parse;
use vestibule_http1::write;

const LIMITS: HeadLimits = HeadLimits {
    bytes: usize::MAX,
    fields: usize::MAX,
    target_bytes: usize::MAX,
};

/// A head as somebody would have it written.
pub fn http1_write(input: &[u8]) {
    let mut parts = input.split(|&byte| byte == b';');
    let (method, target) = split(parts.next().unwrap_or_default(), b' ');
    let pairs: Vec<_> = parts.map(|part| split(part, b':')).collect();

    let mut out = Vec::new();
    let line = write::request_line(&mut out, method, target);
    if line.is_err() {
        assert!(out.is_empty(), "nothing is written of what can't be");
        write::request_line(&mut out, b"GET", b"/").unwrap_or_else(|_| unreachable!());
    }
    let mut kept = Vec::new();
    for &(name, value) in &pairs {
        let before = out.len();
        match write::field(&mut out, name, value) {
            Ok(()) => kept.push((name, trim(value))),
            Err(_) => assert_eq!(out.len(), before, "nothing is written of what can't be"),
        }
    }
    write::end(&mut out);
    let head = parse(&out, &LIMITS)
        .unwrap_or_else(|error| unreachable!("{error}: {}", out.escape_ascii()));
    if line.is_ok() {
        assert_eq!((&head.method[..], &head.target[..]), (method, target));
    }
    let read: Vec<_> = head
        .fields
        .iter()
        .map(|field| (field.name, field.value))
        .collect();
    assert_eq!(read, kept);

    // All together: either each of them can be written, or nothing is.
    let fields: Fields = pairs.iter().copied().collect();
    let mut out = Vec::new();
    let written = write::fields(&mut out, &fields, |_| true);
    assert_eq!(written.is_ok(), kept.len() == pairs.len());
    assert_eq!(fields.is_sound(), written.is_ok());
    assert_eq!(
        out.len(),
        if written.is_ok() {
            fields.wire_bytes()
        } else {
            0
        }
    );
    let last = write::last_chunk(&mut Vec::new(), Some(&fields));
    assert_eq!(last.is_ok(), written.is_ok());
}

fn split(part: &[u8], separator: u8) -> (&[u8], &[u8]) {
    let at = part
        .iter()
        .position(|&byte| byte == separator)
        .unwrap_or(part.len());
    let (before, rest) = part.split_at(at);
    (before, rest.get(1..).unwrap_or_default())
}

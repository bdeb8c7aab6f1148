//! Keeping our cookies between the browser and us: out of requests to the upstream, and out of its
//! answers.

use super::names::is_ours;
use super::scan::{first_byte, pair, segments, trim};

/// What is left of a `Cookie` header without our cookies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stripped {
    /// Nothing to take out was in it: forward the bytes as they came.
    Unchanged,
    /// Something was taken out; the rest is byte for byte what it was.
    Rest(Vec<u8>),
    /// Nothing else was in it: the header goes.
    Nothing,
}

/// Takes every cookie of ours out of one `Cookie` header value, whichever site of this host it
/// belongs to.
#[must_use]
pub fn strip(header: &[u8]) -> Stripped {
    strip_with(header, &[])
}

/// The same, and takes out those with one of these `names`, letter for letter.
#[must_use]
pub fn strip_with(header: &[u8], names: &[String]) -> Stripped {
    let named = |segment: &[u8]| {
        let name = pair(segment).name;
        names.iter().any(|one| one.as_bytes() == name)
    };
    let goes = |segment: &[u8]| segment_is_ours(segment) || (!names.is_empty() && named(segment));
    let mut left = segments(header);
    let Some(first) = left.position(goes) else {
        return Stripped::Unchanged;
    };
    let before = segments(header).take(first);
    let mut rest = Vec::new();
    let mut something = false;
    let mut separate = false;
    for segment in before.chain(left.filter(|segment| !goes(segment))) {
        if separate {
            rest.push(b';');
            rest.extend_from_slice(segment);
        } else {
            // Its leading space belonged to the separator in front of it, which is gone.
            rest.extend_from_slice(segment.trim_ascii_start());
        }
        separate = true;
        something |= !trim(segment).is_empty();
    }
    if something {
        Stripped::Rest(rest)
    } else {
        Stripped::Nothing
    }
}

/// A segment without `=` that spells one of our names is taken out as well: some servers read it as
/// a name.
fn segment_is_ours(segment: &[u8]) -> bool {
    // What names of ours begin with, or nameless ones.
    if !matches!(first_byte(segment), Some(b'_' | b'v' | b'=')) {
        return false;
    }
    let pair = pair(segment);
    if pair.name.is_empty() {
        // `=name=value`: what a browser sends for a nameless cookie can lack the first `=`.
        is_ours(trim(
            pair.value.split(|b| *b == b'=').next().unwrap_or_default(),
        ))
    } else {
        is_ours(pair.name)
    }
}

/// Whether an upstream's `Set-Cookie` header value may reach the browser: not when it names a
/// cookie of ours, of whichever site of this host, also in the nameless form that browsers send
/// back without its first `=`.
#[must_use]
pub fn upstream_may_set(set_cookie: &[u8]) -> bool {
    !segments(set_cookie).next().is_some_and(segment_is_ours)
}

//! How a stateful target cuts its input, as a network would.

/// The input after the first `|`, and the pieces it comes in: the bytes before the `|` say how long each is, 1 to 16 bytes,
/// again and again. Without a `|` the bytes come one by one.
pub(crate) fn in_pieces(input: &[u8]) -> (&[u8], Vec<&[u8]>) {
    let (cuts, bytes) = match input.iter().position(|&byte| byte == b'|') {
        Some(at) => {
            let (cuts, rest) = input.split_at(at);
            (cuts, rest.get(1..).unwrap_or_default())
        }
        None => (&[][..], input),
    };
    let mut lengths = cuts.iter().map(|cut| usize::from(cut % 16) + 1).cycle();
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = lengths.next().unwrap_or(1).min(rest.len());
        let (piece, after) = rest.split_at(length);
        pieces.push(piece);
        rest = after;
    }
    (bytes, pieces)
}

//! Random relatives of the cases: the same seed gives the same bytes.

/// A small generator (SplitMix64); no secret depends on it.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Starts at `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `most`, or zero.
    pub fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % u64::try_from(most.max(1)).unwrap()).unwrap()
    }

    /// One of several.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// What is put where it may mean something.
const PIECES: [&[u8]; 40] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b"\0",
    b" ",
    b"\t",
    b":",
    b",",
    b";",
    b"\x0b",
    b"\xff",
    b"\xc2\xa0",
    b"%2f",
    b"%00",
    b"..",
    b"//",
    b"#",
    b"\\",
    b"?",
    b"0",
    b"+",
    b"-",
    b"0x",
    b"chunked",
    b"identity",
    b"HTTP/1.0",
    b"HTTP/2.0",
    b"Host: other\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding:\x0bchunked\r\n",
    b"Content-Length: 3\r\n",
    b"Content-Length: 0\r\n",
    b"Connection: close\r\n",
    b"Connection: Content-Length\r\n",
    b"Expect: 100-continue\r\n",
    b"X: a\r\n b\r\n",
    b"0\r\n\r\n",
    b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
];

/// A relative of `bytes`, with something of `other` in it now and then.
#[must_use]
pub fn mutate(bytes: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..=chance.below(2) {
        let at = chance.below(out.len() + 1);
        let length = chance.below(16);
        let end = (at + length).min(out.len());
        match chance.below(8) {
            0 => drop(out.drain(at..end)),
            1 => {
                let again = out[at..end].to_vec();
                out.splice(at..at, again);
            }
            2 if at < out.len() => out[at] = u8::try_from(chance.below(256)).unwrap(),
            3 if at < out.len() => out[at] ^= 0x20,
            4 => {
                let from = chance.below(other.len() + 1);
                let to = (from + 4 * length).min(other.len());
                out.splice(at..at, other[from..to].iter().copied());
            }
            // At the start of a line, where a field may stand.
            5 => {
                let starts = out.windows(2).enumerate();
                let starts: Vec<usize> = starts
                    .filter(|(_, two)| *two == b"\r\n")
                    .map(|(at, _)| at + 2)
                    .collect();
                let at = if starts.is_empty() {
                    at
                } else {
                    *chance.one(&starts)
                };
                out.splice(at..at, chance.one(&PIECES).iter().copied());
            }
            _ => drop(out.splice(at..at, chance.one(&PIECES).iter().copied())),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let of = |seed| mutate(b"GET / HTTP/1.1\r\n\r\n", b"other", &mut Chance::new(seed));
        assert_eq!(of(1), of(1));
        assert!((0..100).any(|seed| of(seed) != of(seed + 1)));
    }
}

//! Fixed lists of field names, to ask quickly whether a name is one of them.

/// The longest name a list may have.
const LONGEST: usize = 40;

/// A fixed list of lower-case field names, the shorter before the longer.
///
/// ```
/// use vestibule_http1::fields::Names;
/// const LIST: Names<3> = Names::new(["te", "host", "upgrade"]);
/// assert_eq!(LIST.position(b"Host"), Some(1));
/// assert!(!LIST.contains(b"hosts"));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Names<const N: usize> {
    names: [&'static str; N],
    /// For each length, where the names of that length begin; they end where the next ones begin.
    begins: [u8; LONGEST + 2],
}

impl<const N: usize> Names<N> {
    /// A list of these names. Meant for constants: a list out of order does not compile then.
    ///
    /// # Panics
    /// For names that are out of order or too long, or too many.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        reason = "run by the compiler, which checks it"
    )]
    pub const fn new(names: [&'static str; N]) -> Self {
        let mut begins = [0; LONGEST + 2];
        assert!(N < 256, "too many names");
        let mut length = 0;
        let mut at = 0;
        while length < begins.len() {
            begins[length] = at as u8;
            while at < N && names[at].len() == length {
                at += 1;
            }
            length += 1;
        }
        assert!(at == N, "the shorter names come first");
        Self { names, begins }
    }

    /// Where in the list `name` is, ASCII case aside.
    #[must_use]
    pub fn position(&self, name: &[u8]) -> Option<usize> {
        let &begin = self.begins.get(name.len())?;
        let &end = self.begins.get(name.len() + 1)?;
        let (begin, end) = (usize::from(begin), usize::from(end));
        // Names of one length seldom end alike.
        let last = name.last()?.to_ascii_lowercase();
        self.names
            .get(begin..end)?
            .iter()
            .map(|one| one.as_bytes())
            .position(|one| one.last() == Some(&last) && one.eq_ignore_ascii_case(name))
            .map(|at| begin + at)
    }

    /// Whether `name` is in the list, ASCII case aside.
    #[must_use]
    pub fn contains(&self, name: &[u8]) -> bool {
        self.position(name).is_some()
    }

    /// The names.
    #[must_use]
    pub const fn as_slice(&self) -> &[&'static str] {
        &self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: Names<5> = Names::new(["te", "date", "host", "cookie", "upgrade"]);

    #[test]
    fn names_are_found_without_regard_to_case() {
        for (at, name) in LIST.as_slice().iter().enumerate() {
            assert_eq!(LIST.position(name.as_bytes()), Some(at));
            assert_eq!(LIST.position(name.to_uppercase().as_bytes()), Some(at));
        }
    }

    #[test]
    fn other_names_are_not() {
        for name in [
            "",
            "t",
            "tee",
            "dat",
            "hosts",
            "cooki",
            "x".repeat(41).as_str(),
        ] {
            assert!(!LIST.contains(name.as_bytes()), "{name}");
        }
        assert!(!Names::<0>::new([]).contains(b""));
    }
}

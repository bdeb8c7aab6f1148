//! Holds what must never be printed: tokens, codes, verifiers, client secrets.
//!
//! A [`Secret`] has no `Display` and no serialisation, a `Debug` that shows nothing, and is wiped
//! when dropped. Whoever needs the value says so with [`Secret::expose`], which is easy to search
//! for.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use zeroize::Zeroize;

/// A value that is wiped on drop and never printed.
#[derive(Clone)]
pub struct Secret<T: Zeroize = String>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes the value into custody.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Every use is a place a reviewer looks at.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Secret<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

/// Compares without telling by its duration where the values differ; their lengths are not hidden.
impl<T: Zeroize + AsRef<[u8]>> PartialEq for Secret<T> {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(self.0.as_ref(), other.0.as_ref()).is_ok()
    }
}

impl<T: Zeroize + AsRef<[u8]>> Eq for Secret<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::from("hunter2")), "[secret]");
        assert_eq!(
            format!("{:?}", Some(Secret::new([7_u8; 4]))),
            "Some([secret])"
        );
    }

    #[test]
    fn equality_is_of_the_whole_value() {
        assert_eq!(Secret::from("a"), Secret::from("a"));
        for (left, right) in [("a", "b"), ("a", "aa"), ("", "a"), ("abc", "abd")] {
            assert_ne!(Secret::from(left), Secret::from(right));
        }
        assert_eq!(Secret::new(vec![1_u8]), Secret::new(vec![1_u8]));
    }
}

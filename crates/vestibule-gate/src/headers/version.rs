//! In what the versions of mod_auth_openidc differ, as far as an upstream can tell.

use super::Precedence;
use super::mod_auth_openidc::ModAuthOpenidc;
use super::value::{Encoding, Lists, Numbers, Objects, Writing};

/// A version of mod_auth_openidc, like 2.4.12.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub [u16; 4]);

impl Version {
    /// The newest one that was compared.
    pub const NEWEST: Self = Self([2, 4, 20, 3]);

    /// How it makes claims into text. Elements of lists are escaped whatever it does itself.
    #[must_use]
    pub fn writing(self) -> Writing {
        Writing {
            encoding: match self >= Self([2, 4, 15, 0]) {
                true => Encoding::Latin1,
                false => Encoding::Utf8,
            },
            delimiter: ",".to_owned(),
            lists: Lists::Escaped,
            numbers: match self >= Self([2, 4, 18, 1]) {
                true => Numbers::EightDigits,
                false => Numbers::SixDecimals,
            },
            objects: match self >= Self([2, 4, 16, 4]) {
                true => Objects::Compact,
                false => Objects::Spaced,
            },
        }
    }

    /// Whose word counts when the ID token and user info both have a claim.
    #[must_use]
    pub fn precedence(self) -> Precedence {
        match self >= Self([2, 4, 14, 0]) {
            true => Precedence::Userinfo,
            false => Precedence::IdToken,
        }
    }

    /// What it sends when nothing else is said.
    #[must_use]
    pub fn preset(self) -> ModAuthOpenidc {
        ModAuthOpenidc {
            token_type: self >= Self([2, 4, 16, 0]),
            scope: self >= Self([2, 4, 17, 0]),
            ..ModAuthOpenidc::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_came_with_its_version() {
        let of = |version| {
            let version = Version(version);
            let (writing, preset) = (version.writing(), version.preset());
            (
                version.precedence(),
                writing.encoding,
                preset.token_type,
                writing.objects,
                preset.scope,
                writing.numbers,
            )
        };
        use Precedence::{IdToken, Userinfo};
        let (spaced, compact) = (Objects::Spaced, Objects::Compact);
        let (six, eight) = (Numbers::SixDecimals, Numbers::EightDigits);
        let (utf8, latin1) = (Encoding::Utf8, Encoding::Latin1);
        for (version, expected) in [
            ([2, 4, 12, 3], (IdToken, utf8, false, spaced, false, six)),
            ([2, 4, 14, 0], (Userinfo, utf8, false, spaced, false, six)),
            ([2, 4, 15, 0], (Userinfo, latin1, false, spaced, false, six)),
            ([2, 4, 16, 0], (Userinfo, latin1, true, spaced, false, six)),
            ([2, 4, 16, 4], (Userinfo, latin1, true, compact, false, six)),
            ([2, 4, 17, 2], (Userinfo, latin1, true, compact, true, six)),
            (
                [2, 4, 18, 1],
                (Userinfo, latin1, true, compact, true, eight),
            ),
            (
                Version::NEWEST.0,
                (Userinfo, latin1, true, compact, true, eight),
            ),
        ] {
            assert_eq!(of(version), expected, "{version:?}");
        }
    }
}

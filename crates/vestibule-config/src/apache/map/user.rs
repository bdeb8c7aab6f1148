//! The name of the person: `OIDCRemoteUserClaim`, with the issuer behind it and with its patterns.

use super::provider::is_entra_v2;
use crate::apache::claim::literal;
use crate::apache::expand::Line;
use crate::apache::report::Ledger;
use crate::apache::site::Site;
use crate::apache::write::text;

/// What names the person.
#[derive(Debug)]
pub(in crate::apache) struct Named<'t> {
    /// The directive, if there is one.
    line: Option<&'t Line>,
    claim: &'t str,
    with_issuer: bool,
    part: Part,
    /// Whether the provider is Entra, or looks like it.
    is_entra: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Before(&'static str),
    Without(String),
}

impl<'t> Named<'t> {
    /// What the site says, or the module by itself: `sub@`.
    pub(in crate::apache) fn read(site: &Site<'t>, ledger: &mut Ledger) -> Self {
        let line = site.setting(ledger, "OIDCRemoteUserClaim");
        let word = line.map_or("sub@", |line| line.word(0));
        let mut named = Self {
            line,
            claim: word.strip_suffix('@').unwrap_or(word),
            with_issuer: word.ends_with('@'),
            part: Part::Whole,
            is_entra: site
                .last("OIDCProviderMetadataURL")
                .is_some_and(|line| is_entra_v2(line.word(0))),
        };
        let Some(line) = line else { return named };
        let pattern = line.word(1);
        if !pattern.is_empty() {
            match part(pattern, line.word(2)) {
                Some(part) => named.part = part,
                None if !["", "$1", "${1}"].contains(&line.word(2)) => ledger.stop(
                    line,
                    "nothing is put before or behind what a claim says",
                    format!(
                        "write OIDCRemoteUserClaim {word} alone, and have the app know people by that"
                    ),
                ),
                None => ledger.stop(
                    line,
                    "of patterns only those are understood that cut off what is behind the last @; [^@] ends at the first, and .+ behind it may end before the last",
                    "write ^(.*)@ for the name before it, or ^(.*)@example\\.com$ for that of one domain: the same where every value has one @ alone, with something before and behind it",
                ),
            }
        }
        named
    }

    /// The claim, if it is the name as it is.
    pub(super) fn plain(&self) -> Option<&'t str> {
        (!self.with_issuer && self.part == Part::Whole).then_some(self.claim)
    }

    /// The directive.
    pub(super) const fn line(&self) -> Option<&'t Line> {
        self.line
    }

    /// As TOML.
    pub(super) fn to_toml(&self) -> String {
        if let Some(claim) = self.plain() {
            return text(claim);
        }
        let mut fields = vec![format!("claim = {}", text(self.claim))];
        match &self.part {
            Part::Whole => {}
            Part::Before(end) => fields.push(format!("before = {}", text(end))),
            Part::Without(end) => fields.push(format!("without = {}", text(end))),
        }
        if self.with_issuer {
            fields.push("with_issuer = true".to_owned());
        }
        format!("{{ {} }}", fields.join(", "))
    }

    /// Says what became of the directive.
    pub(super) fn tell(&self, ledger: &mut Ledger) {
        let Some(line) = self.line else { return };
        let claim = self.claim;
        let says = format!("user = {}", self.to_toml());
        if self.is_entra && on_request(claim) {
            ledger.differs(
                line,
                format!("{says}; Entra's v2.0 ID tokens carry `{claim}` only on request, and who lacks it is refused, as in Apache"),
                &format!("add {claim} under Token configuration of the registration, or name fallbacks after the import: user = [\"{claim}\", \"preferred_username\", \"oid\"]"),
            );
        } else {
            ledger.became(line, format!("{says}; who lacks the claim is refused"));
        }
    }
}

/// Claims that v2.0 ID tokens of Entra carry only as optional claims.
fn on_request(claim: &str) -> bool {
    [
        "upn",
        "unique_name",
        "given_name",
        "family_name",
        "email",
        "onprem_sid",
    ]
    .contains(&claim)
}

/// What a pattern leaves of the claim. Without a replacement Apache takes the first group; with one it replaces what
/// matched and keeps the rest, so that a pattern that does not reach the end leaves it there.
///
/// The last @ counts for a group that takes whatever it can, and for no other.
fn part(pattern: &str, replacement: &str) -> Option<Part> {
    let replaces = match replacement {
        "" => false,
        "$1" | "${1}" => true,
        _ => return None,
    };
    let rest = pattern.strip_prefix('^')?;
    let rest = ["(.*)@", "(.+)@"]
        .into_iter()
        .find_map(|name| rest.strip_prefix(name))?;
    match rest {
        "" if replaces => None,
        "" | ".*" | ".*$" => Some(Part::Before("@")),
        domain => {
            let domain = literal(domain.strip_suffix('$')?)?;
            if domain.contains('\n') {
                return None;
            }
            Some(Part::Without(format!("@{domain}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_understood_if_it_cuts_off_what_is_behind_an_at() {
        let without = |end: &str| Some(Part::Without(end.to_owned()));
        for (pattern, replacement, expected) in [
            ("^(.*)@", "", Some(Part::Before("@"))),
            ("^(.+)@", "", Some(Part::Before("@"))),
            ("^(.+)@.*$", "$1", Some(Part::Before("@"))),
            ("^(.*)@.*", "${1}", Some(Part::Before("@"))),
            ("^(.*)@example\\.com$", "", without("@example.com")),
            ("^(.*)@example\\.com$", "$1", without("@example.com")),
            ("^(.*)@", "$1", None),
            ("^([^@]*)@", "", None),
            ("^([^@]+)@", "", None),
            ("^([^@]+)@.*$", "$1", None),
            ("^([^@]+)@.+$", "", None),
            ("^(.*)@.+$", "", None),
            ("^(.*)@.+", "", None),
            ("^([^@]+)@example\\.com$", "", None),
            ("^(.*?)@", "", None),
            ("^(.*)@example\\.com", "$1", None),
            ("^(.*)@example.com$", "", None),
            ("^(.*)@.*$", "$1_x", None),
            ("(.*)@", "", None),
            ("^.*$", "", None),
        ] {
            assert_eq!(
                part(pattern, replacement),
                expected,
                "{pattern} {replacement}"
            );
        }
    }
}

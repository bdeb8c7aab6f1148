//! `--fault NAME`: what the local provider does wrong on request, in the names the catalogue of findings uses.
//!
//! In: a name. Out: the provider's faults, what else the demo changes for it, and the findings to expect.

use std::fmt::Write as _;

use vestibule_diagnosis::catalogue::{self, Row};
use vestibule_idp::{ArmedFault, BodyShape, Endpoint, Fault, Token};

/// More than the sample API takes of a head.
const OVERSIZE_BYTES: u32 = 24 << 10;
/// More than any check allows for, and less than any lifetime.
const CLOCK_OFFSET_SECS: i64 = 600;
/// The year 2100, counted as `Date.now()` does.
const MILLISECONDS: i64 = 4_102_444_800_000;
/// The fault that is not the provider's: the sign-in's own token is passed on.
const WITHOUT_API_SCOPE: &str = "without-api-scope";

/// A mistake the demo can show.
#[derive(Debug, Default)]
pub(super) struct Mistake {
    /// Its name.
    pub(super) name: String,
    /// What the provider does.
    pub(super) faults: Vec<ArmedFault>,
    /// Whether the API's scope is left out of the sign-in.
    pub(super) without_api_scope: bool,
    /// Whether the user info endpoint is asked; it takes only a token that is for no API.
    pub(super) userinfo: bool,
}

impl Mistake {
    /// The mistake of this name, as [`names`] has it.
    pub(super) fn of(name: &str) -> Option<Self> {
        let faults = match names().contains(&name) {
            true => faults(name)?,
            false => return None,
        };
        Some(Self {
            name: name.to_owned(),
            faults: faults.into_iter().map(ArmedFault::from).collect(),
            without_api_scope: name == WITHOUT_API_SCOPE,
            userinfo: name == "wrong-userinfo-subject",
        })
    }

    /// The findings that show it; those that only follow from another of them left out.
    pub(super) fn shows(&self) -> Vec<&'static Row> {
        shown_by(&self.name)
    }
}

/// The name without its number: faults by number are many.
fn numbered(name: &str) -> Option<(&str, u32)> {
    let (kind, number) = name.rsplit_once('-')?;
    Some((kind, number.parse().ok()?))
}

/// Every name, those with a number last.
pub(super) fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = catalogue::rows().filter_map(|row| row.fault).collect();
    names.sort_unstable_by_key(|name| (numbered(name).is_some(), numbered(name), *name));
    names.dedup();
    names
}

/// What a mistake is shown by.
fn shown_by(name: &str) -> Vec<&'static Row> {
    let rows: Vec<_> = catalogue::rows()
        .filter(|row| row.fault == Some(name))
        .collect();
    let follows = |row: &Row| rows.iter().any(|other| other.explains.contains(&row.code));
    rows.iter().copied().filter(|row| !follows(row)).collect()
}

/// The list for people: each name with the findings it shows.
pub(super) fn list() -> String {
    let names = names();
    let width = names
        .iter()
        .map(|name| name.len())
        .max()
        .unwrap_or_default();
    let mut list = String::new();
    for name in names {
        let titles: Vec<_> = shown_by(name)
            .into_iter()
            .map(|row| format!("{}: {}", row.code, row.title))
            .collect();
        let gap = format!("\n{:width$}  ", "");
        // Writing to a string does not fail.
        let _ = writeln!(list, "{name:width$}  {}", titles.join(&gap));
    }
    list
}

/// What the local provider is told.
fn faults(name: &str) -> Option<Vec<Fault>> {
    if let Some((kind, aadsts)) = numbered(name) {
        return Some(vec![match kind {
            "token-error" => Fault::TokenError {
                grant_type: None,
                scope: None,
                error: token_error(aadsts).to_owned(),
                aadsts,
                suberror: None,
                claims: None,
            },
            "authorize-error" => Fault::AuthorizeError {
                error: authorize_error(aadsts).to_owned(),
                aadsts,
            },
            _ => return None,
        }]);
    }
    let token = Token::AccessToken;
    let html = |endpoint| Fault::Body {
        endpoint,
        shape: BodyShape::Html,
    };
    let missing = |claim: &str| Fault::MissingClaim {
        token,
        claim: claim.to_owned(),
    };
    Some(match name {
        WITHOUT_API_SCOPE => Vec::new(),
        "alg-none" => vec![Fault::AlgNone { token }],
        "bad-signature" => vec![Fault::BadSignature { token }],
        "clock-offset" => vec![Fault::ClockOffset {
            seconds: CLOCK_OFFSET_SECS,
        }],
        "discovery-body" => vec![html(Endpoint::Discovery)],
        "discovery-member" => vec![Fault::DiscoveryMember {
            member: "issuer".to_owned(),
            value: "https://issuer.invalid/elsewhere/v2.0".into(),
        }],
        "expired" => vec![Fault::Expired { token }],
        // The version 1.0 keys, which the API's tokens are checked with, name no cloud.
        "foreign-key" => vec![Fault::ForeignKey {
            token: Token::IdToken,
        }],
        "hang-up" => vec![Fault::HangUp {
            endpoint: Endpoint::Discovery,
        }],
        "keys-body" => vec![html(Endpoint::Keys)],
        "milliseconds" => vec![Fault::ReplaceClaim {
            token,
            claim: "exp".to_owned(),
            value: MILLISECONDS.into(),
        }],
        "no-end" => vec![missing("exp")],
        "no-id-token" => vec![Fault::NoIdToken],
        "no-permissions" => vec![missing("scp"), missing("roles")],
        "not-yet-valid" => vec![Fault::NotYetValid { token }],
        "opaque-access-token" => vec![Fault::OpaqueAccessToken],
        "oversize-token" => vec![Fault::OversizeToken {
            token,
            bytes: OVERSIZE_BYTES,
        }],
        "shared-secret" => vec![Fault::HmacWithPublicKey { token }],
        "status" => vec![Fault::Status {
            endpoint: Endpoint::Discovery,
            status: 404,
            retry_after_secs: None,
        }],
        "unpublished-key" => vec![Fault::UnpublishedKey { token }],
        "wrong-audience" => vec![Fault::WrongAudience { token }],
        "wrong-issuer" => vec![Fault::WrongIssuer { token }],
        "wrong-nonce" => vec![Fault::WrongNonce],
        "wrong-state" => vec![Fault::WrongState],
        "wrong-userinfo-subject" => vec![Fault::WrongUserinfoSubject],
        _ => return None,
    })
}

/// The OAuth error that comes with a number at the token endpoint.
fn token_error(aadsts: u32) -> &'static str {
    match aadsts {
        700_016 => "unauthorized_client",
        500_011 => "invalid_resource",
        70_011 | 28_000..=28_999 => "invalid_scope",
        50_012 | 700_021..=700_030 | 7_000_000..=7_999_999 => "invalid_client",
        90_000..=99_999 | 900_000..=999_999 | 9_000_000..=9_999_999 => "invalid_request",
        _ => "invalid_grant",
    }
}

/// The OAuth error that comes with a number in the answer at the redirect URI.
fn authorize_error(aadsts: u32) -> &'static str {
    match aadsts {
        50_058 => "login_required",
        65_001 | 90_094 => "consent_required",
        700_051 | 700_054 => "unsupported_response_type",
        16_000..=16_999 | 50_000..=59_999 | 500_000..=599_999 => "interaction_required",
        90_000..=99_999 | 900_000..=999_999 | 9_000_000..=9_999_999 => "invalid_request",
        _ => "access_denied",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_the_catalogue_can_be_shown() {
        for row in catalogue::rows() {
            let Some(name) = row.fault else { continue };
            let mistake = Mistake::of(name).unwrap_or_else(|| panic!("{}: {name}", row.code));
            assert!(!mistake.shows().is_empty(), "{name}");
            assert!(
                mistake.without_api_scope == mistake.faults.is_empty(),
                "{name}"
            );
        }
        assert!(Mistake::of("no-such-fault").is_none() && Mistake::of("list").is_none());
    }

    #[test]
    fn the_list_has_every_fault_with_the_title_of_its_finding() {
        let list = list();
        for name in names() {
            let row = shown_by(name)[0];
            let line = list
                .lines()
                .find(|line| line.split(' ').next() == Some(name));
            assert!(line.is_some_and(|line| line.ends_with(row.title)), "{name}");
        }
    }

    #[test]
    fn what_follows_from_another_finding_is_not_to_be_expected() {
        let shown = shown_by("token-error-53003");
        assert_eq!(shown.len(), 1, "{shown:?}");
        assert!(!shown[0].code.starts_with("VST-AADSTS-"));
    }
}

use std::collections::HashMap;

use super::*;
use crate::claims::ClaimPath;

/// One of each.
fn all(reasons: &[Reason]) -> Vec<Outcome<'_>> {
    let mut all = vec![
        Outcome::Read,
        Outcome::FieldsDropped,
        Outcome::Refused(Refusal::LineEnd),
        Outcome::Refused(Refusal::RouteAmbiguous),
        Outcome::Refused(Refusal::HostUnknown),
        Outcome::Own,
        Outcome::Found,
        Outcome::NotFound,
        Outcome::NotNeeded,
        Outcome::Absent(AbsentCookie::None),
        Outcome::Absent(AbsentCookie::Malformed),
        Outcome::Absent(AbsentCookie::Ambiguous),
        Outcome::Malformed(MalformedCredential::AuthorizationRepeated),
        Outcome::Malformed(MalformedCredential::AuthorizationSyntax),
        Outcome::Handle,
        Outcome::Bearer,
        Outcome::OtherScheme,
        Outcome::NotAsked,
        Outcome::SessionUnknown,
        Outcome::Session,
        Outcome::StoreUnavailable,
        Outcome::SignedIn,
        Outcome::PreflightAllowed,
        Outcome::Public,
        Outcome::Anyone,
        Outcome::SignedInSuffices,
        Outcome::Allowed,
    ];
    let signed_out = [
        SignedOut::NoCookie,
        SignedOut::CookieMalformed,
        SignedOut::CookieAmbiguous,
        SignedOut::SessionUnknown,
        SignedOut::SessionIdle,
        SignedOut::SessionOver,
        SignedOut::SessionFromTheFuture,
        SignedOut::SessionOfOtherSite,
        SignedOut::SessionOfOtherProvider,
    ];
    let nobody = signed_out.map(NotAuthenticated::SignedOut).into_iter();
    let nobody = nobody.chain([
        NotAuthenticated::AuthorizationNotAccepted,
        NotAuthenticated::Malformed(MalformedCredential::AuthorizationSyntax),
        NotAuthenticated::StoreUnavailable,
    ]);
    all.extend(nobody.map(Outcome::NotAuthenticated));
    all.extend(
        [
            CrossOrigin::OriginNotAllowed,
            CrossOrigin::SiteNotSame,
            CrossOrigin::NoProof,
            CrossOrigin::HeaderMissing,
        ]
        .map(Outcome::CrossOrigin),
    );
    all.extend(
        [
            Kind::Forward,
            Kind::Own,
            Kind::SignIn,
            Kind::KeepPost,
            Kind::Challenge,
            Kind::Forbid,
            Kind::CrossOrigin,
            Kind::Preflight,
            Kind::NotFound,
            Kind::Unavailable,
            Kind::Refuse,
            Kind::BadCredential,
        ]
        .map(Outcome::Decided),
    );
    all.extend(reasons.iter().map(Outcome::NotAllowed));
    all
}

#[test]
fn a_code_stands_for_one_fact_whichever_stage_finds_it() {
    let claim = || ClaimPath::new("groups");
    let reasons = [
        Reason::All,
        Reason::Any,
        Reason::Not,
        Reason::NoRules,
        Reason::ClaimMatches(claim()),
        Reason::ClaimDiffers(claim()),
        Reason::ClaimOfAnotherKind(claim()),
        Reason::ClaimMissing(claim()),
        Reason::Nameless(claim()),
        Reason::GroupsOverage,
        Reason::ScopeGranted,
        Reason::ScopeNotGranted,
        Reason::MethodMatches,
        Reason::MethodDiffers,
        Reason::NetworkMatches,
        Reason::NetworkDiffers,
    ];
    let mut told = HashMap::new();
    for outcome in all(&reasons) {
        let words = outcome.words();
        assert!(!words.is_empty(), "{outcome:?}");
        let code = outcome.code();
        let first = told.entry(code).or_insert_with(|| words.clone());
        assert_eq!(*first, words, "{code}");
    }
}

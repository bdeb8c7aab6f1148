//! Holds what a stage may end with: for each outcome its stable code, and how people are told of it.

use std::borrow::Cow;

use crate::authenticate::{NotAuthenticated, SignedOut};
use crate::credential::{AbsentCookie, Credential, MalformedCredential};
use crate::decision::Kind;
use crate::evidence::Evidence;
use crate::origin::CrossOrigin;
use crate::refusal::Refusal;
use crate::rule::{Judgement, Reason, Verdict};

/// What a stage ended with. Exhaustive: each has its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'t> {
    /// The request was read.
    Read,
    /// It was read, and fields with strange names were dropped.
    FieldsDropped,
    /// It was not read, or nobody can say where it goes.
    Refused(Refusal),
    /// One of our own endpoints.
    Own,
    /// A route.
    Found,
    /// No route.
    NotFound,
    /// No credential was looked for.
    NotNeeded,
    /// No session handle came along.
    Absent(AbsentCookie),
    /// A credential nobody can read.
    Malformed(MalformedCredential),
    /// A session handle came along.
    Handle,
    /// An `Authorization` field with the `Bearer` scheme.
    Bearer,
    /// An `Authorization` field with another scheme.
    OtherScheme,
    /// There was nothing to ask the store about.
    NotAsked,
    /// The store knows no such session.
    SessionUnknown,
    /// The store knows the session.
    Session,
    /// The store can't be asked.
    StoreUnavailable,
    /// Somebody is signed in.
    SignedIn,
    /// It comes from nobody we know.
    NotAuthenticated(NotAuthenticated),
    /// A preflight that the route allows.
    PreflightAllowed,
    /// Another page may have sent it.
    CrossOrigin(CrossOrigin),
    /// The route is public.
    Public,
    /// The route is for anyone, and nobody is signed in.
    Anyone,
    /// The route asks for no more than to be signed in.
    SignedInSuffices,
    /// The route's rule holds.
    Allowed,
    /// It does not, for this reason.
    NotAllowed(&'t Reason),
    /// What is done with the request.
    Decided(Kind),
}

impl<'t> Outcome<'t> {
    pub(super) fn of(judgement: &'t Judgement) -> Self {
        match judgement.verdict {
            Verdict::Holds => Self::Allowed,
            Verdict::Fails | Verdict::Unknown => Self::NotAllowed(&judgement.decisive().reason),
        }
    }

    /// The stable code. It stands for one fact, whichever stage finds it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::FieldsDropped => "fields_dropped",
            Self::Refused(why) => why.code(),
            Self::Own => "own",
            Self::Found => "found",
            Self::NotFound => "not_found",
            Self::NotNeeded => "not_needed",
            Self::Absent(AbsentCookie::None) => "absent",
            Self::Absent(AbsentCookie::Malformed) => "cookie_malformed",
            Self::Absent(AbsentCookie::Ambiguous) => "cookie_ambiguous",
            Self::Malformed(why) => why.code(),
            Self::Handle | Self::Session => "session",
            Self::Bearer => "bearer",
            Self::OtherScheme => "authorization_other_scheme",
            Self::NotAsked => "not_asked",
            Self::SessionUnknown => SignedOut::SessionUnknown.code(),
            Self::StoreUnavailable => NotAuthenticated::StoreUnavailable.code(),
            Self::SignedIn => "signed_in",
            Self::NotAuthenticated(why) => why.code(),
            Self::PreflightAllowed => "preflight_allowed",
            Self::CrossOrigin(why) => why.code(),
            Self::Public => "public",
            Self::Anyone => "anyone",
            Self::SignedInSuffices => "signed_in_suffices",
            Self::Allowed => "allowed",
            Self::NotAllowed(why) => why.code(),
            Self::Decided(kind) => kind.as_str(),
        }
    }

    /// The outcome in words, as a part of a sentence.
    #[must_use]
    pub fn words(self) -> Cow<'static, str> {
        let words = match self {
            Self::Read => "read without doubt",
            Self::FieldsDropped => "read; headers with `_` or `.` in their names were dropped",
            Self::Refused(why) => return of_refusal(why),
            Self::Own => "one of our own endpoints",
            Self::Found => "this route",
            Self::NotFound => "no route has this path",
            Self::NotNeeded => "nothing is looked for: the route is public",
            Self::Absent(AbsentCookie::None) => "the request brings no session cookie",
            Self::Absent(AbsentCookie::Malformed) => of_signed_out(SignedOut::CookieMalformed),
            Self::Absent(AbsentCookie::Ambiguous) => of_signed_out(SignedOut::CookieAmbiguous),
            Self::Malformed(why) => of_malformed(why),
            Self::Handle | Self::Session => "a session",
            Self::Bearer => "an `Authorization` header with a bearer token",
            Self::OtherScheme => "an `Authorization` header with another scheme than Bearer",
            Self::NotAsked => "there is nothing to ask the store about",
            Self::SessionUnknown => of_signed_out(SignedOut::SessionUnknown),
            Self::StoreUnavailable => "the store can't be asked",
            Self::SignedIn => "signed in",
            Self::NotAuthenticated(why) => of_nobody(why),
            Self::PreflightAllowed => "a preflight of an allowed origin",
            Self::CrossOrigin(why) => of_cross_origin(why),
            Self::Public => "anybody may pass",
            Self::Anyone => "anybody may pass, and nobody is signed in",
            Self::SignedInSuffices => "who is signed in may pass",
            Self::Allowed => "the route's rule holds",
            Self::NotAllowed(why) => of_reason(why),
            Self::Decided(kind) => of_kind(kind),
        };
        Cow::Borrowed(words)
    }
}

impl From<&Credential> for Outcome<'static> {
    fn from(credential: &Credential) -> Self {
        match credential {
            Credential::NotNeeded => Self::NotNeeded,
            Credential::Absent(how) => Self::Absent(*how),
            Credential::Malformed(why) => Self::Malformed(*why),
            Credential::Session(_) => Self::Handle,
            Credential::Bearer => Self::Bearer,
            Credential::OtherScheme => Self::OtherScheme,
        }
    }
}

impl From<&Evidence> for Outcome<'static> {
    fn from(evidence: &Evidence) -> Self {
        match evidence {
            Evidence::NotAsked => Self::NotAsked,
            Evidence::NoSession => Self::SessionUnknown,
            Evidence::Session(_) => Self::Session,
            Evidence::StoreUnavailable => Self::StoreUnavailable,
        }
    }
}

/// A refusal in its own words, of which the first half is the stage.
fn of_refusal(why: Refusal) -> Cow<'static, str> {
    if why == Refusal::HostUnknown {
        return Cow::Borrowed("no public URL has this host");
    }
    let whole = why.to_string();
    match whole.split_once(": ") {
        Some((_, what)) => Cow::Owned(what.to_owned()),
        None => Cow::Owned(whole),
    }
}

const fn of_malformed(why: MalformedCredential) -> &'static str {
    match why {
        MalformedCredential::AuthorizationRepeated => "more than one `Authorization` header",
        MalformedCredential::AuthorizationSyntax => "an `Authorization` header that is none",
    }
}

const fn of_nobody(why: NotAuthenticated) -> &'static str {
    match why {
        NotAuthenticated::SignedOut(why) => of_signed_out(why),
        NotAuthenticated::AuthorizationNotAccepted => "no route takes an `Authorization` header",
        NotAuthenticated::Malformed(why) => of_malformed(why),
        NotAuthenticated::StoreUnavailable => "the store can't be asked",
    }
}

const fn of_signed_out(why: SignedOut) -> &'static str {
    match why {
        SignedOut::NoCookie => "nobody is signed in",
        SignedOut::CookieMalformed => "the session cookie is none of ours",
        SignedOut::CookieAmbiguous => {
            "there are several session cookies, between which nobody can choose"
        }
        SignedOut::SessionUnknown => "the store knows no such session",
        SignedOut::SessionIdle => "the session was not used for too long",
        SignedOut::SessionOver => "the session is over",
        SignedOut::SessionFromTheFuture => "the session begins later than it is now",
        SignedOut::SessionOfOtherSite => "the session is of another site",
        SignedOut::SessionOfOtherProvider => {
            "the session is of another provider than the route wants"
        }
    }
}

const fn of_cross_origin(why: CrossOrigin) -> &'static str {
    match why {
        CrossOrigin::OriginNotAllowed => "it comes from a page of another origin",
        CrossOrigin::SiteNotSame => "the browser says that it comes from another site",
        CrossOrigin::NoProof => "nothing proves that it comes from a page of the same origin",
        CrossOrigin::HeaderMissing => "the route's anti-forgery header is not there",
    }
}

const fn of_reason(why: &Reason) -> &'static str {
    match why {
        Reason::All => "one of its parts does not hold",
        Reason::Any => "none of its parts holds",
        Reason::Not => "what it excludes holds",
        Reason::NoRules => "there is nothing in the rule that could hold",
        Reason::ClaimMatches(_) => "a claim has a value that it excludes",
        Reason::ClaimDiffers(_) => "a claim has another value",
        Reason::ClaimOfAnotherKind(_) => "a claim is of another kind than the rule's values",
        Reason::ClaimMissing(_) => "a claim is not there",
        Reason::Nameless(_) => {
            "the claim that names the person is not there, or not as the route's `user` has to have it"
        }
        Reason::GroupsOverage => "the provider left the groups out because there are too many",
        Reason::ScopeGranted => "a scope was granted that it excludes",
        Reason::ScopeNotGranted => "none of the scopes was granted at sign-in",
        Reason::MethodMatches => "a method that it excludes",
        Reason::MethodDiffers => "another method",
        Reason::NetworkMatches => "it comes from a network that the rule excludes",
        Reason::NetworkDiffers => "it comes from another network",
    }
}

const fn of_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Forward => "it goes to the upstream",
        Kind::Own => "one of our own endpoints",
        Kind::SignIn => "the person is sent to sign in",
        Kind::KeepPost => "the person is sent to sign in, and the form is kept until they are back",
        Kind::Challenge => "turned away, and told to sign in",
        Kind::Forbid => "signed in, and not allowed",
        Kind::CrossOrigin => "sent by a page of another origin",
        Kind::Preflight => "the preflight is allowed",
        Kind::NotFound => "no route has this path",
        Kind::Unavailable => "nobody is signed out; later it may work",
        Kind::Refuse => "refused",
        Kind::BadCredential => "the credential can't be read",
    }
}

#[cfg(test)]
mod tests;

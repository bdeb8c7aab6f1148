//! Whether a request may go to its upstream. The only place that says yes.

use std::sync::Arc;

use vestibule_session::record::{Groups, GroupsUnknown};
use vestibule_session::store::Stored;

use crate::authenticate::Authenticated;
use crate::claims::{ClaimPath, Claims};
use crate::request::Request;
use crate::route::Matched;
use crate::rule::{Judgement, Reason, Requirement, Subject, Verdict, judge};

/// Leave to send one request to one upstream. Only [`authorize`], [`authorize_public`] and [`authorize_nobody`]
/// make one; whoever sends to an upstream asks for it.
#[derive(Debug)]
pub struct Authorized<'g> {
    matched: Matched<'g>,
    session: Option<Arc<Stored>>,
}

impl<'g> Authorized<'g> {
    /// The route it takes.
    #[must_use]
    pub const fn matched(&self) -> &Matched<'g> {
        &self.matched
    }

    /// The session of who sent it. None on a public route, whoever sent it, and of somebody who is not signed in on
    /// one for anyone.
    #[must_use]
    pub const fn session(&self) -> Option<&Arc<Stored>> {
        self.session.as_ref()
    }
}

/// Why somebody who is signed in may not pass.
#[derive(Debug, Clone, PartialEq)]
pub struct NotAuthorized {
    /// The judgement of the route's rule.
    pub judgement: Judgement,
    /// If it was settled by groups of which nothing is known: why that is so.
    pub groups_unknown: Option<GroupsUnknown>,
}

impl NotAuthorized {
    fn of(judgement: Judgement, claims: &Claims<'_>) -> Self {
        let by_groups = judgement.decisive().reason == Reason::GroupsOverage;
        let told = || claims.groups.and_then(Groups::why_unknown);
        Self {
            groups_unknown: by_groups.then(|| told().unwrap_or(GroupsUnknown::NowhereToAsk)),
            judgement,
        }
    }

    /// The stable code of what settled it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.judgement.decisive().reason.code()
    }
}

/// Lets the request through if the route's rule holds for who sent it. The judgement comes along
/// for the trace; routes without rules have none.
///
/// # Errors
///
/// [`NotAuthorized`] if the rule fails or can't be known; if the upstream is to be told groups that
/// nobody knows: to it, none told is none there; and if the person lacks the claim that names them:
/// without a name, or under what else they have, they could be somebody else to it.
pub fn authorize<'g>(
    authenticated: Authenticated<'g>,
    request: &Request,
) -> Result<(Authorized<'g>, Option<Judgement>), NotAuthorized> {
    let (matched, session) = authenticated.into_parts();
    let judgement = match &matched.route().require {
        Requirement::Public | Requirement::Anyone | Requirement::SignedIn => None,
        Requirement::Rules(rule) => {
            let subject = Subject {
                claims: Claims::of(&session),
                granted_scopes: session.record().granted_scopes().collect(),
                method: request.method(),
                client_ip: request.client_ip(),
            };
            let judgement = judge(rule, &subject);
            if judgement.verdict != Verdict::Holds {
                return Err(NotAuthorized::of(judgement, &subject.claims));
            }
            Some(judgement)
        }
    };
    let (route, claims) = (matched.route(), Claims::of(&session));
    if route.headers.needs_groups() && claims.lacks_groups() {
        let judgement = Judgement::unknown(Reason::GroupsOverage);
        return Err(NotAuthorized::of(judgement, &claims));
    }
    if !route.knows(&claims) {
        let first = route.user.first().cloned();
        let first = first.unwrap_or_else(|| ClaimPath::new("sub"));
        let judgement = Judgement::unknown(Reason::Nameless(first));
        return Err(NotAuthorized::of(judgement, &claims));
    }
    Ok((
        Authorized {
            matched,
            session: Some(session),
        },
        judgement,
    ))
}

/// Lets the request of somebody who is not signed in through on a route for anyone, and on no other.
///
/// # Errors
///
/// Gives the match back if the route is for others.
pub fn authorize_nobody(matched: Matched<'_>) -> Result<Authorized<'_>, Matched<'_>> {
    match matched.route().require {
        Requirement::Anyone => Ok(Authorized {
            matched,
            session: None,
        }),
        _ => Err(matched),
    }
}

/// Lets the request through on a public route, and on no other.
///
/// # Errors
///
/// Gives the match back if the route is not public.
pub fn authorize_public(matched: Matched<'_>) -> Result<Authorized<'_>, Matched<'_>> {
    if matched.route().is_public() {
        Ok(Authorized {
            matched,
            session: None,
        })
    } else {
        Err(matched)
    }
}

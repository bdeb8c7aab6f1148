//! Decides which of our own endpoints a request is for, and whether that takes it.
//!
//! The running proxy answers by it, and `vestibule explain --request` says by it what the answer will be.

use std::borrow::Cow;

use vestibule_gate::method::Method;
use vestibule_gate::redirect_action::RedirectAction;
use vestibule_gate::request::Request;
use vestibule_oidc::authorization::ResponseMode;
use vestibule_session::site::Site;

use super::path::{self, OwnEndpoint};
use crate::provider::ProviderPlan;

/// A provider, as far as its addresses decide what a request is for.
#[derive(Debug, Clone)]
pub struct Addresses<'p> {
    /// Its name.
    pub name: Cow<'p, str>,
    /// Where its answers come to, if that is another path than our own below `/.vestibule/`.
    pub redirect_path: Option<&'p str>,
    /// Whether that path does more than take answers.
    pub acts: bool,
    /// Whether people sign in with it at the host that the request is for. Elsewhere it has no address.
    pub is_here: bool,
    /// Whether its answers come as a form that the browser posts.
    pub is_posted: bool,
}

impl<'p> Addresses<'p> {
    /// Those of a running plan at this site.
    pub(super) fn of(plan: &'p ProviderPlan, site: &Site) -> Self {
        Self {
            name: Cow::Borrowed(&plan.name),
            redirect_path: plan.redirect_path.as_deref(),
            acts: plan.redirect_actions.is_some(),
            is_here: plan.is_for(site),
            is_posted: plan.response_mode == ResponseMode::FormPost,
        }
    }
}

/// Why none of our own endpoints answers a request for one. Exhaustive: each has its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotServed {
    /// There is none at this path.
    NotFound,
    /// A provider would end sessions here, and sessions are with the browsers alone: to say that they are gone would be
    /// untrue.
    SessionsCarried,
    /// It takes other methods: these.
    OtherMethod(&'static str),
}

impl NotServed {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::SessionsCarried => "logout_by_provider_with_cookie_store",
            Self::OtherMethod(_) => "method_not_allowed",
        }
    }

    /// The status of the answer.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::NotFound | Self::SessionsCarried => 404,
            Self::OtherMethod(_) => 405,
        }
    }
}

/// Whether one of our own endpoints takes this request, which came to a path of ours.
///
/// `sessions_carried`: sessions are kept in the browsers' cookies.
///
/// # Errors
/// None is there, or it takes no such request.
pub fn served(
    request: &Request,
    providers: &[Addresses<'_>],
    sessions_carried: bool,
) -> Result<(), NotServed> {
    endpoint(request, providers, sessions_carried).map(|_| ())
}

/// The endpoint that takes this request.
pub(super) fn endpoint(
    request: &Request,
    providers: &[Addresses<'_>],
    sessions_carried: bool,
) -> Result<OwnEndpoint, NotServed> {
    let several = providers.len() > 1;
    let path = request.path().as_str();
    let endpoint = providers
        .iter()
        .find(|provider| provider.is_here && provider.redirect_path == Some(path))
        .map(|provider| {
            let name = provider.name.clone().into_owned();
            match RedirectAction::of(request).filter(|_| provider.acts) {
                Some(action) => OwnEndpoint::RedirectAction(action, name),
                None => OwnEndpoint::Callback(Some(name)),
            }
        })
        .or_else(|| OwnEndpoint::parse(path, several))
        .ok_or(NotServed::NotFound)?;
    if endpoint.is_for_providers() && sessions_carried {
        return Err(NotServed::SessionsCarried);
    }
    let named = |name: &Option<String>| {
        let found = match (name, providers) {
            (Some(name), all) => all.iter().find(|provider| provider.name == name.as_str()),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        found.filter(|provider| provider.is_here)
    };
    let allowed = match &endpoint {
        OwnEndpoint::Callback(name) => {
            // One that has its answers sent elsewhere takes none here.
            let takes = |provider: &&Addresses<'_>| match provider.redirect_path {
                Some(own) => own == path,
                None => path::callback(&provider.name, several) == path,
            };
            let provider = named(name).filter(takes).ok_or(NotServed::NotFound)?;
            match provider.is_posted {
                true => "GET, HEAD, POST",
                false => "GET, HEAD",
            }
        }
        OwnEndpoint::BackChannelLogout(name) | OwnEndpoint::FrontChannelLogout(name)
            if named(name).is_none() =>
        {
            return Err(NotServed::NotFound);
        }
        // What each of these takes is in its name.
        OwnEndpoint::RedirectAction(..) => return Ok(endpoint),
        OwnEndpoint::SignOut | OwnEndpoint::Me => "GET, HEAD, POST",
        OwnEndpoint::BackChannelLogout(_) => "POST",
        OwnEndpoint::Events => "GET",
        OwnEndpoint::SignIn | OwnEndpoint::SignedOut | OwnEndpoint::FrontChannelLogout(_) => {
            "GET, HEAD"
        }
    };
    match is_among(request.method(), allowed) {
        true => Ok(endpoint),
        false => Err(NotServed::OtherMethod(allowed)),
    }
}

fn is_among(method: &Method, allowed: &str) -> bool {
    allowed.split(", ").any(|one| one == method.as_str())
}

#[cfg(test)]
mod tests;

//! Whether there is user info for the routes that pass it whole.

use super::{Tables, providers_of};
use crate::read::{At, Context};
use crate::section::provider::{ProviderKind, UserInfo};
use crate::section::route::{HeaderSource, RouteSettings, UserinfoForm};

/// A header that is set nowhere is a mistake that only its upstream would tell of.
pub(super) fn passed(context: &Context<'_>, tables: &Tables<'_>, route: &At<RouteSettings>) {
    let headers = &route.value.headers;
    let by_form = |form| headers.userinfo.iter().flatten().any(|one| *one == form);
    let by_source = |source| headers.own.iter().any(|own| own.source == source);
    let jwt = by_form(UserinfoForm::Jwt) || by_source(HeaderSource::UserinfoJwt);
    let json = by_form(UserinfoForm::Json) || by_source(HeaderSource::Userinfo);
    let mut providers = providers_of(tables, route).peekable();
    if !(jwt || json) || providers.peek().is_none() {
        return;
    }
    let (mut none_asked, mut none_signed) = (true, true);
    for provider in providers {
        let is_entra = provider.kind == ProviderKind::Entra;
        none_asked &= match provider.userinfo {
            UserInfo::Off => true,
            UserInfo::On => false,
            UserInfo::WhenAdvertised | UserInfo::WhenSigned => is_entra,
        };
        none_signed &= is_entra;
    }
    let (message, help) = match (none_asked, none_signed && jwt) {
        (true, _) => (
            "user info is not asked for, so the upstream is told none",
            "write userinfo = true for the provider, or take it out of `headers`",
        ),
        (false, true) => (
            "Entra sends user info as plain JSON, so the upstream is told no signed one",
            "write \"json\" or \"@userinfo\"; the upstream can verify the ID token, which id_token = \"serialized\" passes",
        ),
        (false, false) => return,
    };
    context.warning(
        route.marks.of("headers"),
        route.marks.key("headers"),
        message,
        help,
    );
}

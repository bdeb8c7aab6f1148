//! What several routes' access tokens mean for the one sign-in they come from.

use super::{Tables, entra};
use crate::read::{At, Context};
use crate::section::provider::{ProviderKind, ProviderSettings};
use crate::section::route::{AccessToken, HeaderSource, RouteSettings};

/// What a route asks for, comparable.
#[derive(PartialEq, Eq)]
struct Wanted<'r> {
    scopes: Vec<&'r str>,
    resource: Option<&'r str>,
    audience: Option<&'r str>,
}

impl<'r> Wanted<'r> {
    fn by(route: &'r RouteSettings) -> Option<Self> {
        let Some(AccessToken::Resource {
            scopes,
            resource,
            audience,
        }) = &route.access_token
        else {
            return None;
        };
        let mut scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        scopes.sort_unstable();
        Some(Self {
            scopes,
            resource: resource.as_deref(),
            audience: audience.as_deref(),
        })
    }
}

pub(super) fn check(context: &Context<'_>, tables: &Tables<'_>, provider: &At<ProviderSettings>) {
    let is_here = |route: &&At<RouteSettings>| {
        tables.providers.len() == 1 || route.value.provider == provider.value.name
    };
    let here = || tables.routes.iter().filter(is_here);
    here().for_each(|route| header(context, route));
    let mut asking = here().filter_map(|route| Some((route, Wanted::by(&route.value)?)));
    let Some((first, own)) = asking.next() else {
        return;
    };
    if entra::one_api(context, provider, first, &own.scopes) {
        entra::sign_in_scopes(context, provider, first, &own.scopes);
    }
    audience(context, provider, first, &own);
    for (route, wanted) in asking.filter(|(_, wanted)| *wanted != own) {
        entra::one_api(context, provider, route, &wanted.scopes);
        renewal(context, provider, route, first);
        resources(context, provider, (route, &wanted), (first, &own));
        audience(context, provider, route, &wanted);
    }
    for route in here().filter(|route| route.value.access_token == Some(AccessToken::SignIn)) {
        context.error(
            route.marks.of("access_token"),
            route.marks.key("access_token"),
            format!(
                "the sign-in's token is the one the route {} asks for",
                first.value.path
            ),
            "write the same access_token on both",
        );
    }
}

/// A token reaches the upstream in a header that somebody asked for; none is the default.
fn header(context: &Context<'_>, route: &At<RouteSettings>) {
    let set = &route.value;
    let own = &set.headers.own;
    if set.access_token.is_none()
        || set.bearer
        || set.headers.preset.is_some()
        || own
            .iter()
            .any(|own| own.source == HeaderSource::AccessToken)
    {
        return;
    }
    context.warning(
        route.marks.of("access_token"),
        route.marks.key("access_token"),
        "no header takes this token to the upstream",
        "add authorization = \"bearer\", or a header with \"@access_token\" to `headers`",
    );
}

/// All tokens but the first are fetched with the refresh token.
fn renewal(
    context: &Context<'_>,
    provider: &At<ProviderSettings>,
    route: &At<RouteSettings>,
    first: &At<RouteSettings>,
) {
    let provider = &provider.value;
    // Google's own way to say it.
    let offline = |(name, value): &(String, String)| name == "access_type" && value == "offline";
    if provider
        .scopes
        .iter()
        .any(|scope| scope == "offline_access")
        || provider.authorization_parameters.iter().any(offline)
    {
        return;
    }
    context.warning(
        route.marks.of("access_token"),
        route.marks.key("access_token"),
        format!(
            "sign-in brings the token for {}; this one is fetched with a refresh token, which is not asked for: \
             people would be sent to the provider once more for each",
            first.value.path
        ),
        "add \"offline_access\" to `scopes` of the provider",
    );
}

/// RFC 8707 §2.2: with some resources named at sign-in, what a token without one is for is the provider's guess.
fn resources(
    context: &Context<'_>,
    provider: &At<ProviderSettings>,
    (route, wanted): (&At<RouteSettings>, &Wanted<'_>),
    (first, own): (&At<RouteSettings>, &Wanted<'_>),
) {
    if provider.value.kind == ProviderKind::Entra
        || wanted.resource.is_some() == own.resource.is_some()
    {
        return;
    }
    let (with, without) = match own.resource {
        Some(_) => (first, route),
        None => (route, first),
    };
    context.error(
        route.marks.of("access_token"),
        route.marks.key("access_token"),
        format!(
            "the route {} names a resource and {} none, and a sign-in that names one gives no token without",
            with.value.path, without.value.path
        ),
        format!("add resource = \"…\" to access_token of {}", without.value.path),
    );
}

fn audience(
    context: &Context<'_>,
    provider: &At<ProviderSettings>,
    route: &At<RouteSettings>,
    wanted: &Wanted<'_>,
) {
    let parameters = &provider.value.authorization_parameters;
    if wanted.audience.is_some() && parameters.iter().any(|(name, _)| name == "audience") {
        context.error(
            route.marks.of("access_token"),
            route.marks.key("access_token"),
            "the audience is set for every sign-in too, in `authorization_parameters`",
            "take it out there; each route names its own",
        );
    }
}

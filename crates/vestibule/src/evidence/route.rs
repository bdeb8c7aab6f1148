//! A route: its rules, its token, its headers.

use vestibule_config::{
    AccessToken, ClaimValue, HeaderPreset, HeaderSource, Require, RouteSettings, RuleSettings,
    UpstreamTls,
};
use vestibule_diagnosis::evidence::{self, AskedToken, ClaimRule};

/// What a route is called everywhere: its host and its path.
pub(crate) fn name(route: &RouteSettings) -> String {
    format!(
        "{}{}",
        route.host.as_deref().unwrap_or_default(),
        route.path
    )
}

/// The file of authorities that a route's upstream is believed by, if it names one.
pub(crate) fn upstream_ca(route: &RouteSettings) -> Option<String> {
    match &route.upstream.tls {
        UpstreamTls::Ca(file) => Some(file.display().to_string()),
        UpstreamTls::System | UpstreamTls::Insecure => None,
    }
}

pub(super) fn settings(route: &RouteSettings) -> evidence::RouteSettings {
    let mut found = evidence::RouteSettings::default();
    found.name = Some(name(route));
    found.host.clone_from(&route.host);
    found.path = Some(route.path.clone());
    found.upstream = Some(route.upstream.url.to_string());
    found.upstream_ca = upstream_ca(route);
    found.keep_prefix = Some(route.keep_prefix);
    found.upstream_header_limit_bytes = route.upstream_max_head;
    found.public = Some(route.require == Require::Public);
    if let Require::Rule(rule) = &route.require {
        claim_rules(rule, &mut found.rules);
    }
    found.forbidden_signs_in = Some(false);
    found.token = Some(match &route.access_token {
        None => AskedToken::None,
        Some(AccessToken::SignIn) => AskedToken::SignIn,
        Some(AccessToken::Resource {
            scopes,
            resource,
            audience,
        }) => {
            let named = || resource.clone().or_else(|| audience.clone());
            AskedToken::Scope(match scopes.is_empty() {
                true => named().unwrap_or_default(),
                false => scopes.join(" "),
            })
        }
    });
    found.user_claims.clone_from(&route.user);
    for header in &route.headers.own {
        if header.source != HeaderSource::Nothing {
            found.header_names.push(header.name.clone());
        }
        match &header.source {
            HeaderSource::Claim(claim) => found.header_claims.push(claim.clone()),
            HeaderSource::User
            | HeaderSource::IdToken
            | HeaderSource::Userinfo
            | HeaderSource::UserinfoJwt
            | HeaderSource::Constant(_)
            | HeaderSource::Nothing => {}
            HeaderSource::AccessToken => found.token_header = Some(header.name.clone()),
        }
    }
    if let Some(preset) = route.headers.preset {
        let (names, token): (&[&str], _) = match preset {
            HeaderPreset::ModAuthOpenidc => (&["OIDC_access_token"], "OIDC_access_token"),
            HeaderPreset::Oauth2Proxy => (
                &[
                    "X-Forwarded-User",
                    "X-Forwarded-Email",
                    "X-Forwarded-Preferred-Username",
                    "X-Forwarded-Groups",
                    "X-Forwarded-Access-Token",
                ],
                "X-Forwarded-Access-Token",
            ),
        };
        let names = names.iter().map(|name| (*name).to_owned());
        found.header_names.extend(names);
        found.token_header.get_or_insert_with(|| token.to_owned());
    }
    if route.bearer {
        found.header_names.push("Authorization".to_owned());
        found.token_header = Some("Authorization".to_owned());
    }
    found.passes_own_cookies = Some(false);
    found.passes_origin = Some(false);
    found
}

/// Every claim a rule looks at, with the values it accepts; what is under `not` counts as looked at.
fn claim_rules(rule: &RuleSettings, found: &mut Vec<ClaimRule>) {
    match rule {
        RuleSettings::All(rules) | RuleSettings::Any(rules) => {
            for rule in rules {
                claim_rules(rule, found);
            }
        }
        RuleSettings::Not(rule) => claim_rules(rule, found),
        RuleSettings::Claim { name, any_of } => {
            found.push(ClaimRule::new(name, any_of.iter().map(text)));
        }
        // Which values it is found in, nobody can tell.
        RuleSettings::Matches { name, .. } if name != "groups" => {
            found.push(ClaimRule::new(name.as_str(), Vec::new()));
        }
        RuleSettings::Matches { .. } => {}
        RuleSettings::Groups(any_of) => found.push(ClaimRule::new("groups", any_of.clone())),
        RuleSettings::Roles(any_of) => found.push(ClaimRule::new("roles", any_of.clone())),
        RuleSettings::Scopes(any_of) => found.push(ClaimRule::new("scp", any_of.clone())),
        RuleSettings::Methods(_) | RuleSettings::Networks(_) => {}
    }
}

fn text(value: &ClaimValue) -> String {
    match value {
        ClaimValue::Text(text) => text.clone(),
        ClaimValue::Integer(number) => number.to_string(),
        ClaimValue::Boolean(truth) => truth.to_string(),
    }
}

//! The question to Microsoft Graph for groups that do not fit into a token.

use super::group::app_roles;
use crate::catalogue::Case;
use crate::cure::{add_scope, portal};
use crate::evidence::RouteSettings;
use crate::{Change, Evidence, Severity};

/// With whose permission we ask Microsoft Graph for groups that do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// The person's.
    Delegated,
    /// Our own.
    Application,
}

/// Whether, by our own settings, a route needs groups, and so Graph is asked.
pub(super) fn asks_graph(evidence: &Evidence) -> Option<Asks> {
    let settings = evidence.settings.as_ref()?;
    let by_app = evidence.provider()?.graph_application?;
    let of_route = evidence.route_settings().into_iter();
    let named = evidence.route.is_some();
    let mut routes = of_route.chain(settings.routes.iter().filter(|_| !named));
    let needs = |route: &RouteSettings| {
        route.rules.iter().any(|rule| rule.claim == "groups")
            || route.header_claims.iter().any(|claim| claim == "groups")
    };
    (evidence.is_entra() && routes.any(needs)).then_some(match by_app {
        true => Asks::Application,
        false => Asks::Delegated,
    })
}

impl Asks {
    pub(super) const fn why(self) -> &'static str {
        match self {
            Self::Delegated => {
                "Over 200 groups are not written into a token. Vestibule asks Microsoft Graph for them at sign-in, with \
                 the person's own permission, because a route needs them."
            }
            Self::Application => {
                "Over 200 groups are not written into a token. Vestibule asks Microsoft Graph for them at sign-in, with \
                 permissions of its own, because a route needs them."
            }
        }
    }

    /// What the question needs.
    pub(super) fn needs(self, evidence: &Evidence) -> Vec<Change> {
        match self {
            Self::Delegated => {
                let permission = Change::portal(
                    format!(
                        "{} > Add a permission > Microsoft Graph > Delegated",
                        portal::API_PERMISSIONS
                    ),
                    "See that `User.Read` is there and that admin consent is granted: nobody is asked in between.",
                );
                let offline =
                    lacks_offline_access(evidence).then(|| add_scope(evidence, "offline_access"));
                offline.into_iter().chain([permission]).collect()
            }
            Self::Application => vec![Change::portal(
                format!(
                    "{} > Add a permission > Microsoft Graph > Application",
                    portal::API_PERMISSIONS
                ),
                "See that `User.Read.All` and `GroupMember.Read.All` are there and that admin consent is granted.",
            )],
        }
    }
}

fn lacks_offline_access(evidence: &Evidence) -> bool {
    let scopes = evidence.scopes().unwrap_or_default();
    !scopes.is_empty() && !scopes.iter().any(|scope| scope == "offline_access")
}

/// Settings by which Graph would be asked, and can't be.
pub(super) fn can_not_ask(evidence: &Evidence) -> Option<Case> {
    let told = evidence.token.is_some()
        || evidence.id_token.is_some()
        || evidence.token_response.is_some()
        || evidence.provider_error.is_some()
        || evidence.text.is_some()
        || !evidence.probes.is_empty();
    if told || asks_graph(evidence)? != Asks::Delegated || !lacks_offline_access(evidence) {
        return None;
    }
    Some(
        Case::new("A route needs groups, and `offline_access` is not among the scopes.")
            .severity(Severity::Warning)
            .because(
                "For people in too many groups Vestibule asks Microsoft Graph, with a token got by the refresh token. \
                 Entra gives one only for `offline_access`; without it nothing is renewed either.",
            )
            .change(add_scope(evidence, "offline_access"))
            .change(app_roles()),
    )
}

/// A library or a log that repeats Graph's refusal.
pub(super) fn logged_forbidden(evidence: &Evidence) -> Option<Case> {
    let text = evidence.text.as_ref()?;
    let refused = text.says("insufficient privileges to complete the operation");
    let about = text.says_any(&["memberof", "getmembergroups", "getmemberobjects", "groups"]);
    (refused && about).then(|| {
        Case::new("Microsoft Graph says that there are not enough permissions to tell groups.")
            .change(Change::portal(
                format!(
                    "{} > Add a permission > Microsoft Graph",
                    portal::API_PERMISSIONS
                ),
                "For the person's own groups add `User.Read` (delegated), for others' `GroupMember.Read.All`; then Grant \
                 admin consent. With client credentials it is the application permission of that name.",
            ))
            .change(app_roles())
    })
}

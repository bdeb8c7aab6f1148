//! Who the person is, and whether they may go on: the browser's session, the account picker, the
//! person made on it, assignment and consent.

use http::Method;

use super::{
    Stop, own_action,
    request::{Addressed, Prompt, Wish},
};
use crate::{
    aadsts::{self, Refusal},
    directory::{Account, NewPerson},
    endpoints::Request,
    faults::Fault,
    grants::Version,
    pages::{ConsentPage, Picker},
    parameters::Parameters,
    provider::Provider,
    scope::{Permissions, Resource, Wanted},
    sessions::{Consented, SignedIn},
    settings::Consent,
};

/// The person at the browser.
pub(super) struct Present {
    pub(super) signed_in: SignedIn,
    /// The cookie to set when they have just signed in.
    pub(super) new_cookie: Option<String>,
}

/// Finds out who the person is.
pub(super) fn signed_in(
    provider: &Provider,
    addressed: &Addressed,
    wish: &Wish,
    parameters: &Parameters,
    request: &Request,
) -> Result<Present, Stop> {
    let fault = provider.faults.fire(|fault| match fault {
        Fault::AuthorizeError { error, aadsts } => Some((error.clone(), *aadsts)),
        _ => None,
    });
    if let Some((error, number)) = fault {
        return Err(Stop::Return(Refusal::faked(error, number)));
    }

    let cookie = request.cookie(&provider.cookie_name);
    let known = provider.sessions.signed_in(cookie);
    let mut problem = None;
    let mut new = NewPerson::default();
    let form = if request.method == Method::POST {
        parameters.value("account")
    } else {
        None
    };
    if let Some(chosen) = form {
        if request.is_cross_site() {
            let refusal = Refusal::new(aadsts::NOT_SUPPORTED, "a form of another site");
            return Err(Stop::Page(refusal));
        }
        // The consent page is answered by somebody who is signed in already.
        if parameters.value("decision").is_some()
            && let Some(signed_in) = known
                .iter()
                .find(|known| known.account.person.account == chosen)
        {
            return Ok(Present {
                signed_in: signed_in.clone(),
                new_cookie: None,
            });
        }
        let person = if chosen == "new" {
            new = new_person(parameters);
            provider
                .directory
                .add(new_person(parameters))
                .map_err(|text| problem = Some(text))
                .ok()
        } else {
            provider.directory.person(chosen)
        };
        match person {
            Some(person) => {
                let name = person.username.clone();
                let account = Account::through(&addressed.path, person)
                    .filter(|account| account.may_use(&addressed.client))
                    .ok_or_else(|| {
                        Stop::Page(Refusal::new(aadsts::ACCOUNT_NOT_IN_TENANT, &name))
                    })?;
                if account.person.disabled {
                    return Err(Stop::Page(Refusal::new(aadsts::ACCOUNT_DISABLED, &name)));
                }
                let (cookie, signed_in) =
                    provider.sessions.sign_in(cookie, account, provider.now());
                return Ok(Present {
                    signed_in,
                    new_cookie: Some(cookie),
                });
            }
            None => problem = problem.or_else(|| Some("Nobody of that name is here.".to_owned())),
        }
    }

    let mut fitting: Vec<SignedIn> = known
        .into_iter()
        .filter_map(|known| {
            // Seen again through this request's path: a guest here may be a member there.
            let person = std::sync::Arc::clone(&known.account.person);
            let account = Account::through(&addressed.path, person)?;
            account
                .may_use(&addressed.client)
                .then_some(SignedIn { account, ..known })
        })
        .collect();
    if let Some(hint) = &wish.login_hint {
        fitting.retain(|known| known.account.is_meant_by(hint));
    }
    match (wish.prompt, fitting.as_slice()) {
        (Prompt::None, []) => Err(Stop::Return(aadsts::NO_SESSION.into())),
        (Prompt::None | Prompt::Unsaid | Prompt::Consent, [only]) if problem.is_none() => {
            Ok(Present {
                signed_in: only.clone(),
                new_cookie: None,
            })
        }
        (Prompt::None, _) => Err(Stop::Return(aadsts::ACCOUNT_CHOICE_NEEDED.into())),
        _ => {
            let page = picker(
                provider, addressed, wish, parameters, &fitting, problem, new,
            );
            Err(Stop::Ask(Box::new(page)))
        }
    }
}

fn picker(
    provider: &Provider,
    addressed: &Addressed,
    wish: &Wish,
    parameters: &Parameters,
    signed_in: &[SignedIn],
    problem: Option<String>,
    new: NewPerson,
) -> crate::reply::Reply {
    let mut accounts: Vec<(Account, bool)> = provider
        .directory
        .people()
        .into_iter()
        .filter_map(|person| Account::through(&addressed.path, person))
        .filter(|account| account.may_use(&addressed.client))
        .map(|account| {
            let is_signed_in = signed_in
                .iter()
                .any(|known| known.account.oid == account.oid);
            (account, is_signed_in)
        })
        .collect();
    // Whom the client hints at comes first, then whoever is signed in.
    accounts.sort_by_key(|(account, is_signed_in)| {
        let is_meant = wish
            .login_hint
            .as_deref()
            .is_some_and(|hint| account.is_meant_by(hint));
        (!is_meant, !is_signed_in)
    });
    let (tenant, domain) = provider
        .directory
        .home()
        .map_or(("", ""), |home| (home.name.as_str(), home.domain.as_str()));
    provider.pages.pick_account(&Picker {
        app: &addressed.client.name,
        action: own_action(addressed, parameters),
        leads_to: &addressed.redirect_uri,
        accounts: &accounts,
        tenant,
        domain,
        problem: problem.as_deref(),
        new,
    })
}

fn new_person(parameters: &Parameters) -> NewPerson {
    let text = |name: &str| parameters.value(name).unwrap_or_default().to_owned();
    let kind = parameters.value("new_kind");
    NewPerson {
        name: text("new_name"),
        username: text("new_username"),
        personal: kind == Some("personal"),
        guest: kind == Some("guest"),
        group_count: text("new_groups"),
        roles: text("new_roles"),
    }
}

/// Whether the person may go on: not on v1.0 with a personal account, assigned, and in agreement.
pub(super) fn may_go_on(
    provider: &Provider,
    addressed: &Addressed,
    wish: &Wish,
    parameters: &Parameters,
    present: &Present,
) -> Result<(), Stop> {
    let account = &present.signed_in.account;
    let client = &addressed.client;
    if addressed.version == Version::V1 && account.person.is_personal() {
        return Err(Stop::Page(aadsts::PERSONAL_ACCOUNT_ON_V1.into()));
    }
    if !account.is_assigned_to(client) {
        let refusal = Refusal::new(aadsts::NOT_ASSIGNED, &account.person.username);
        return Err(match wish.prompt {
            Prompt::None => Stop::Return(refusal),
            _ => Stop::Page(refusal),
        });
    }

    let wanted = wanted(wish);
    let lacking: Vec<&Wanted> = wanted
        .iter()
        .filter(|one| !provider.has_consent(account, client, one))
        .collect();
    match parameters.value("decision") {
        Some("accept") => {
            let for_everyone = account.person.admin && parameters.value("for_everyone").is_some();
            let by = if for_everyone {
                &account.tenant
            } else {
                &account.oid
            };
            if client.consent == Consent::AdminOnly && !account.person.admin {
                return Err(Stop::Page(aadsts::ADMIN_CONSENT_REQUIRED.into()));
            }
            for one in &wanted {
                provider.sessions.consent(Consented::new(by, client, one));
            }
            return Ok(());
        }
        Some(_) => return Err(Stop::Return(aadsts::CONSENT_DECLINED.into())),
        None => {}
    }
    if lacking.is_empty() && wish.prompt != Prompt::Consent {
        return Ok(());
    }
    if wish.prompt == Prompt::None {
        return Err(Stop::Return(aadsts::CONSENT_REQUIRED_SILENT.into()));
    }
    if client.consent == Consent::AdminOnly && !account.person.admin {
        return Err(Stop::Page(aadsts::ADMIN_CONSENT_REQUIRED.into()));
    }
    let mut permissions = vec!["Sign you in and read your profile".to_owned()];
    if wish.asked.offline_access {
        permissions.push("Keep access to what you have given it access to".to_owned());
    }
    permissions.extend(wanted.iter().map(permission_text));
    let tenant = provider
        .directory
        .tenant(&account.tenant)
        .map_or("your organization", |tenant| tenant.name.as_str());
    Err(Stop::Ask(Box::new(provider.pages.consent(&ConsentPage {
        app: &client.name,
        action: own_action(addressed, parameters),
        leads_to: &addressed.redirect_uri,
        account,
        permissions,
        tenant,
    }))))
}

/// The resources named, or Graph.
fn wanted(wish: &Wish) -> Vec<Wanted> {
    if wish.asked.resources.is_empty() {
        vec![wish.asked.first()]
    } else {
        wish.asked.resources.clone()
    }
}

fn permission_text(wanted: &Wanted) -> String {
    match (&wanted.resource, &wanted.permissions) {
        (Resource::Api(api), Permissions::Named(names)) => {
            format!("Use {}: {}", api.name, names.join(", "))
        }
        (Resource::Api(api), Permissions::Granted { .. }) => {
            format!("Use {}: {}", api.name, api.scopes.join(", "))
        }
        (Resource::Graph, Permissions::Named(names)) if !names.is_empty() => {
            format!("Use Microsoft Graph: {}", names.join(", "))
        }
        (Resource::Graph | Resource::V1Userinfo, _) => "See your basic profile".to_owned(),
    }
}

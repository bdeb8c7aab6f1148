//! Names and subjects.

use vestibule_oidc::microsoft::PERSONAL_TENANT;

use crate::catalogue::{Case, Row};
use crate::cure::{portal, setting};
use crate::evidence::{Product, Token};
use crate::shown::{shown, shown_list};
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-USER-CLAIM",
        title: "the claim with the user's name is missing",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: ID token claims reference; optional claims reference",
        symptom: "The person is refused though the provider knows them, or signs in and the app says that it does not \
                  know who it is.",
        cause: "The claim is not in the token. In v2.0 tokens `upn` and `email` are optional claims, and \
                they are left out for guests, for accounts without a mailbox, and where the address's \
                domain is not verified.",
        cure: "Know people by `oid`, together with `tid` if there are several tenants. For showing, add \
               the optional claim and name a fallback.",
        fault: None,
        explains: &["VST-TOKEN-OPTIONAL-CLAIM"],
        judge: user_claim,
    },
    Row {
        code: "VST-TOKEN-OPTIONAL-CLAIM",
        title: "a user claim that v2.0 tokens carry only on request",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: optional claims reference",
        symptom: "Some people can't sign in, or the header with the user's name is empty.",
        cause: "Version 2.0 tokens carry this claim only if the registration asks for it, and even then \
                not for everybody.",
        cure: "Add the optional claim in the portal, and a fallback that is always there.",
        fault: None,
        explains: &[],
        judge: optional_claim,
    },
    Row {
        code: "VST-TOKEN-GUEST-NAME",
        title: "a guest's name with #EXT# in it",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: optional claims reference, `upn`",
        symptom: "Guests appear as name_home.com#EXT#@resource.com, and the app finds no such user.",
        cause: "That is a guest's user principal name in the tenant they are a guest of.",
        cure: "Know people by `oid`, and show `email` or `preferred_username`.",
        fault: None,
        explains: &[],
        judge: guest_name,
    },
    Row {
        code: "VST-TOKEN-SUBJECT",
        title: "two subjects of one person",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access token claims reference, `sub`; OIDC Core §8.1",
        symptom: "One person is two users: in two apps, or in the app and its API.",
        cause: "Entra makes `sub` different for every app a token is for. The ID token is for the sign-in \
                app, the access token for the API.",
        cure: "Know people by `oid` and `tid`, which are the same everywhere in the tenant.",
        fault: None,
        explains: &[],
        judge: subject,
    },
];

/// What to know people by.
fn write_user(evidence: &Evidence, claims: &[&str], text: &str) -> Change {
    let list: Vec<String> = claims.iter().map(|claim| format!("\"{claim}\"")).collect();
    let first = claims.first().copied().unwrap_or("oid");
    setting(
        evidence,
        Change::config("user", text).line(match list.as_slice() {
            [one] => format!("user = {one}"),
            _ => format!("user = [{}]", list.join(", ")),
        }),
        Change::apache("OIDCRemoteUserClaim", text).line(format!("OIDCRemoteUserClaim {first}")),
    )
}

fn add_optional_claim(claim: &str) -> Change {
    Change::portal(
        format!("{} > Add optional claim > ID", portal::TOKEN_CONFIGURATION),
        format!(
            "For showing names: add {} here, and in API permissions what the portal proposes.",
            shown(claim)
        ),
    )
}

fn user_claim(evidence: &Evidence) -> Option<Case> {
    let of_route = evidence
        .route_settings()
        .map_or(&[][..], |route| &route.user_claims);
    let of_api = evidence.api.as_ref().map_or(&[][..], |api| &api.claims);
    let lacks_all = |token: &Token, claims: &[String]| {
        !claims.is_empty() && token.claims().is_some() && !claims.iter().any(|name| token.has(name))
    };
    let id_token = evidence
        .id_token
        .as_ref()
        .filter(|token| lacks_all(token, of_route));
    let lacking = |token: &Token| {
        of_api
            .iter()
            .find(|name| token.claims().is_some() && !token.has(name))
            .cloned()
    };
    let (whose, missing, token) = match (id_token, evidence.token.as_ref()) {
        (Some(token), _) => ("The ID token".to_owned(), of_route.to_vec(), token),
        (None, Some(token)) => (evidence.subject(), vec![lacking(token)?], token),
        (None, None) => return None,
    };
    let first = missing.first()?;
    let personal = token.text("tid") == Some(PERSONAL_TENANT);
    let case = Case::new(format!(
        "{whose} carries no {}.",
        shown_list(missing.iter().map(String::as_str), "and no")
    ));
    if !token.is_entra() {
        return Some(
            case.because(
                "The provider does not put this claim into its tokens, or only for another scope.",
            )
            .change(write_user(
                evidence,
                &["sub"],
                "Know people by `sub`: every provider sends it.",
            ))
            .change(Change::provider(
                "claims of the client",
                format!("Or let the provider add {} to its tokens.", shown(first)),
            )),
        );
    }
    let case = match personal {
        true => case.because(
            "This is a personal Microsoft account: it has no user principal name, and optional claims are \
             partly not there.",
        ),
        false => case,
    };
    Some(
        case.change(write_user(
            evidence,
            &["oid"],
            "Know people by `oid`: it is always there and never changes.",
        ))
        .change(add_optional_claim(first)),
    )
}

/// Claims of v2.0 ID tokens that need no optional claim. `email` is there for guests only.
const ALWAYS: [&str; 5] = ["oid", "sub", "preferred_username", "name", "tid"];
/// Claims that need one.
const OPTIONAL: [&str; 7] = [
    "upn",
    "email",
    "unique_name",
    "given_name",
    "family_name",
    "onprem_sid",
    "sid",
];

fn optional_claim(evidence: &Evidence) -> Option<Case> {
    let claims = &evidence.route_settings()?.user_claims;
    let entra_v2 = evidence.product() == Some(Product::Entra)
        && evidence.provider()?.authority()?.contains("/v2.0");
    let carried =
        |name: &String| !OPTIONAL.contains(&name.as_str()) || ALWAYS.contains(&name.as_str());
    // A token at hand says more than what tokens usually carry.
    if !entra_v2 || evidence.id_token.is_some() || claims.iter().any(carried) {
        return None;
    }
    let first = claims.first()?;
    let mut with_fallback: Vec<&str> = claims.iter().map(String::as_str).collect();
    with_fallback.push("oid");
    Some(
        Case::new(format!(
            "The user's name comes from {}, which v2.0 tokens carry only as an optional claim.",
            shown_list(claims.iter().map(String::as_str), "or")
        ))
        .change(add_optional_claim(first))
        // Apache's module knows one claim and no fallback.
        .change(match evidence.from_apache() {
            true => write_user(
                evidence,
                &["preferred_username"],
                "Or take a name that v2.0 tokens carry with `profile`. It can change: rights belong to `oid`.",
            ),
            false => write_user(
                evidence,
                &with_fallback,
                "Name a fallback that is always there. Do not mix them where rights hang on the name.",
            ),
        }),
    )
}

fn guest_name(evidence: &Evidence) -> Option<Case> {
    let tokens = [evidence.id_token.as_ref(), evidence.token.as_ref()];
    let (claim, name) = tokens.into_iter().flatten().find_map(|token| {
        ["upn", "preferred_username", "unique_name"]
            .into_iter()
            .find_map(|claim| {
                Some((claim, token.text(claim)?)).filter(|(_, name)| name.contains("#EXT#"))
            })
    })?;
    // Nobody minds what the name looks like where it is not used.
    let used = evidence.route_settings().is_none_or(|route| {
        route.user_claims.is_empty() || route.user_claims.iter().any(|own| own == claim)
    });
    used.then(|| {
        Case::new(format!("`{claim}` is {}: a guest's.", shown(name))).change(write_user(
            evidence,
            &["oid"],
            "Know people by `oid`; show `email` or `preferred_username`.",
        ))
    })
}

fn subject(evidence: &Evidence) -> Option<Case> {
    let (token, id_token) = (evidence.token.as_ref()?, evidence.id_token.as_ref()?);
    let route = evidence.route_settings()?;
    let by_subject = route
        .user_claims
        .first()
        .is_some_and(|claim| claim == "sub");
    let one_person = token.text("oid")? == id_token.text("oid")?;
    let differ = token.text("sub")? != id_token.text("sub")?;
    (by_subject && one_person && differ).then(|| {
        Case::new("The ID token and the access token are of one person (`oid`) and have two subjects (`sub`).")
            .change(write_user(evidence, &["oid"], "Know people by `oid`, in the app and in the API."))
    })
}

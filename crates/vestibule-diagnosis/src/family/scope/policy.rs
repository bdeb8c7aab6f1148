//! Second factors, Conditional Access, and challenges for claims.

use super::super::said::Said;
use crate::catalogue::{Case, Row};
use crate::cure::{portal, setting};
use crate::evidence::{Grant, Product};
use crate::shown::shown;
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

const CLAIMS_CHALLENGE: &str =
    "Microsoft identity platform: claims challenges, claims requests and client capabilities";
const SIGN_IN_LOGS: &str = "Monitoring & health > Sign-in logs";

/// The `suberror`s that ask for a person.
const FOR_A_PERSON: [&str; 5] = [
    "basic_action",
    "additional_action",
    "message_only",
    "user_password_expired",
    "protection_policy_required",
];
/// The numbers that ask for a person to give more proof.
const MORE_PROOF: [u32; 7] = [50072, 50074, 50076, 50078, 50079, 50158, 700_020];
/// The numbers of sign-ins that a policy blocks.
const BLOCKED: [u32; 3] = [53003, 530_032, 530_035];

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-SCOPE-INTERACTION",
        title: "a renewal needs the person",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: developer guidance for Conditional Access",
        symptom: "People are signed in and working, and then a renewal of the token fails with `interaction_required`, or with `invalid_grant` and a `suberror`.",
        cause: "A policy was changed, or the second factor is too old for this API. Entra can't ask anybody in a renewal.",
        cure: "Send the person to sign in again, with the `claims` of the answer, so that Entra asks for what is missing.",
        fault: None,
        explains: &[
            "VST-AADSTS-50072",
            "VST-AADSTS-50074",
            "VST-AADSTS-50076",
            "VST-AADSTS-50078",
            "VST-AADSTS-50079",
            "VST-AADSTS-50158",
            "VST-AADSTS-700020",
            "VST-OAUTH-INTERACTION-REQUIRED",
            "VST-OAUTH-INVALID-GRANT",
            "VST-OAUTH-LOGIN-REQUIRED",
            "VST-OAUTH-CONSENT-REQUIRED",
        ],
        judge: interaction,
    },
    Row {
        code: "VST-SCOPE-UI-REQUIRED",
        title: "the library can't get a token without the person",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "Microsoft.Identity.Web: message IDW10502; MSAL: MsalUiRequiredException",
        symptom: "An app or an API that asks for a token of another API logs IDW10502, MsalUiRequiredException or \
                  InteractionRequiredAuthError.",
        cause: "Nobody has consented to the scope, a policy wants more proof, or the app's token cache is empty after a \
                restart while the browser still has its session. Which of these, the AADSTS number of the inner error says.",
        cure: "Let the person sign in again, or an administrator consent; and keep the token cache where it outlives a \
               restart.",
        fault: None,
        explains: &[],
        judge: ui_required,
    },
    Row {
        code: "VST-SCOPE-BLOCKED",
        title: "a policy of the organization blocks the sign-in",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft Entra authentication and authorization error codes",
        symptom: "Sign-in ends with AADSTS53003, AADSTS530032 or AADSTS530035, for some people or from some places.",
        cause: "Conditional Access, a security policy or security defaults refused. Only the tenant's log says which policy it was.",
        cure: "Give an administrator correlation id and time: the sign-in log names the policy. Trying again changes nothing.",
        fault: Some("token-error-53003"),
        explains: &["VST-AADSTS-53003", "VST-AADSTS-530032", "VST-AADSTS-530035"],
        judge: blocked,
    },
    Row {
        code: "VST-SCOPE-CLAIMS-CHALLENGE",
        title: "the API asks for a new token with more claims",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: CLAIMS_CHALLENGE,
        symptom: "The API answers 401 with `insufficient_claims`, although the token is valid.",
        cause: "The person's state changed (revoked, another place, a second factor needed), and the API wants a token that takes it into account. Until then every token at hand is refused.",
        cure: "Drop the token, and authorize again with the `claims` of the challenge, decoded from base64.",
        fault: None,
        explains: &[],
        judge: claims_challenge,
    },
    Row {
        code: "VST-SCOPE-NO-CAPABILITY",
        title: "the client does not say that it understands claims challenges",
        severity: Severity::Info,
        confidence: Confidence::Documented,
        source: CLAIMS_CHALLENGE,
        symptom: "The API is set up for continuous access evaluation, and tokens stay valid for an hour after somebody was blocked.",
        cause: "Entra issues such tokens only to clients that declare the capability `cp1`.",
        cure: "Declare it in the `claims` parameter.",
        fault: None,
        explains: &["VST-TOKEN-USER-CLAIM"],
        judge: no_capability,
    },
    Row {
        code: "VST-SCOPE-NO-AMR",
        title: "v2.0 tokens do not say how somebody signed in",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access token claims reference, `amr`",
        symptom: "A rule or the API says that the second factor is missing, though it was given.",
        cause: "`amr` is a claim of v1.0 access tokens; v2.0 tokens do not carry it.",
        cure: "Ask for an authentication context and check `acrs`, or let Conditional Access enforce the second factor.",
        fault: None,
        explains: &["VST-TOKEN-USER-CLAIM"],
        judge: no_amr,
    },
];

fn ui_required(evidence: &Evidence) -> Option<Case> {
    // A number says more.
    if !evidence.heard(Saying::NeedsPerson) || evidence.aadsts().next().is_some() {
        return None;
    }
    let case = Case::new("The library says that it can't get the token without asking the person.").change(
        Change::api(
            "the inner error",
            "Look for AADSTS in the same log entry: AADSTS65001 is a missing consent, AADSTS50076 a second factor, none an \
             empty token cache.",
        ),
    );
    let case = case.change(Change::portal(
        portal::API_PERMISSIONS,
        "For consent: add the scope to the app that asks, here, and choose Grant admin consent. For an API that asks on \
         behalf of somebody that is the API's own registration.",
    ));
    Some(match evidence.has_code("IDW10502") {
        true => case.change(
            Change::api(
                "the controller or page",
                "Let Microsoft.Identity.Web send the person to sign in when it meets this.",
            )
            .line("[AuthorizeForScopes(Scopes = new[] { \"SCOPE\" })]"),
        ),
        false => case.change(Change::api(
            "the call for the token",
            "When it fails so, send the person to sign in in the whole window (`acquireTokenRedirect`, a challenge), and \
             ask again.",
        )),
    })
}

fn interaction(evidence: &Evidence) -> Option<Case> {
    let error = evidence.provider_error.as_ref()?;
    let suberror = error
        .suberror
        .as_deref()
        .filter(|name| FOR_A_PERSON.contains(name));
    let named = error.error.as_deref() == Some("interaction_required");
    let renewal = error.grant == Some(Grant::Refresh);
    let asks = suberror.is_some() || renewal && (named || evidence.has_aadsts(&MORE_PROOF));
    if !asks || evidence.has_aadsts(&BLOCKED) {
        return None;
    }
    let kind = match suberror {
        Some(name) => format!(" ({})", shown(name)),
        None => String::new(),
    };
    let claims = match error.claims {
        Some(_) => " Its answer has `claims` to send.",
        None => "",
    };
    Some(
        Case::new(format!("Entra does not renew the token without the person{kind}.{claims}"))
            .change(Change::environment(
                "browser",
                "Sign in again, and complete what Microsoft's page asks for.",
            ))
            .change(Change::portal(
                "Conditional Access > Policies",
                "If it comes too often, an administrator looks at sign-in frequency and second factor for this app.",
            )),
    )
}

fn blocked(evidence: &Evidence) -> Option<Case> {
    let number = evidence.aadsts().find(|number| BLOCKED.contains(number))?;
    let said = Said::of(evidence);
    let known = said.correlation_id.is_some() || said.timestamp.is_some();
    known.then(|| {
        Case::new(format!(
            "Entra blocked the sign-in (AADSTS{number}), {}.",
            said.incident()
        ))
        .change(Change::portal(
            SIGN_IN_LOGS,
            format!(
                "An administrator finds it by {}, and the policy under Conditional Access.",
                said.incident()
            ),
        ))
        .change(Change::portal(
            "Conditional Access > Policies",
            "If it should be allowed, change that policy, or exempt this app or person.",
        ))
    })
}

fn claims_challenge(evidence: &Evidence) -> Option<Case> {
    let response = evidence
        .upstream_response
        .as_ref()
        .or(evidence.response.as_ref())?;
    let challenge = response.value("WWW-Authenticate")?;
    (response.status == Some(401) && challenge.contains("insufficient_claims")).then(|| {
        Case::new("The API answered 401 with `insufficient_claims`.")
            .change(Change::environment(
                "browser",
                "Sign in again, so that the token is a new one.",
            ))
            .change(Change::api(
                "the client of the API",
                "Let the `WWW-Authenticate` field through unchanged; a client that signs in by itself sends its `claims`, decoded from base64, with the next authorization request.",
            ))
    })
}

fn no_capability(evidence: &Evidence) -> Option<Case> {
    let wants = evidence
        .api
        .as_ref()?
        .claims
        .iter()
        .any(|claim| claim == "xms_cc");
    let provider = evidence.provider()?;
    let says = provider
        .parameter("claims")
        .is_some_and(|claims| claims.contains("xms_cc"));
    (wants && !says && evidence.is_entra()).then(|| {
        Case::new("The API wants `xms_cc`, and the authorization request does not declare `cp1`.").change(setting(
            evidence,
            Change::config("provider.authorization_parameters", "Declare the capability.").line(
                "authorization_parameters = { claims = '{\"access_token\":{\"xms_cc\":{\"values\":[\"cp1\"]}}}' }",
            ),
            Change::apache("OIDCAuthRequestParams", "Declare the capability.").line(
                "OIDCAuthRequestParams claims=%7B%22access_token%22%3A%7B%22xms_cc%22%3A%7B%22values%22%3A%5B%22cp1%22%5D%7D%7D%7D",
            ),
        ))
    })
}

fn no_amr(evidence: &Evidence) -> Option<Case> {
    let version_two = match evidence.token.as_ref() {
        Some(token) if token.claims().is_some() => {
            token.is_entra() && token.text("ver") == Some("2.0") && !token.has("amr")
        }
        _ => {
            evidence.product() == Some(Product::Entra)
                && evidence.provider()?.authority()?.contains("/v2.0")
                && evidence
                    .api
                    .as_ref()
                    .is_none_or(|api| api.version.as_deref() != Some("1.0"))
        }
    };
    let routes = evidence
        .settings
        .iter()
        .flat_map(|settings| &settings.routes);
    let by_rule = routes
        .flat_map(|route| &route.rules)
        .any(|rule| rule.claim == "amr");
    let by_api = evidence
        .api
        .as_ref()
        .is_some_and(|api| api.claims.iter().any(|claim| claim == "amr"));
    if !version_two || !(by_rule || by_api) {
        return None;
    }
    let who = if by_rule {
        "A rule of a route"
    } else {
        "The API"
    };
    Some(
        Case::new(format!(
            "{who} reads `amr`, which v2.0 tokens do not carry."
        ))
        .change(Change::portal(
            "Conditional Access > Authentication contexts",
            "Make one that requires the second factor; tokens then carry it in `acrs`.",
        ))
        .change(setting(
            evidence,
            Change::config("require", "Compare `acrs` instead of `amr`.")
                .line("require = { claim = \"acrs\", equals = \"c1\" }"),
            Change::apache("Require", "Compare `acrs` instead of `amr`.")
                .line("Require claim acrs:c1"),
        )),
    )
}

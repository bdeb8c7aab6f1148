//! Who has to agree to the app, and who may use it.

use vestibule_oidc::microsoft::serves_many_tenants;

use super::super::said::{Said, message_app};
use super::on_behalf;
use crate::catalogue::{Case, Row};
use crate::cure::{login_host, portal, setting, write_issuer};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

const CONSENT: &str = "Microsoft support: troubleshoot consent issues in Microsoft Entra ID";
const CODES: &str = "Microsoft Entra authentication and authorization error codes";

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-SCOPE-CONSENT",
        title: "nobody has consented to the app",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: CODES,
        symptom: "Sign-in or a renewal ends with AADSTS65001 or `consent_required`.",
        cause: "Neither the person nor an administrator has agreed that the app may use this API with this scope. A scope that was added later needs consent of its own.",
        cure: "Let an administrator open the consent page once, for everybody.",
        fault: Some("token-error-65001"),
        explains: &["VST-AADSTS-65001"],
        judge: consent,
    },
    Row {
        code: "VST-SCOPE-ADMIN-APPROVAL",
        title: "only an administrator can consent",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: CONSENT,
        symptom: "Microsoft's page says \"Need admin approval\" (AADSTS90094, AADSTS90095, AADSTS900941).",
        cause: "In this order: people of the tenant may not consent by themselves; a scope is for administrators; the app requires assignment; it has no entry in the tenant yet; or the request says `prompt=consent`, which asks even those for whom an administrator has consented.",
        cure: "Let an administrator open the consent page once, and leave `prompt=consent` out.",
        fault: Some("authorize-error-90094"),
        explains: &[
            "VST-AADSTS-90094",
            "VST-AADSTS-90095",
            "VST-AADSTS-900941",
            "VST-AADSTS-900981",
        ],
        judge: admin_approval,
    },
    Row {
        code: "VST-SCOPE-PROMPT-CONSENT",
        title: "prompt=consent asks at every sign-in",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: CONSENT,
        symptom: "People see the consent page each time they sign in; where only administrators may consent, nobody gets in.",
        cause: "`prompt=consent` is a setting for one time, and stays in every authorization request.",
        cure: "Take `prompt` out of the parameters.",
        fault: None,
        explains: &[
            "VST-SCOPE-ADMIN-APPROVAL",
            "VST-AADSTS-90094",
            "VST-AADSTS-90095",
        ],
        judge: prompt_consent,
    },
    Row {
        code: "VST-SCOPE-ASSIGNMENT",
        title: "the app lets in only who is assigned to it",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: CODES,
        symptom: "Microsoft's page says AADSTS50105, and the browser does not come back.",
        cause: "The app requires assignment, and neither the person nor a group they are in directly is assigned. Groups within groups do not count.",
        cure: "Assign the person or their group, or require no assignment.",
        fault: Some("authorize-error-50105"),
        explains: &["VST-AADSTS-50105"],
        judge: assignment,
    },
    Row {
        code: "VST-SCOPE-GUEST-TENANT",
        title: "a guest was sent to their own tenant",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: OpenID Connect, the tenant in the address",
        symptom: "Guests get AADSTS50020, AADSTS16000 or AADSTS50034, while members sign in.",
        cause: "With `common` or `organizations` in the address people sign in at their own tenant. A guest is known in the one that invited them, so that one must be in the address.",
        cure: "Write the tenant's id into the address.",
        fault: None,
        explains: &[
            "VST-AADSTS-50020",
            "VST-AADSTS-16000",
            "VST-AADSTS-50034",
            "VST-AADSTS-51004",
            "VST-TOKEN-ANY-TENANT",
        ],
        judge: guest_tenant,
    },
    Row {
        code: "VST-SCOPE-WRONG-ACCOUNT",
        title: "signed in with another account than meant",
        severity: Severity::Info,
        confidence: Confidence::Inferred,
        source: "Microsoft identity platform: OpenID Connect, `prompt` and `domain_hint`",
        symptom: "Nobody asks which account to use, and it is the wrong one.",
        cause: "The browser has one session at Microsoft, and Entra takes it without asking.",
        cure: "Let people choose, with `prompt=select_account`; or lead them to one organization with `domain_hint`.",
        fault: None,
        explains: &[],
        judge: wrong_account,
    },
];

/// The page where an administrator consents for the whole tenant.
fn admin_consent_page(said: &Said, text: &str) -> Change {
    Change::environment("admin consent page", text).line(
        said.line(
            "https://login.microsoftonline.com/{TENANT-ID}/adminconsent?client_id={CLIENT-ID}",
        ),
    )
}

fn consent(evidence: &Evidence) -> Option<Case> {
    let error = evidence.provider_error.as_ref();
    let named = error.is_some_and(|error| {
        error.error.as_deref() == Some("consent_required")
            || error.suberror.as_deref() == Some("consent_required")
    });
    let of_entra = evidence.is_entra() && named && evidence.aadsts().next().is_none();
    if !(evidence.has_aadsts(&[65001]) || of_entra) {
        return None;
    }
    let said = Said::of(evidence);
    let app = said.app.as_deref()?;
    if on_behalf::is_on_behalf(evidence) {
        let seen = format!(
            "Nobody has agreed that the API {} may use the API behind it on behalf of the person.",
            shown(app)
        );
        let case = Case::new(seen).because(on_behalf::WHY);
        return Some(case.changes(on_behalf::changes(&said)));
    }
    let scope = said
        .scope
        .as_deref()
        .map(|scope| format!(" with {}", shown(scope)));
    Some(
        Case::new(format!(
            "Nobody has agreed that the app {} may use this API{}.",
            shown(app),
            scope.unwrap_or_default()
        ))
        .change(admin_consent_page(&said, "An administrator opens this address and accepts, for everybody."))
        .change(Change::portal(
            portal::API_PERMISSIONS,
            "Or add the API's scope here (Add a permission > My APIs) and choose Grant admin consent.",
        )),
    )
}

fn admin_approval(evidence: &Evidence) -> Option<Case> {
    let number = evidence.has_aadsts(&[90094, 90095, 900_941, 900_981]);
    let page = [
        "need admin approval",
        "that only an admin can grant",
        "app requires your admin's approval",
    ]
    .iter()
    .any(|words| evidence.says(words));
    if !page && !number {
        return None;
    }
    let said = Said::of(evidence);
    if !page && said.app.is_none() {
        return None;
    }
    let app = said.app.as_deref().map(|app| format!(" {}", shown(app)));
    Some(
        Case::new(format!(
            "Microsoft's page asks for an administrator's approval of the app{}.",
            app.unwrap_or_default()
        ))
        .change(admin_consent_page(&said, "An administrator opens this address and accepts."))
        .change(Change::portal(
            "Enterprise applications > Consent and permissions > User consent settings",
            "See whether people of this tenant may consent by themselves.",
        ))
        .change(Change::portal(
            portal::API_PERMISSIONS,
            "See which permissions say \"Admin consent required: Yes\", and remove those nobody uses.",
        )),
    )
}

fn prompt_consent(evidence: &Evidence) -> Option<Case> {
    let provider = evidence.provider()?;
    let prompt = provider.parameter("prompt")?;
    // Google gives a refresh token only with both.
    if provider.parameter("access_type") == Some("offline") && !evidence.is_entra() {
        return None;
    }
    prompt
        .split_ascii_whitespace()
        .any(|word| matches!(word, "consent" | "admin_consent"))
        .then(|| {
            Case::new(format!(
                "The authorization request has `prompt`: {}.",
                shown(prompt)
            ))
            .change(setting(
                evidence,
                Change::config("provider.authorization_parameters", "Take `prompt` out."),
                Change::apache("OIDCAuthRequestParams", "Take `prompt=consent` out."),
            ))
        })
}

fn assignment(evidence: &Evidence) -> Option<Case> {
    if !evidence.has_aadsts(&[50105]) {
        return None;
    }
    let app = message_app(evidence).or_else(|| evidence.provider()?.client_id.clone())?;
    Some(
        Case::new(format!("Entra says that the person is not assigned to the app {}.", shown(&app)))
            .change(Change::portal(
                portal::USERS_AND_GROUPS,
                "Choose Add user/group. Assigning groups needs a licence for it; members of a group within are not assigned.",
            ))
            .change(Change::portal(
                "Enterprise applications > your app > Properties > Assignment required?",
                "Or set it to No: then everybody of the tenant may sign in.",
            )),
    )
}

/// `common`, `organizations` or `consumers` in the address, if it says so.
fn many_tenants(evidence: &Evidence) -> Option<&str> {
    let authority = evidence.provider()?.authority()?;
    let (_, rest) = authority.split_once("://")?;
    rest.split('/')
        .nth(1)
        .filter(|segment| serves_many_tenants(segment))
}

fn guest_tenant(evidence: &Evidence) -> Option<Case> {
    let segment = many_tenants(evidence)?;
    evidence.has_aadsts(&[50020, 16000, 50034, 51004]).then(|| {
        Case::new(format!(
            "The account is not in the tenant it was sent to, and the address says {}.",
            shown(segment)
        ))
        .change(write_issuer(
            evidence,
            &format!("https://{}/TENANT-ID/v2.0", login_host(evidence)),
            "Write the tenant that invites the guests.",
        ))
        .change(Change::portal(
            "Users > New user > Invite external user",
            "Check that the guest is there, with the address they sign in with.",
        ))
    })
}

fn wrong_account(evidence: &Evidence) -> Option<Case> {
    let text = evidence.text.as_ref()?;
    let wrong = text.says_any(&[
        "wrong account",
        "different account than",
        "not asked which account",
    ]);
    let sign_in = text.says_any(&[
        "signed in",
        "sign in",
        "sign-in",
        "logged in",
        "log in",
        "login",
    ]);
    (wrong && sign_in && text.aadsts.is_empty()).then(|| {
        Case::new("Somebody was signed in with another account than meant.")
            .change(setting(
                evidence,
                Change::config(
                    "provider.authorization_parameters",
                    "Let people choose the account.",
                )
                .line("authorization_parameters = { prompt = \"select_account\" }"),
                Change::apache("OIDCAuthRequestParams", "Let people choose the account.")
                    .line("OIDCAuthRequestParams prompt=select_account"),
            ))
            .change(Change::environment(
                "browser",
                "Or sign out at Microsoft, or use a private window.",
            ))
    })
}

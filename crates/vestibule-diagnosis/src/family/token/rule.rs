//! Claims that a route's rules read, and that a person's tokens do not have.

use crate::catalogue::{Case, Row};
use crate::cure::{portal, setting};
use crate::evidence::Token;
use crate::shown::shown;
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    NOT_ALLOWED,
    Row {
        code: "VST-TOKEN-RULE-CLAIM",
        title: "a rule reads a claim that the token lacks",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "OIDC Core §5.1 and §5.4",
        symptom: "Everybody, or some people, get a 403 with `claim_missing` on one route.",
        cause: "A rule can't hold for a claim that is not there. The provider does not send it to this client, or only for \
            another scope; or this person has none.",
        cure: "Let the provider put the claim into the ID token of this client, or write the rule on one that it sends.",
        fault: None,
        explains: &[],
        judge: rule_claim,
    },
];

const NOT_ALLOWED: Row = Row {
    code: "VST-TOKEN-NOT-ALLOWED",
    title: "somebody is signed in, and a rule does not let them in",
    severity: Severity::Warning,
    confidence: Confidence::Observed,
    source: "what Apache (AH01631), oauth2-proxy, ASP.NET Core and Spring Security write",
    symptom: "A 403 after a sign-in that worked; Apache logs AH01631, oauth2-proxy `unauthorized`.",
    cause: "The sign-in is not at fault. The rule of that path asks for a claim, a group, a role or a name that this person's \
            token does not carry, or carries with another value; or the person is not meant to come in.",
    cure: "Compare the rule with the claims that the person's token has.",
    fault: None,
    explains: &[],
    judge: not_allowed,
};

fn not_allowed(evidence: &Evidence) -> Option<Case> {
    const COMPARE: &str = "Compare the rule with those, letter for letter. Entra's groups are ids and no names, and its roles \
                           are those of the app that the token is for.";
    evidence.heard(Saying::NotAllowed).then(|| {
        Case::new("The log says that somebody who is signed in may not do this.")
            .change(
                Change::api(
                    "the token",
                    "Let `vestibule explain` show the claims the person's token carries.",
                )
                .line("vestibule explain --file FILE"),
            )
            .change(setting(
                evidence,
                Change::config("route.require", COMPARE),
                Change::apache("Require", COMPARE),
            ))
    })
}

/// Whether the token has the claim, or what a path to it begins with.
fn has(token: &Token, claim: &str) -> bool {
    token.has(claim)
        || claim
            .split('.')
            .next()
            .is_some_and(|first| token.has(first))
}

fn rule_claim(evidence: &Evidence) -> Option<Case> {
    let token = evidence
        .id_token
        .as_ref()
        .filter(|token| token.claims().is_some())?;
    let rules = &evidence.route_settings()?.rules;
    // Groups and roles of Entra have rows of their own, and scopes are granted, not claimed.
    let elsewhere = |claim: &str| match claim {
        "scp" | "scope" => true,
        "groups" | "roles" => evidence.is_entras(token),
        _ => false,
    };
    let rule = rules
        .iter()
        .find(|rule| !elsewhere(&rule.claim) && !has(token, &rule.claim))?;
    let claim = shown(&rule.claim);
    let case = Case::new(format!(
        "A rule is on {claim}, and the person's tokens carry no such claim."
    ));
    if evidence.is_entras(token) {
        return Some(case.change(Change::portal(
            format!("{} > Add optional claim > ID", portal::TOKEN_CONFIGURATION),
            format!(
                "Add {claim} here, if the list has it. An attribute of your own is mapped under Enterprise applications \
                 > Single sign-on > Attributes & Claims."
            ),
        )));
    }
    Some(
        case.change(Change::provider(
            "claims of the client",
            format!("Let the provider add {claim} to the ID token of this client."),
        ))
        .change(setting(
            evidence,
            Change::config(
                "provider.scopes",
                format!("Ask for the scope that brings {claim}, if it has one."),
            ),
            Change::apache(
                "OIDCScope",
                format!("Ask for the scope that brings {claim}, if it has one."),
            ),
        )),
    )
}

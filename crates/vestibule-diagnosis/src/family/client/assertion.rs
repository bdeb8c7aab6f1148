//! Certificates and federated tokens: the assertions a client proves itself with.

use super::super::said::message_assertion;
use crate::catalogue::{Case, Row};
use crate::evidence::Token;
use crate::shown::{shown, shown_list};
use crate::{Change, Confidence, Evidence, Severity};

const FEDERATED_CREDENTIALS: &str =
    "App registrations > your sign-in app > Certificates & secrets > Federated credentials";
/// The numbers of assertions that fit no federated credential.
const NO_FIT: [u32; 5] = [70021, 700_211, 700_212, 700_213, 7_002_138];
/// The numbers of assertions outside their time.
const OUT_OF_TIME: [u32; 2] = [700_024, 50027];

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-CLIENT-THUMBPRINT",
        title: "the assertion does not name its certificate",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: application authentication certificate credentials",
        symptom: "The token endpoint says AADSTS700027, though the certificate is uploaded.",
        cause: "Entra finds the certificate by its thumbprint in the assertion's header. A `kid` alone tells it nothing.",
        cure: "Put `x5t#S256` into the header and sign with PS256; or `x5t` with RS256.",
        fault: None,
        explains: &["VST-AADSTS-700027", "VST-AADSTS-50012"],
        judge: thumbprint,
    },
    Row {
        code: "VST-CLIENT-FEDERATED",
        title: "the federated credential does not fit the token",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft Entra Workload ID: configure an app to trust a managed identity; public reports of the numbers",
        symptom: "The token endpoint says AADSTS70021, AADSTS700211, AADSTS700212, AADSTS700213 or AADSTS7002138.",
        cause: "Issuer, subject and audience of the credential must equal `iss`, `sub` and `aud` of the token, letter case included. A wrong value is taken without a word when it is entered.",
        cure: "Copy the three values from the token into the credential, and wait some minutes.",
        fault: None,
        explains: &[
            "VST-AADSTS-70021",
            "VST-AADSTS-700211",
            "VST-AADSTS-700212",
            "VST-AADSTS-700213",
            "VST-AADSTS-7002138",
        ],
        judge: federated,
    },
    Row {
        code: "VST-CLIENT-FEDERATED-STALE",
        title: "the federated token has expired",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "Azure Workload Identity: service account token volume; public reports of AADSTS700024",
        symptom: "Sign-in works for an hour after a start, then the token endpoint says AADSTS700024.",
        cause: "The token in the file is replaced while the program runs, and the program read it once.",
        cure: "Read the file for each request.",
        fault: None,
        explains: &["VST-AADSTS-700024", "VST-AADSTS-50027"],
        judge: stale,
    },
];

/// Whether we made the assertion ourselves: issuer and subject are the client.
fn is_own(evidence: &Evidence, assertion: &Token) -> bool {
    let client = evidence
        .provider()
        .and_then(|provider| provider.client_id.as_deref());
    let issuer = assertion.text("iss");
    issuer.is_some()
        && issuer == assertion.text("sub")
        && client.is_none_or(|client| issuer == Some(client))
}

fn thumbprint(evidence: &Evidence) -> Option<Case> {
    let assertion = evidence.client_assertion.as_ref()?;
    let header = assertion.header()?;
    let names = ["x5t", "x5t#S256", "x5c"];
    let entra = evidence.is_entra() || evidence.has_aadsts(&[700_027, 50012]);
    if !entra || !is_own(evidence, assertion) || names.iter().any(|name| header.contains_key(*name))
    {
        return None;
    }
    let kid = match assertion.header_text("kid") {
        Some(kid) => format!("a `kid` {}", shown(kid)),
        None => "no `kid`".to_owned(),
    };
    Some(
        Case::new(format!("The assertion's header has {kid} and no thumbprint."))
            .change(Change::environment(
                "client assertion",
                "Put `x5t#S256` (SHA-256 of the certificate, base64url) into the header and sign with PS256; or `x5t` (SHA-1) with RS256.",
            ))
            .change(Change::portal(
                "App registrations > your sign-in app > Certificates & secrets > Certificates",
                "Compare the thumbprint with that of the certificate in use.",
            )),
    )
}

fn federated(evidence: &Evidence) -> Option<Case> {
    if !evidence.has_aadsts(&NO_FIT) {
        return None;
    }
    let write = |name: &str, value: String| {
        Change::portal(
            format!("{FEDERATED_CREDENTIALS} > {name}"),
            format!("Write {value}."),
        )
    };
    let Some(assertion) = evidence.client_assertion.as_ref() else {
        let (name, value) = message_assertion(evidence)?;
        let field = match name {
            "issuer" => "Issuer",
            "subject" => "Subject identifier",
            _ => "Audience",
        };
        return Some(
            Case::new(format!(
                "The token has {name} {}; no federated credential has it.",
                shown(&value)
            ))
            .change(write(field, shown(&value))),
        );
    };
    let issuer = assertion.text("iss")?;
    let subject = assertion.text("sub")?;
    let audience = shown_list(assertion.audiences(), "and");
    Some(
        Case::new(format!(
            "The token has issuer {}, subject {} and audience {audience}; no federated credential has these.",
            shown(issuer),
            shown(subject)
        ))
        .change(write("Issuer", shown(issuer)))
        .change(write("Subject identifier", shown(subject)))
        .change(write("Audience", audience)),
    )
}

fn stale(evidence: &Evidence) -> Option<Case> {
    let assertion = evidence.client_assertion.as_ref()?;
    let ended = assertion.number("exp")? <= evidence.now?.as_secs();
    let federated = evidence
        .provider()
        .is_some_and(|provider| provider.federated == Some(true))
        || !is_own(evidence, assertion);
    if !ended || !federated {
        return None;
    }
    let refused = match evidence.has_aadsts(&OUT_OF_TIME) {
        true => ", and Entra refused it",
        false => "",
    };
    Some(
        Case::new(format!("The federated token is past its `exp`{refused}."))
            .change(Change::environment(
                "federated token file",
                "Read the file again for each request, and check that something renews it: `AZURE_FEDERATED_TOKEN_FILE` is replaced before it ends.",
            )),
    )
}

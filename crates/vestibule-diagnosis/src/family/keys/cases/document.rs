use serde_json::json;

use super::probe;
use crate::Evidence;
use crate::evidence::{
    Certificate, Keys, Metadata, Origin, Probe, ProbeOutcome, ProbeTarget, Product,
};
use crate::testing::{
    RowCase, TENANT, case, entra_token, evidence, object, provider, route, settings, texts, with,
};

const KEYS: &str = "https://login.microsoftonline.com/common/discovery/v2.0/keys";

fn tried(outcome: ProbeOutcome) -> Evidence {
    evidence(|e| {
        e.settings = Some(settings());
        e.probes = vec![Probe::new(
            ProbeTarget::Metadata,
            "https://login.example/x",
            outcome,
        )];
    })
}

fn fetched(body: &[u8]) -> Evidence {
    evidence(|e| {
        let mut keys = Keys::read(body);
        keys.url = Some(KEYS.to_owned());
        keys.status = Some(200);
        e.keys = Some(keys);
        e.token = Some(entra_token(json!({})));
    })
}

fn issuers(configured: &str, found: &str, origin: Origin) -> Evidence {
    evidence(|e| {
        provider(e).issuer = Some(configured.to_owned());
        route(e).token = None;
        e.settings.as_mut().unwrap().origin = Some(origin);
        e.metadata = Some(Metadata::new(
            "https://x/y",
            object(json!({ "issuer": found })),
        ));
    })
}

pub(super) fn all() -> Vec<RowCase> {
    let v2 = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    let metadata = format!("{v2}/.well-known/openid-configuration");
    let by_name = "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0";
    vec![
        case("VST-KEYS-TLS")
            .shows(Evidence::of_text(
                "x509: certificate has expired or is not yet valid: current time 2026-05-05T10:00:00Z is before 2026-11-01T00:00:00Z",
            ))
            .shows(Evidence::of_text(&format!(
                "Get \"https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys\": tls: failed to verify certificate: x509: \
                 certificate has expired or is not yet valid: current time 2026-05-05T10:00:00Z is before 2026-11-01T00:00:00Z"
            )))
            .silent(Evidence::of_text("current time 2026-05-05T10:00:00Z is before 2026-11-01T00:00:00Z"))
            .says("The clock is behind")
            .line("timedatectl"),
        case("VST-KEYS-UNREACHABLE")
            .shows(tried(ProbeOutcome::NoSuchHost))
            .shows(tried(ProbeOutcome::TimedOut))
            .shows(tried(ProbeOutcome::Closed))
            .shows(with(&tried(ProbeOutcome::NoConnection), |e| {
                e.keys = Some(Keys::default())
            }))
            .silent(evidence(|e| {
                e.probes = vec![Probe::new(
                    ProbeTarget::Upstream,
                    "http://localhost:1234",
                    ProbeOutcome::NoConnection,
                )];
            })),
        case("VST-KEYS-TLS")
            .shows(tried(ProbeOutcome::Tls {
                detail: "unknown issuer".to_owned(),
                certificate: Some(Box::new(Certificate {
                    issuer: "CN=Contoso Inspection CA".to_owned(),
                    ..Certificate::default()
                })),
            }))
            .silent(tried(ProbeOutcome::Http {
                status: 200,
                content_type: None,
                first_char: None,
            }))
            .says("Contoso Inspection CA"),
        case("VST-KEYS-TLS")
            .shows(Evidence::of_text(
                "PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find \
                 valid certification path to requested target",
            ))
            .shows(Evidence::of_text(
                "com.nimbusds.jose.RemoteKeySourceException: Couldn't retrieve remote JWK set: PKIX path building failed",
            ))
            .silent(Evidence::of_text("the certification path is in order"))
            .line("keytool -importcert -cacerts -alias company -file company.pem"),
        case("VST-KEYS-TLS")
            .shows(Evidence::of_text(
                "[auth_openidc:error] [pid 12] oidc_http_call: SSL certificate problem: unable to get local issuer certificate",
            ))
            .silent(Evidence::of_text("[auth_openidc:debug] [pid 12] SSL certificate verified"))
            .line("OIDCCABundlePath /etc/ssl/certs/ca-certificates.crt"),
        case("VST-KEYS-UNREACHABLE")
            .shows(Evidence::of_text(&format!(
                "failed to verify signature: fetching keys oidc: get keys failed: Get \
                 \"https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys\": context deadline exceeded"
            )))
            .silent(Evidence::of_text("context deadline exceeded")),
        case("VST-KEYS-NOT-FETCHED")
            .shows(Evidence::of_text(
                "failed to verify signature: fetching keys oidc: get keys failed: 404 Not Found",
            ))
            .shows(Evidence::of_text("IDX20803: Unable to obtain configuration from: 'x'"))
            .silent(Evidence::of_text("keys were fetched")),
        case("VST-KEYS-NO-METADATA")
            .shows(evidence(|e| {
                e.probes = vec![probe(ProbeTarget::Metadata, &metadata, 400)]
            }))
            .shows(evidence(|e| {
                e.probes = vec![probe(ProbeTarget::Metadata, "https://id.example/x", 404)];
            }))
            .silent(evidence(|e| {
                e.probes = vec![probe(ProbeTarget::Metadata, &metadata, 200)]
            }))
            .silent(evidence(|e| {
                e.probes = vec![probe(ProbeTarget::Metadata, &metadata, 503)]
            })),
        case("VST-KEYS-NO-METADATA")
            .shows(Evidence::of_text(&format!(
                "IDX20803: Unable to obtain configuration from: \
                 'https://login.microsoftonline.com/{TENANT}/v2.0/.well-known/openid-configuration'. HttpResponseMessage: \
                 'StatusCode: 400', Content: 'AADSTS90002: Tenant '{TENANT}' not found.'"
            )))
            .silent(Evidence::of_text(&format!("AADSTS90002: Tenant '{TENANT}' not found.")))
            .says("AADSTS90002"),
        case("VST-KEYS-NOT-KEYS")
            .shows(fetched(b"\n<!DOCTYPE html><html>"))
            .shows(fetched(br#"{"keys":[]}"#))
            .shows(fetched(b"{}"))
            .silent(fetched(br#"{"keys":[{"kty":"RSA","kid":"k1"}]}"#)),
        case("VST-KEYS-ISSUER")
            .shows(issuers(&format!("{v2}/"), &v2, Origin::Apache))
            .says("slash")
            .line(format!(
                "OIDCProviderMetadataURL {v2}/.well-known/openid-configuration"
            ))
            .silent(issuers(&v2, &v2, Origin::Apache)),
        case("VST-KEYS-ISSUER")
            .shows(issuers(
                &format!("https://login.microsoftonline.com/{TENANT}"),
                &v2,
                Origin::Apache,
            ))
            .shows(issuers(
                &v2,
                &format!("https://sts.windows.net/{TENANT}/"),
                Origin::Apache,
            ))
            .says("v1.0 endpoint")
            .line(format!(
                "OIDCProviderMetadataURL {v2}/.well-known/openid-configuration"
            ))
            .silent(issuers(
                "https://login.windows.net/organizations/v2.0",
                "https://login.microsoftonline.com/{tenantid}/v2.0",
                Origin::Toml,
            )),
        case("VST-KEYS-ISSUER")
            .shows(with(
                &issuers(
                    &format!("http://127.0.0.1:8081/{TENANT}"),
                    &format!("http://127.0.0.1:8081/sts/{TENANT}/"),
                    Origin::Toml,
                ),
                |e| {
                    provider(e).metadata_url = Some(format!(
                        "http://127.0.0.1:8081/{TENANT}/.well-known/openid-configuration"
                    ));
                    provider(e).product = Some(Product::Entra);
                },
            ))
            .line(format!(
                "metadata_url = \"http://127.0.0.1:8081/{TENANT}/v2.0/.well-known/openid-configuration\""
            ))
            .silent(issuers(&v2, &v2, Origin::Toml)),
        case("VST-KEYS-ISSUER")
            .shows(issuers(by_name, &v2, Origin::OAuth2Proxy))
            .says("by its domain")
            .silent(with(&issuers(by_name, &v2, Origin::Toml), |e| {
                provider(e).tenants = Some(texts(&[TENANT]));
            })),
        case("VST-KEYS-ISSUER")
            .shows(issuers(
                "https://id.example",
                "https://id.example/realms/x",
                Origin::Toml,
            ))
            .line("issuer = \"https://id.example/realms/x\"")
            .silent(issuers(
                "https://id.example",
                "https://id.example",
                Origin::Toml,
            )),
        case("VST-KEYS-ISSUER")
            .shows(issuers(
                "https://login.chinacloudapi.cn/x/v2.0",
                "https://login.partner.microsoftonline.cn/x/v2.0",
                Origin::Apache,
            ))
            .says("several sign-in hosts")
            .silent(issuers(
                &format!("https://login.chinacloudapi.cn/{TENANT}/v2.0"),
                &format!("https://login.partner.microsoftonline.cn/{TENANT}/v2.0"),
                Origin::Toml,
            )),
    ]
}

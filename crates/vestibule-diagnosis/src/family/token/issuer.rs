//! Versions, issuers, tenants, algorithms.

use vestibule_oidc::microsoft::{TENANT_PLACEHOLDER, TenantId, serves_many_tenants};

use crate::catalogue::{Case, Row};
use crate::cure::{setting, version_two, write_issuer};
use crate::evidence::{Api, Failure, Product, Token, host_of};
use crate::shown::{shown, shown_list};
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-VERSION",
        title: "a v1.0 token where v2.0 is expected",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Token formats\"; app manifest, \
                 `requestedAccessTokenVersion`",
        symptom: "The API says that the issuer is wrong: one is on sts.windows.net, the other ends in \
                  /v2.0. The tenant is the same.",
        cause: "The API's own registration decides the version of its access tokens, whatever endpoint \
                was asked. New registrations are left at version 1.",
        cure: "Set `requestedAccessTokenVersion` to 2 in the manifest of the API, not of the sign-in app, \
               and get a new token. Or let the API accept the v1.0 issuer with the v1.0 metadata.",
        fault: None,
        explains: &[
            "VST-TOKEN-ISSUER",
            "VST-TOKEN-AUDIENCE-NAME",
            "VST-TOKEN-OPTIONAL-CLAIM",
        ],
        judge: version,
    },
    Row {
        code: "VST-TOKEN-TEMPLATE",
        title: "an issuer with {tenantid} in it taken literally",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Validate the issuer\"",
        symptom: "The API says that the issuer is wrong, and one of the two has `{tenantid}` in it.",
        cause: "The metadata of `common` and `organizations` serves many tenants, so its issuer is a \
                template: the braces stand for the token's `tid`.",
        cure: "Use the metadata of your tenant. For several tenants, put the token's `tid` in the place of \
               the braces and accept only tenants of a list.",
        fault: None,
        explains: &["VST-TOKEN-ISSUER", "VST-TOKEN-VERSION", "VST-KEYS-ISSUER"],
        judge: template,
    },
    Row {
        code: "VST-TOKEN-TENANT",
        title: "a token of another tenant",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Validate the issuer\"",
        symptom: "Some people are refused because of the issuer: guests, or people of another company.",
        cause: "The person signed in at another tenant than the one that is accepted. That happens with \
                `common` or `organizations` in the authority, and to guests who are sent to their home \
                tenant.",
        cure: "Send people to your tenant's own authority, or accept that tenant too.",
        fault: None,
        explains: &["VST-TOKEN-ISSUER", "VST-TOKEN-VERSION"],
        judge: tenant,
    },
    Row {
        code: "VST-TOKEN-ISSUER",
        title: "another issuer",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 9068 §4; OIDC Core §3.1.3.7",
        symptom: "The API says that the issuer is wrong.",
        cause: "Issuers are compared to the last character: scheme, host, path, and a slash at the end.",
        cure: "Take the issuer from the provider's metadata and write it exactly so.",
        fault: Some("wrong-issuer"),
        explains: &["VST-KEYS-KID-MISSING", "VST-KEYS-LIBRARY"],
        judge: issuer,
    },
    Row {
        code: "VST-TOKEN-ANY-TENANT",
        title: "people of every company can sign in",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Validate the issuer\"; OpenID Connect, \
                 tenants",
        symptom: "Somebody signs in whom nobody knows.",
        cause: "`common` and `organizations` stand for every tenant there is, and no list says which are \
                meant.",
        cure: "Use your tenant's id in the issuer, or list the tenants.",
        fault: None,
        explains: &[],
        judge: any_tenant,
    },
    Row {
        code: "VST-TOKEN-TENANT-ID",
        title: "a tenant that does not fit the issuer",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Validate the issuer\"",
        symptom: "A token with Entra's issuer has no `tid`, two of them, or one that is not in the issuer.",
        cause: "`tid` is the id of the tenant that is in the issuer. A token where they differ is forged, \
                or comes from something that only looks like Entra.",
        cure: "Refuse it, and find out who sent it.",
        fault: None,
        explains: &["VST-TOKEN-TENANT", "VST-TOKEN-ISSUER"],
        judge: tenant_id,
    },
    Row {
        code: "VST-TOKEN-LONG-LIVED",
        title: "a token that lives for a day",
        severity: Severity::Info,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Token lifetime\"",
        symptom: "Access tokens live 20 to 28 hours where 60 to 90 minutes are usual.",
        cause: "The client says that it understands claims challenges, so Entra makes its tokens last and \
                tells APIs of Microsoft's at once when a session ends.",
        cure: "Pass claims challenges on to the client, or do not announce `cp1` for this API.",
        fault: None,
        explains: &[],
        judge: long_lived,
    },
    Row {
        code: "VST-TOKEN-ALGORITHM",
        title: "an algorithm nobody named",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 8725 §3.1",
        symptom: "The API says that the algorithm is not accepted.",
        cause: "The token is signed with another algorithm than the provider's metadata names: it is \
                another provider's, or somebody tries what the API lets pass.",
        cure: "Keep the list of algorithms at what the metadata names.",
        fault: None,
        explains: &[
            "VST-KEYS-KID-MISSING",
            "VST-KEYS-SIGNATURE",
            "VST-KEYS-NO-KID",
            "VST-TOKEN-NO-PERMISSIONS",
        ],
        judge: algorithm,
    },
];

/// The GUID in an issuer: in its path, or as the beginning of its host.
pub(in crate::family) fn tenant_in(issuer: &str) -> Option<TenantId> {
    issuer.split(['/', '.']).find_map(TenantId::parse)
}

/// The API's issuers and the token's, if that is none of them.
fn mismatch(evidence: &Evidence) -> Option<(&Api, &Token, &str)> {
    let token = evidence.token.as_ref()?;
    let api = evidence.api.as_ref()?;
    let iss = token.text("iss")?;
    let fits = api.issuers.is_empty() || api.issuers.iter().any(|own| own == iss);
    (!fits).then_some((api, token, iss))
}

fn version(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref().filter(|token| token.is_entra());
    // Of a log alone both issuers are known and neither's token.
    let logged = || {
        let text = evidence.text.as_ref()?;
        let v1 = text
            .urls
            .iter()
            .find(|url| host_of(url) == Some("sts.windows.net"))?;
        let v2 = text
            .urls
            .iter()
            .find(|url| url.trim_end_matches('/').ends_with("/v2.0"))?;
        let same = tenant_in(v1).is_some() && tenant_in(v1) == tenant_in(v2);
        let about_issuer = text.says_any(&["issuer", "IDX10205", "IDX40001"]);
        (same && about_issuer).then(|| {
            format!(
                "The log names the issuers {} and {} of one tenant.",
                shown(v1),
                shown(v2)
            )
        })
    };
    let compared = |token: &Token| {
        let ver = token.text("ver")?;
        let wanted = evidence.api.as_ref().and_then(|api| api.version.as_deref());
        let by_issuer = || {
            let (api, _, iss) = mismatch(evidence)?;
            let own = api
                .issuers
                .iter()
                .find(|own| tenant_in(own) == tenant_in(iss))?;
            let is_v2 = own.trim_end_matches('/').ends_with("/v2.0");
            Some(if is_v2 { "2.0" } else { "1.0" })
        };
        let wanted = wanted.or_else(by_issuer)?;
        (wanted != ver && matches!(ver, "1.0" | "2.0")).then(|| {
            format!(
                "{} is of version {ver}, issued by {}; the API expects version {}.",
                evidence.subject(),
                shown(token.text("iss").unwrap_or_default()),
                shown(wanted)
            )
        })
    };
    let seen = token.and_then(compared).or_else(logged)?;
    let is_v2 = token.is_some_and(|token| token.text("ver") == Some("2.0"));
    let case = Case::new(seen);
    let both = Change::api(
        "accepted issuers",
        "Or let the API accept both issuers of the tenant, each with the metadata of its version.",
    );
    Some(match is_v2 {
        true => case
            .because(
                "The API's registration asks for version 2 of its tokens, and the API was set up for \
                 version 1. The endpoint that was asked does not matter.",
            )
            .change(Change::api(
                "accepted issuers",
                "Set the API up with the metadata of `/v2.0/.well-known/openid-configuration`.",
            )),
        false => case
            .change(version_two(
                "Set it in the registration of the API; that of the sign-in app decides nothing here. \
                 Tokens issued before stay as they are: sign in again.",
            ))
            .change(both),
    })
}

fn template(evidence: &Evidence) -> Option<Case> {
    let api = evidence.api.iter().flat_map(|api| &api.issuers);
    let literal = api
        .into_iter()
        .find(|issuer| issuer.contains(TENANT_PLACEHOLDER));
    let logged = || {
        let text = evidence.text.as_ref()?;
        (text.says(TENANT_PLACEHOLDER) && text.says("issuer"))
            .then(|| "The log compares an issuer with `{tenantid}` in it.".to_owned())
    };
    let seen = match literal {
        Some(issuer) => format!(
            "The API expects the issuer {}, to the letter.",
            shown(issuer)
        ),
        None => logged()?,
    };
    let tid = evidence.token.as_ref().and_then(|token| token.text("tid"));
    let tenant = tid.and_then(TenantId::parse);
    let tenant = tenant.as_ref().map_or("<tenant id>", TenantId::as_str);
    Some(
        Case::new(seen)
            .change(Change::api(
                "metadata",
                format!(
                    "Use the metadata of the tenant: `https://login.microsoftonline.com/{tenant}/v2.0/\
                     .well-known/openid-configuration`."
                ),
            ))
            .change(Change::api(
                "issuer",
                "For several tenants: put the token's `tid` in the place of the braces before comparing, \
                 and look the tenant up in a list.",
            )),
    )
}

fn tenant(evidence: &Evidence) -> Option<Case> {
    let id_token = evidence.id_token.as_ref();
    let token = evidence
        .token
        .as_ref()
        .filter(|token| token.is_entra())
        .or(id_token)?;
    let tid = TenantId::parse(token.text("tid")?)?;
    let listed = evidence
        .provider()
        .and_then(|provider| provider.tenants.as_deref());
    let of_issuers: Vec<TenantId> = match mismatch(evidence) {
        Some((api, ..)) => api
            .issuers
            .iter()
            .filter_map(|own| tenant_in(own))
            .collect(),
        None => Vec::new(),
    };
    let accepted: Vec<&str> = match listed {
        Some(tenants) if !tenants.is_empty() => tenants.iter().map(String::as_str).collect(),
        _ => of_issuers.iter().map(TenantId::as_str).collect(),
    };
    let fits = |own: &&str| TenantId::parse(own).is_none_or(|own| own == tid);
    if accepted.is_empty() || accepted.iter().any(fits) {
        return None;
    }
    let own = accepted.first().copied().unwrap_or_default();
    let list: Vec<String> = accepted
        .iter()
        .copied()
        .chain([tid.as_str()])
        .map(|tenant| format!("\"{tenant}\""))
        .collect();
    Some(
        Case::new(format!(
            "{} is of the tenant `{tid}`; accepted is {}.",
            evidence.subject(),
            shown_list(accepted.iter().copied(), "or")
        ))
        .change(write_issuer(
            evidence,
            &format!("https://login.microsoftonline.com/{own}/v2.0"),
            "Send people to your own tenant; guests then sign in as your guests.",
        ))
        .change(
            Change::config(
                "provider.tenants",
                "Or accept people of that tenant as well.",
            )
            .line(format!("tenants = [{}]", list.join(", "))),
        ),
    )
}

fn issuer(evidence: &Evidence) -> Option<Case> {
    let failed = || {
        let token = evidence.token.as_ref()?;
        let expected = evidence.metadata.as_ref()?.text("issuer")?;
        token
            .failed(Failure::Issuer)
            .then_some((token.text("iss")?, vec![expected]))
    };
    let (found, expected) = match mismatch(evidence) {
        Some((api, _, iss)) => (iss, api.issuers.iter().map(String::as_str).collect()),
        None => failed()?,
    };
    let slash = expected
        .iter()
        .any(|own| own.trim_end_matches('/') == found.trim_end_matches('/'));
    let case = Case::new(format!(
        "{} is issued by {}; expected is {}.",
        evidence.subject(),
        shown(found),
        shown_list(expected.iter().copied(), "or")
    ));
    let case = match slash {
        true => case.because(
            "They differ by the slash at the end, and issuers are compared to the letter.",
        ),
        false => case,
    };
    Some(case.change(Change::api(
        "accepted issuers",
        format!(
            "If {} is the provider you mean: write its issuer exactly so. If not, the token is somebody \
             else's, and refusing it is right.",
            shown(found)
        ),
    )))
}

fn any_tenant(evidence: &Evidence) -> Option<Case> {
    let provider = evidence.provider()?;
    let authority = provider.authority()?;
    let (_, rest) = authority.split_once("://")?;
    let segment = rest.split('/').nth(1)?;
    let listed = provider
        .tenants
        .as_ref()
        .is_some_and(|tenants| !tenants.is_empty());
    if Product::of_url(authority) != Some(Product::Entra) || !serves_many_tenants(segment) || listed
    {
        return None;
    }
    Some(
        Case::new(format!(
            "The authority is {}, and no tenants are listed.",
            shown(authority)
        ))
        .change(write_issuer(
            evidence,
            "https://login.microsoftonline.com/<tenant id>/v2.0",
            "Use your tenant's id, under Microsoft Entra ID > Overview > Tenant ID.",
        ))
        .change(setting(
            evidence,
            Change::config(
                "provider.tenants",
                "Or list the tenants whose people may sign in.",
            )
            .line("tenants = [\"<tenant id>\"]"),
            Change::apache("Require", "Or let in only people whose `tid` is yours.")
                .line("Require claim tid:<tenant id>"),
        )),
    )
}

fn tenant_id(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref().filter(|token| token.is_entra())?;
    // B2C tokens carry the tenant in the issuer alone.
    if token.product() == Some(Product::B2c) {
        return None;
    }
    let in_issuer = tenant_in(token.text("iss")?)?;
    let names = token.claims()?.keys();
    let several = names
        .filter(|name| name.eq_ignore_ascii_case("tid"))
        .count()
        > 1;
    let tid = token.text("tid");
    let seen = match tid.map(TenantId::parse) {
        _ if several => "has two claims that are `tid` in different case".to_owned(),
        None => "has no `tid`".to_owned(),
        Some(None) => format!("has the `tid` {}, which is no GUID", shown(tid?)),
        Some(Some(tid)) if tid != in_issuer => {
            format!("has the `tid` `{tid}`, and its issuer is of `{in_issuer}`")
        }
        Some(Some(_)) => return None,
    };
    Some(
        Case::new(format!(
            "{} is by its issuer one of Entra's and {seen}.",
            evidence.subject()
        ))
        .change(Change::api(
            "tenant check",
            "Refuse tokens whose `tid` is not the tenant in their `iss`.",
        )),
    )
}

/// The longest an ordinary access token is configured to live is a day; the usual is 60 to 90
/// minutes.
const LONG_SECS: i64 = 18 * 3600;

fn long_lived(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref().filter(|token| token.is_entra())?;
    let lives = token.number("exp")?.saturating_sub(token.number("iat")?);
    (lives > LONG_SECS && !token.looks_like_id_token()).then(|| {
        Case::new(format!("{} lives {} hours.", evidence.subject(), lives / 3600)).change(Change::api(
            "WWW-Authenticate",
            "If the API ends sessions early: answer with a claims challenge, and the client gets a new \
             token.",
        ))
    })
}

fn algorithm(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    let alg = token.header_text("alg")?;
    let of_api = evidence
        .api
        .iter()
        .flat_map(|api| &api.algorithms)
        .map(String::as_str);
    let mut named: Vec<&str> = of_api.collect();
    if named.is_empty() {
        let metadata = evidence.metadata.as_ref();
        named = metadata
            .and_then(|metadata| metadata.list("id_token_signing_alg_values_supported"))
            .unwrap_or_default();
    }
    if named.is_empty() && token.is_entra() {
        named = vec!["RS256"];
    }
    (!named.is_empty() && !named.contains(&alg)).then(|| {
        Case::new(format!(
            "{} is signed with {}; named is {}.",
            evidence.subject(),
            shown(alg),
            shown_list(named.iter().copied(), "or")
        ))
        .change(Change::api(
            "accepted algorithms",
            format!(
                "Accept {} and nothing else. If the provider changed its algorithm, its metadata says so \
                 first.",
                shown_list(named.iter().copied(), "and")
            ),
        ))
    })
}

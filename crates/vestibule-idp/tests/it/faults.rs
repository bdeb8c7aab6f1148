//! Each fault does what it says, and no more often than it says.

use std::time::Instant;

use serde_json::{Value, json};
use vestibule_idp::{
    ArmedFault, BodyShape, Endpoint, Fault, IdpSettings, IssParameter, Roll, Token,
};

use crate::bench::{API, Bench, TENANT, authorize, claims, header, redemption, token_path};

const DISCOVERY: &str = "/common/v2.0/.well-known/openid-configuration";

fn once(fault: Fault) -> [ArmedFault; 1] {
    [ArmedFault {
        fault,
        times: Some(1),
    }]
}

async fn api_tokens(bench: &Bench) -> Value {
    bench
        .tokens(
            "ada",
            &[(
                "scope",
                &format!("openid profile offline_access {API}/.default"),
            )],
        )
        .await
}

#[tokio::test]
async fn an_endpoint_can_be_down_and_comes_back() {
    let bench = Bench::start().await;
    bench.idp.arm(once(Fault::Status {
        endpoint: Endpoint::Discovery,
        status: 503,
        retry_after_secs: Some(7),
    }));
    let keys = format!("/{TENANT}/discovery/v2.0/keys");
    assert_eq!(bench.get(&keys).await.status, 200, "another endpoint");
    let answer = bench.get(DISCOVERY).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.headers["retry-after"], "7");
    assert_eq!(bench.get(DISCOVERY).await.status, 200);
}

#[tokio::test]
async fn an_endpoint_can_hang_up_and_be_slow() {
    let bench = Bench::start().await;
    bench.idp.arm([ArmedFault {
        fault: Fault::HangUp {
            endpoint: Endpoint::Keys,
        },
        times: Some(2),
    }]);
    let url = bench.url("/common/discovery/keys");
    assert!(bench.http.get(&url).send().await.is_err());
    bench.idp.clear_faults();
    bench.idp.arm(once(Fault::Slow {
        endpoint: Endpoint::Keys,
        millis: 120,
    }));
    let start = Instant::now();
    assert_eq!(bench.get("/common/discovery/keys").await.status, 200);
    assert!(start.elapsed().as_millis() >= 120);
}

#[tokio::test]
async fn an_answer_can_be_spoiled() {
    let bench = Bench::start().await;
    for (shape, check) in [
        (
            BodyShape::Html,
            (|body| body.starts_with("<!doctype")) as fn(&str) -> bool,
        ),
        (BodyShape::Empty, str::is_empty),
        (BodyShape::Truncated, |body| {
            body.starts_with("{\"keys\"") && !body.ends_with('}')
        }),
        (BodyShape::EmptyObject, |body| body == "{}"),
        (BodyShape::Oversize, |body| body.len() > 2 * 1024 * 1024),
    ] {
        bench.idp.arm(once(Fault::Body {
            endpoint: Endpoint::Keys,
            shape,
        }));
        let answer = bench.get("/common/discovery/keys").await;
        assert_eq!(answer.status, 200);
        assert!(check(&answer.body), "{shape:?}");
    }
}

#[tokio::test]
async fn metadata_and_keys_can_lie() {
    let bench = Bench::start().await;
    bench.idp.arm([
        Fault::DiscoveryMember {
            member: "issuer".into(),
            value: json!("https://evil.example"),
        },
        Fault::DiscoveryMember {
            member: "jwks_uri".into(),
            value: Value::Null,
        },
        Fault::KeysWithoutSigner,
    ]);
    let document = bench.get(DISCOVERY).await.json();
    assert_eq!(document["issuer"], "https://evil.example");
    assert!(document.get("jwks_uri").is_none());
    let tokens = api_tokens(&bench).await;
    let keys = format!("/{TENANT}/discovery/v2.0/keys");
    let token = tokens["id_token"].as_str().unwrap();
    assert_eq!(
        bench.plain_check(token, &keys).await.unwrap_err(),
        "kid not found"
    );
}

#[tokio::test]
async fn claims_can_be_wrong_in_one_token_and_right_in_the_other() {
    let bench = Bench::start().await;
    let (id, access) = (Token::IdToken, Token::AccessToken);
    for (fault, token, claim, is_wrong) in [
        (Fault::WrongIssuer { token: id }, "id_token", "iss", true),
        (
            Fault::WrongIssuer { token: access },
            "id_token",
            "iss",
            false,
        ),
        (
            Fault::WrongAudience { token: Token::Both },
            "access_token",
            "aud",
            true,
        ),
        (Fault::WrongNonce, "id_token", "nonce", true),
        (
            Fault::MissingClaim {
                token: id,
                claim: "sub".into(),
            },
            "id_token",
            "sub",
            true,
        ),
        (
            Fault::ReplaceClaim {
                token: access,
                claim: "tid".into(),
                value: json!("x"),
            },
            "access_token",
            "tid",
            true,
        ),
    ] {
        let usual = api_tokens(&bench).await;
        bench.idp.arm([fault.clone()]);
        let spoiled = api_tokens(&bench).await;
        bench.idp.clear_faults();
        let differs = claims(&usual[token])[claim] != claims(&spoiled[token])[claim];
        assert_eq!(differs, is_wrong, "{fault:?}");
    }
}

#[tokio::test]
async fn times_can_be_wrong() {
    let bench = Bench::start().await;
    let keys = format!("/{TENANT}/discovery/v2.0/keys");
    bench.idp.arm(once(Fault::Expired {
        token: Token::IdToken,
    }));
    let tokens = api_tokens(&bench).await;
    let token = tokens["id_token"].as_str().unwrap();
    assert_eq!(
        bench.plain_check(token, &keys).await.unwrap_err(),
        "ExpiredSignature"
    );
    bench.idp.arm(once(Fault::NotYetValid {
        token: Token::AccessToken,
    }));
    let access = claims(&api_tokens(&bench).await["access_token"]);
    assert!(
        access["nbf"].as_i64().unwrap()
            > claims(&tokens["access_token"])["iat"].as_i64().unwrap() + 7_000
    );
    bench.idp.arm([Fault::ClockOffset { seconds: -7_200 }]);
    let slow = claims(&api_tokens(&bench).await["id_token"]);
    assert!(
        slow["exp"].as_i64().unwrap() < claims(&tokens["access_token"])["iat"].as_i64().unwrap()
    );
}

#[tokio::test]
async fn signatures_can_be_wrong_in_every_classic_way() {
    let bench = Bench::start().await;
    let keys = format!("/{TENANT}/discovery/v2.0/keys");
    let token = Token::IdToken;
    for (fault, algorithm, verdict) in [
        (Fault::AlgNone { token }, "none", "unknown variant"),
        (
            Fault::HmacWithPublicKey { token },
            "HS256",
            "InvalidAlgorithm",
        ),
        (Fault::BadSignature { token }, "RS256", "InvalidSignature"),
        (Fault::UnpublishedKey { token }, "RS256", "kid not found"),
        (Fault::AppKey { token }, "RS256", "kid not found"),
        (Fault::ForeignKey { token }, "RS256", ""),
    ] {
        bench.idp.arm(once(fault.clone()));
        let tokens = api_tokens(&bench).await;
        let id_token = &tokens["id_token"];
        assert_eq!(header(id_token)["alg"], algorithm, "{fault:?}");
        match bench.plain_check(id_token.as_str().unwrap(), &keys).await {
            Ok(_) => assert_eq!(verdict, "", "{fault:?}"),
            Err(error) => {
                assert!(
                    !verdict.is_empty() && error.contains(verdict),
                    "{fault:?}: {error}"
                );
            }
        }
        bench
            .plain_check(tokens["access_token"].as_str().unwrap(), &keys)
            .await
            .unwrap();
    }
    bench.idp.arm(once(Fault::AlgNone { token }));
    let tokens = api_tokens(&bench).await;
    assert!(tokens["id_token"].as_str().unwrap().ends_with('.'));
}

#[tokio::test]
async fn keys_roll_before_their_caches_know() {
    let bench = Bench::start().await;
    let keys = format!("/{TENANT}/discovery/v2.0/keys");
    let before = bench.get(&keys).await.json();
    bench.idp.arm(once(Fault::RollBeforeSigning));
    let tokens = api_tokens(&bench).await;
    let kid = header(&tokens["id_token"])["kid"].clone();
    assert!(
        !before["keys"]
            .as_array()
            .unwrap()
            .iter()
            .any(|key| key["kid"] == kid)
    );
    bench
        .plain_check(tokens["id_token"].as_str().unwrap(), &keys)
        .await
        .unwrap();
}

#[tokio::test]
async fn keys_are_published_used_retired_and_replaced() {
    let bench = Bench::start().await;
    let keys = format!("/{TENANT}/discovery/v2.0/keys");
    let count = || async {
        bench.get(&keys).await.json()["keys"]
            .as_array()
            .unwrap()
            .len()
    };
    let first = header(&api_tokens(&bench).await["id_token"])["kid"].clone();
    assert_eq!(count().await, 3);
    assert_eq!(first, bench.idp.roll_keys(Roll::Publish).unwrap());
    assert_eq!(count().await, 4);
    let second = bench.idp.roll_keys(Roll::Use).unwrap();
    assert_ne!(first, second);
    let tokens = api_tokens(&bench).await;
    assert_eq!(header(&tokens["id_token"])["kid"], second);
    bench.idp.roll_keys(Roll::Retire).unwrap();
    assert_eq!(count().await, 2);
    bench
        .plain_check(tokens["id_token"].as_str().unwrap(), &keys)
        .await
        .unwrap();
    bench.idp.roll_keys(Roll::Emergency).unwrap();
    assert_eq!(count().await, 2);
    let refused = bench
        .plain_check(tokens["id_token"].as_str().unwrap(), &keys)
        .await;
    assert_eq!(refused.unwrap_err(), "kid not found");
}

#[tokio::test]
async fn a_token_response_can_lack_or_bend_its_members() {
    let bench = Bench::start().await;
    for (fault, member, expected) in [
        (Fault::NoExpiresIn, "expires_in", Value::Null),
        (Fault::NoRefreshToken, "refresh_token", Value::Null),
        (Fault::NoIdToken, "id_token", Value::Null),
        (Fault::NoAccessToken, "access_token", Value::Null),
        (
            Fault::ShortAccessToken { seconds: 5 },
            "expires_in",
            json!(5),
        ),
    ] {
        bench.idp.arm(once(fault.clone()));
        assert_eq!(api_tokens(&bench).await[member], expected, "{fault:?}");
        assert_ne!(
            api_tokens(&bench).await[member],
            expected,
            "{fault:?} is over"
        );
    }
    bench.idp.arm(once(Fault::StringExpiresIn));
    assert!(api_tokens(&bench).await["expires_in"].is_string());
    bench.idp.arm(once(Fault::OpaqueAccessToken));
    assert!(
        !api_tokens(&bench).await["access_token"]
            .as_str()
            .unwrap()
            .contains('.')
    );
    bench.idp.arm(once(Fault::OversizeToken {
        token: Token::AccessToken,
        bytes: 20_000,
    }));
    assert!(
        api_tokens(&bench).await["access_token"]
            .as_str()
            .unwrap()
            .len()
            > 20_000
    );
}

#[tokio::test]
async fn refusals_can_be_ordered() {
    let bench = Bench::start().await;
    let tokens = api_tokens(&bench).await;
    bench.idp.arm(once(Fault::TokenError {
        grant_type: Some("refresh_token".into()),
        scope: None,
        error: "interaction_required".into(),
        aadsts: 50076,
        suberror: Some("basic_action".into()),
        claims: Some("{\"access_token\":{}}".into()),
    }));
    let code = bench.code("ada", &[]).await;
    let answer = bench
        .post(&token_path(TENANT), &redemption(&code, &[]))
        .await;
    assert_eq!(answer.status, 200, "another grant");
    let answer = bench
        .refresh(tokens["refresh_token"].as_str().unwrap(), &[])
        .await;
    assert_eq!((answer.status, answer.number()), (400, 50076));
    let body = answer.json();
    assert_eq!(body["error"], "interaction_required");
    assert_eq!(body["suberror"], "basic_action");
    assert_eq!(body["claims"], "{\"access_token\":{}}");

    bench.idp.arm(once(Fault::AuthorizeError {
        error: "access_denied".into(),
        aadsts: 53003,
    }));
    let sent = bench.get(&authorize(&[])).await.sent_back();
    assert_eq!(sent["error"], "access_denied");
    assert!(sent["error_description"].starts_with("AADSTS53003"));
}

#[tokio::test]
async fn iss_and_state_can_come_back_wrong() {
    let bench = Bench::start().await;
    for (is, iss) in [
        (
            IssParameter::Right,
            Some(format!("{}/{TENANT}/v2.0", bench.idp.origin())),
        ),
        (
            IssParameter::Wrong,
            Some("http://127.0.0.1:9/another-provider/v2.0".to_owned()),
        ),
        (IssParameter::Missing, None),
    ] {
        bench.idp.arm([Fault::IssParameter { is }]);
        let document = bench.get(DISCOVERY).await.json();
        assert_eq!(
            document["authorization_response_iss_parameter_supported"],
            true
        );
        let sent = bench.sign_in("ada", &[]).await.sent_back();
        assert_eq!(sent.get("iss").cloned(), iss);
        bench.idp.clear_faults();
    }
    bench.idp.arm(once(Fault::WrongState));
    assert_ne!(
        bench.sign_in("ada", &[]).await.sent_back()["state"],
        "the state"
    );
}

#[tokio::test]
async fn userinfo_can_answer_for_somebody_else() {
    let bench = Bench::start().await;
    let tokens = bench.tokens("ada", &[]).await;
    bench.idp.arm(once(Fault::WrongUserinfoSubject));
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let request = bench
        .http
        .get(bench.url("/graph/oidc/userinfo"))
        .header("authorization", bearer);
    assert_eq!(bench.send(request).await.json()["sub"], "somebody-else");
}

#[tokio::test]
async fn faults_of_the_settings_file_are_on_from_the_start() {
    let settings = IdpSettings::from_toml(
        "[[fault]]\nkind = \"status\"\nendpoint = \"discovery\"\nstatus = 500\ntimes = 1\n",
    )
    .unwrap();
    let bench = Bench::start_with(settings).await;
    assert_eq!(bench.get(DISCOVERY).await.status, 500);
    assert_eq!(bench.get(DISCOVERY).await.status, 200);
}

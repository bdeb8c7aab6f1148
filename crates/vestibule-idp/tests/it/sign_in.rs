//! Signing in: the picker, the browser's session, how the answer travels.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use vestibule_idp::IdpSettings;

use crate::bench::{
    API, Bench, CLIENT, PERSONAL_TENANT, REDIRECT, SECRET, TENANT, authorize, claims, redemption,
    token_path,
};

#[tokio::test]
async fn a_person_signs_in_and_the_client_gets_what_it_asked_for() {
    let bench = Bench::start().await;
    let page = bench.get(&authorize(&[])).await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains(r#"name="account" value="ada""#),
        "{}",
        page.body
    );

    let verifier = "a-verifier-of-at-least-forty-three-characters-x";
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    let scope = format!("openid profile offline_access {API}/.default");
    let changes = [
        ("scope", scope.as_str()),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let answer = bench.sign_in("ada", &changes).await;
    assert_eq!(answer.status, 302, "{answer:?}");
    let location = answer.headers["location"].to_str().unwrap();
    assert!(
        location.starts_with(&format!("{REDIRECT}?code=1.")),
        "{location}"
    );
    assert!(location.ends_with('#'), "{location}");
    let sent = answer.sent_back();
    assert_eq!(sent["state"], "the state");
    assert!(sent.contains_key("session_state"));
    assert!(!sent.contains_key("iss"));
    let lengths: Vec<usize> = sent["code"].split('.').map(str::len).collect();
    assert_eq!(lengths, [1, 51, 910]);

    let fields = redemption(&sent["code"], &[("code_verifier", verifier)]);
    let answer = bench.post(&token_path(TENANT), &fields).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.headers["cache-control"], "no-store, no-cache");
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "Bearer");
    let keys = format!("/{TENANT}/discovery/v2.0/keys");
    let id_token = bench
        .plain_check(tokens["id_token"].as_str().unwrap(), &keys)
        .await
        .unwrap();
    assert_eq!(id_token["aud"], CLIENT);
    assert_eq!(id_token["nonce"], "the nonce");
    assert_eq!(
        id_token["iss"],
        format!("{}/{TENANT}/v2.0", bench.idp.origin())
    );
    assert_eq!(id_token["upn"], "ada@contoso.localhost");
    bench
        .plain_check(tokens["access_token"].as_str().unwrap(), &keys)
        .await
        .unwrap();
    assert!(tokens["refresh_token"].is_string());
}

#[tokio::test]
async fn basic_and_post_both_prove_the_client() {
    let bench = Bench::start().await;
    let code = bench.code("ada", &[]).await;
    let fields = redemption(&code, &[("client_id", ""), ("client_secret", "")]);
    let request = bench.form(&bench.url(&token_path(TENANT)), &fields);
    let answer = bench.send(request.basic_auth(CLIENT, Some(SECRET))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn whoever_is_signed_in_is_not_asked_again_unless_the_client_insists() {
    let bench = Bench::start().await;
    let cookie = bench.sign_in("ada", &[]).await.cookie();
    let answer = bench.authorize_with(&cookie, &[]).await;
    assert!(answer.sent_back().contains_key("code"), "{answer:?}");
    let answer = bench.authorize_with(&cookie, &[("prompt", "none")]).await;
    assert!(answer.sent_back().contains_key("code"), "{answer:?}");
    for prompt in ["login", "select_account"] {
        let answer = bench.authorize_with(&cookie, &[("prompt", prompt)]).await;
        assert_eq!(answer.status, 200, "{prompt}");
        assert!(answer.body.contains("signed in"), "{prompt}");
    }
    let hint = [("login_hint", "rafael@contoso.localhost")];
    let answer = bench.authorize_with(&cookie, &hint).await;
    assert_eq!(answer.status, 200, "somebody else is hinted at");
    let rafael = answer.body.find(r#"value="rafael""#).unwrap();
    assert!(
        rafael < answer.body.find(r#"value="ada""#).unwrap(),
        "the hinted one comes first"
    );
    let hint = [
        ("login_hint", "ada@contoso.localhost"),
        ("domain_hint", "contoso.localhost"),
    ];
    assert!(
        bench
            .authorize_with(&cookie, &hint)
            .await
            .sent_back()
            .contains_key("code")
    );
}

#[tokio::test]
async fn silent_sign_in_fails_where_a_person_would_have_to_be_asked() {
    let bench = Bench::start().await;
    let answer = bench.get(&authorize(&[("prompt", "none")])).await;
    assert_eq!(answer.sent_back()["error"], "login_required");

    let first = bench.sign_in("ada", &[]).await.cookie();
    let url = bench.url(&authorize(&[("prompt", "login")]));
    let request = bench
        .form(&url, &[("account", "rafael")])
        .header("cookie", &first);
    let both = bench.send(request).await.cookie();
    let answer = bench.authorize_with(&both, &[("prompt", "none")]).await;
    assert_eq!(answer.sent_back()["error"], "interaction_required");
    let hint = [("prompt", "none"), ("login_hint", "ada@contoso.localhost")];
    assert!(
        bench
            .authorize_with(&both, &hint)
            .await
            .sent_back()
            .contains_key("code")
    );
    let answer = bench.authorize_with(&both, &[]).await;
    assert_eq!(answer.status, 200, "two accounts: the picker");
}

#[tokio::test]
async fn the_session_cookie_is_new_at_each_sign_in_and_closed_to_scripts() {
    let bench = Bench::start().await;
    let answer = bench.sign_in("ada", &[]).await;
    let set = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{set}");
    let url = bench.url(&authorize(&[]));
    let again = bench
        .form(&url, &[("account", "ada")])
        .header("cookie", answer.cookie());
    assert_ne!(bench.send(again).await.cookie(), answer.cookie());
}

#[tokio::test]
async fn form_post_answers_with_a_form_and_its_one_script() {
    let bench = Bench::start().await;
    let answer = bench
        .sign_in("ada", &[("response_mode", "form_post")])
        .await;
    assert_eq!(answer.status, 200);
    let action = format!(r#"action="{}""#, REDIRECT.replace('/', "&#x2f;"));
    assert!(answer.body.contains(&action), "{}", answer.body);
    assert!(answer.body.contains(r#"name="code""#));
    assert!(answer.body.contains("<button"), "works without a script");
    let script = answer
        .body
        .split("<script>")
        .nth(1)
        .unwrap()
        .split("</script>")
        .next()
        .unwrap();
    let hash = base64::engine::general_purpose::STANDARD.encode(digest(&SHA256, script.as_bytes()));
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains(&format!("script-src 'sha256-{hash}'")),
        "{policy}"
    );
    assert!(
        policy.contains("form-action 'self' http://localhost:4711;"),
        "{policy}"
    );
}

#[tokio::test]
async fn a_fragment_carries_the_answer_when_asked() {
    let bench = Bench::start().await;
    let location = bench
        .sign_in("ada", &[("response_mode", "fragment")])
        .await
        .location();
    assert!(location.query().is_none());
    assert!(location.fragment().unwrap().starts_with("code="));
}

#[tokio::test]
async fn a_redirect_uri_keeps_its_query_and_a_bare_host_gets_its_slash() {
    let bench = Bench::start().await;
    for (uri, start) in [
        (
            "http://localhost:1/cb?a=b",
            "http://localhost:1/cb?a=b&code=",
        ),
        ("http://localhost:1", "http://localhost:1/?code="),
        ("http://localhost/foo", "http://localhost/foo?code="),
    ] {
        let answer = bench.sign_in("ada", &[("redirect_uri", uri)]).await;
        let location = answer.headers["location"].to_str().unwrap();
        assert!(location.starts_with(start), "{location}");
    }
}

#[tokio::test]
async fn hybrid_gives_a_code_and_an_id_token_that_names_it() {
    let mut settings = IdpSettings::built_in();
    settings.apps[0].id_tokens_from_authorize = true;
    let bench = Bench::start_with(settings).await;
    let fields = bench
        .sign_in("ada", &[("response_type", "code id_token")])
        .await
        .sent_back();
    let id_token = claims(&fields["id_token"].clone().into());
    let hash = digest(&SHA256, fields["code"].as_bytes());
    assert_eq!(
        id_token["c_hash"],
        URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
    );
}

#[tokio::test]
async fn a_person_can_be_made_on_the_picker() {
    let bench = Bench::start().await;
    let url = bench.url(&authorize(&[]));
    let fields = [
        ("account", "new"),
        ("new_name", "Zoë <b>"),
        ("new_username", ""),
        ("new_kind", "member"),
        ("new_groups", "3"),
        ("new_roles", "Portal.Admin Other"),
    ];
    let answer = bench.send(bench.form(&url, &fields)).await;
    let code = answer.sent_back()["code"].clone();
    let tokens = bench
        .post(&token_path(TENANT), &redemption(&code, &[]))
        .await
        .json();
    let id_token = claims(&tokens["id_token"]);
    assert_eq!(id_token["name"], "Zoë <b>");
    assert_eq!(id_token["groups"].as_array().unwrap().len(), 3);
    assert_eq!(id_token["roles"], serde_json::json!(["Portal.Admin"]));
    let page = bench.get(&authorize(&[])).await.body;
    assert!(
        page.contains("Zoë &lt;b&gt;"),
        "what people type is escaped"
    );

    let answer = bench
        .send(bench.form(&url, &[("account", "new"), ("new_name", " ")]))
        .await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.body.contains("Give the person a name"),
        "{}",
        answer.body
    );
    let answer = bench.send(bench.form(&url, &[("account", "nobody")])).await;
    assert!(
        answer.body.contains("Nobody of that name"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_form_of_another_site_signs_nobody_in() {
    let bench = Bench::start().await;
    let request = bench
        .form(&bench.url(&authorize(&[])), &[("account", "ada")])
        .header("sec-fetch-site", "cross-site");
    let answer = bench.send(request).await;
    assert_eq!(answer.status, 400);
    assert!(!answer.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn common_signs_people_in_at_home_and_consumers_takes_personal_accounts() {
    let bench = Bench::start().await;
    for (path, account, tenant) in [
        ("common", "ada", TENANT),
        ("common", "gus", crate::bench::OTHER_TENANT),
        ("common", "pia", PERSONAL_TENANT),
        ("organizations", "ada", TENANT),
        ("consumers", "pia", PERSONAL_TENANT),
        ("contoso.localhost", "gus", TENANT),
    ] {
        let tokens = bench.tokens(account, &[("tenant", path)]).await;
        let id_token = claims(&tokens["id_token"]);
        assert_eq!(id_token["tid"], tenant, "{path} {account}");
        assert_eq!(
            id_token["iss"],
            format!("{}/{tenant}/v2.0", bench.idp.origin())
        );
        let keys = format!("/{path}/discovery/v2.0/keys");
        bench
            .plain_check(tokens["id_token"].as_str().unwrap(), &keys)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn tokens_of_personal_accounts_are_signed_with_their_own_key() {
    let bench = Bench::start().await;
    let tokens = bench.tokens("pia", &[("tenant", "common")]).await;
    let token = tokens["id_token"].as_str().unwrap();
    let kid = crate::bench::header(&tokens["id_token"])["kid"].clone();
    let keys = bench.get("/common/discovery/v2.0/keys").await.json();
    let key = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == kid)
        .unwrap();
    assert_eq!(
        key["issuer"],
        format!("{}/{PERSONAL_TENANT}/v2.0", bench.idp.origin())
    );
    let home = format!("/{TENANT}/discovery/v2.0/keys");
    assert_eq!(
        bench.plain_check(token, &home).await.unwrap_err(),
        "kid not found"
    );
}

#[tokio::test]
async fn parameters_may_come_in_the_body_of_a_post() {
    let bench = Bench::start().await;
    let path = format!("/{TENANT}/oauth2/v2.0/authorize");
    let fields = [
        ("client_id", CLIENT),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid"),
        ("account", "ada"),
    ];
    assert!(
        bench
            .post(&path, &fields)
            .await
            .sent_back()
            .contains_key("code")
    );
    let page = bench.post(&path, &fields[..4]).await;
    assert!(
        page.body.contains("redirect_uri="),
        "the picker repeats them: {}",
        page.body
    );
}

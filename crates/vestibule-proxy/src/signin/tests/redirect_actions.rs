//! What mod_auth_openidc answers at its redirect URI, here a page of the app as well.

use vestibule_session::return_to::ReturnTo;

use super::*;
use crate::provider::{ProviderPlan, RedirectActions, SessionFact, Target};

const PATH: &str = "/app/here";

fn acting(actions: RedirectActions) -> ProviderPlan {
    ProviderPlan {
        redirect_path: Some(PATH.to_owned()),
        redirect_actions: Some(actions),
        ..plan("main")
    }
}

fn rig(actions: RedirectActions) -> Rig {
    Rig::with(vec![acting(actions)])
}

fn at(query: &str) -> Ask {
    get(&format!("{PATH}?{query}")).navigating()
}

fn linked(query: &str, from: &str) -> Ask {
    at(query).with("Sec-Fetch-Site", from)
}

async fn signed_in(rig: &Rig) -> Browser {
    let mut browser = Browser::default();
    browser.sign_in(rig, "/app").await;
    assert!(browser.session().is_some());
    browser
}

#[tokio::test(start_paused = true)]
async fn the_page_of_the_app_stays_what_it_is() {
    let rig = rig(RedirectActions::default());
    let mut browser = signed_in(&rig).await;
    for query in ["x=1", "logout", "info=xml", "session=42", "q=logout=1"] {
        let page = browser.send(&rig, at(query)).await;
        assert_eq!(
            (page.status, page.body.as_str()),
            (200, "access-token-1"),
            "{query}"
        );
    }
    assert_eq!(browser.go(&rig, PATH).await.body, "access-token-1");
}

#[tokio::test(start_paused = true)]
async fn where_nobody_asked_for_it_nothing_of_it_is_answered() {
    let mut plan = acting(RedirectActions::default());
    plan.redirect_actions = None;
    let rig = Rig::with(vec![plan]);
    let mut browser = signed_in(&rig).await;
    for query in ["logout=/", "info=json", "jwks=rsa", "revoke_session=x"] {
        let ask = linked(query, "same-origin");
        let page = browser.send(&rig, ask).await;
        assert_eq!(page.body, "access-token-1", "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_of_this_site_signs_out_and_leads_to_the_provider_and_back() {
    for from in ["same-origin", "none"] {
        let rig = rig(RedirectActions::default());
        let mut browser = signed_in(&rig).await;
        let out = browser
            .send(&rig, linked("logout=%2Fbye%3Fx%3D1", from))
            .await;
        let address = out.location().to_owned();
        assert!(
            address.starts_with(&format!("{ISSUER}/logout?")),
            "{address}"
        );
        let back = &query(&address)["post_logout_redirect_uri"];
        assert_eq!(*back, format!("{ORIGIN}/bye?x=1"));
        assert_eq!(browser.session(), None);
        assert_eq!(browser.go(&rig, "/app").await.status, 303);
        // Who is signed out already goes right there.
        let out = browser.send(&rig, linked("logout=%2Fbye", from)).await;
        assert_eq!(out.location(), "/bye");
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_logout_leads_where_the_operator_said() {
    let next = Target::Here(ReturnTo::parse(b"/gone").unwrap());
    for (signed_out, expected) in [(Some(next), "/gone"), (None, "/.vestibule/signed-out")] {
        let rig = rig(RedirectActions {
            signed_out,
            ..RedirectActions::default()
        });
        let mut browser = Browser::default();
        let out = browser.send(&rig, linked("logout=", "same-origin")).await;
        assert_eq!(out.location(), expected);
    }
}

/// The module signs out whoever is made to follow a link.
#[tokio::test(start_paused = true)]
async fn a_link_of_another_site_asks_first() {
    let rig = rig(RedirectActions::default());
    let mut browser = signed_in(&rig).await;
    let asks = [
        linked("logout=%2Fbye", "cross-site"),
        linked("logout=%2Fbye", "same-site"),
        at("logout=%2Fbye"),
        at("logout=%2Fbye").with("Referer", "https://portal.example.com.evil.example/"),
        linked("logout=%2Fbye", "none").with("Sec-Purpose", "prefetch;prerender"),
        linked("logout=%2Fbye", "same-origin").method("HEAD"),
    ];
    for ask in asks {
        let page = browser.send(&rig, ask).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.set_cookies(), Vec::<&str>::new());
    }
    let page = browser
        .send(&rig, linked("logout=%2Fbye", "cross-site"))
        .await;
    let action = format!("action=\"{PATH}?logout=%2Fbye\"");
    assert!(
        page.body.replace("&#x2f;", "/").contains(&action),
        "{}",
        page.body
    );
    // Only our own page sends the form.
    for from in ["cross-site", "same-site", "none"] {
        let ask = post(&format!("{PATH}?logout=%2Fbye")).with("Sec-Fetch-Site", from);
        browser.send(&rig, ask).await;
        assert!(browser.session().is_some(), "{from}");
    }
    let ask = same_origin(post(&format!("{PATH}?logout=%2Fbye")));
    let out = browser.send(&rig, ask).await;
    assert_eq!(
        query(out.location())["post_logout_redirect_uri"],
        format!("{ORIGIN}/bye")
    );
    assert_eq!(browser.session(), None);
    let mut old = signed_in(&rig).await;
    let ask = at("logout=%2Fbye").with("Referer", &format!("{ORIGIN}/app"));
    old.send(&rig, ask).await;
    assert_eq!(old.session(), None, "of a browser without Fetch Metadata");
}

#[tokio::test(start_paused = true)]
async fn cve_2019_14857_a_logout_leads_nowhere_else_and_then_does_nothing() {
    let allowed = Url::parse("https://www.example.com/hr").unwrap();
    let rig = rig(RedirectActions {
        return_urls: vec![allowed],
        ..RedirectActions::default()
    });
    let mut browser = signed_in(&rig).await;
    for target in [
        "https%3A%2F%2Fevil.example%2F",
        "%2F%2Fevil.example",
        "%2F%5Cevil.example",
        "%2F%09%2Fevil.example",
        "https%3A%2F%2Fportal.example.com.evil.example%2F",
        "https%3A%2F%2Fwww.example.com%2F",
        "https%3A%2F%2Fwww.example.com%40evil.example%2Fhr",
    ] {
        for name in ["logout", "logout=%2Fbye&logout", "access_token=x&refresh"] {
            let ask = linked(&format!("{name}={target}"), "same-origin");
            let refused = browser.send(&rig, ask).await;
            assert_eq!(refused.status, 400, "{name}={target}");
        }
    }
    assert!(browser.session().is_some());
    let ask = linked(
        "logout=https%3A%2F%2Fwww.example.com%2Fhr%2Fx",
        "same-origin",
    );
    let out = browser.send(&rig, ask).await;
    assert_eq!(
        query(out.location())["post_logout_redirect_uri"],
        "https://www.example.com/hr/x"
    );
}

#[tokio::test(start_paused = true)]
async fn the_provider_ends_sessions_here_too() {
    let rig = rig(RedirectActions::default());
    for (query, image) in [("logout=get&sid=s1", false), ("logout=img&sid=s1", true)] {
        rig.grants().claims.insert("sid", json!("s1"));
        let mut browser = signed_in(&rig).await;
        let done = rig.send(linked(query, "cross-site")).await;
        assert_eq!(done.status, 200);
        let kind = done.field("content-type");
        assert_eq!(kind, image.then_some("image/png"));
        assert_eq!(browser.go(&rig, "/app").await.status, 303);
    }
    let mut browser = signed_in(&rig).await;
    let now = rig.now().as_secs();
    let claims = json!({
        "iss": ISSUER, "aud": "client", "iat": now, "exp": now + 120, "jti": "j1", "sid": "s1",
        "events": { vestibule_oidc::logout_token::EVENT: {} },
    });
    let token = rig.fake.knobs().keys[0].clone().sign(&claims);
    let form = |token: &str| {
        post(&format!("{PATH}?logout=backchannel"))
            .with("Content-Type", "application/x-www-form-urlencoded")
            .body(&format!("logout_token={token}"))
    };
    assert_eq!(rig.send(form("a.b.c")).await.status, 400);
    assert_eq!(browser.go(&rig, "/app").await.status, 200);
    assert_eq!(rig.send(form(&token)).await.status, 200);
    assert_eq!(browser.go(&rig, "/app").await.status, 303);
    assert_eq!(rig.send(form(&token)).await.status, 400, "it came before");
    assert_eq!(rig.send(at("logout=backchannel")).await.status, 405);
}

#[tokio::test(start_paused = true)]
async fn a_page_of_this_site_ends_its_browsers_session_without_a_sid_and_no_other_page_does() {
    let rig = rig(RedirectActions::default());
    let mut browser = signed_in(&rig).await;
    for query in ["logout=get", "logout=img"] {
        for from in ["cross-site", "same-site"] {
            let refused = browser.send(&rig, linked(query, from)).await;
            assert_eq!(refused.status, 400, "{query} {from}");
        }
        let head = linked(query, "same-origin").method("HEAD");
        assert_eq!(browser.send(&rig, head).await.status, 400);
        assert_eq!(browser.go(&rig, "/app").await.status, 200);
    }
    let mut copy = browser.clone();
    let ask = linked("logout=img", "same-origin");
    assert_eq!(browser.send(&rig, ask).await.status, 200);
    assert_eq!(browser.session(), None);
    assert_eq!(copy.go(&rig, "/app").await.status, 303);
}

/// 2.4.20: whoever knows a `sid` must not have tokens revoked at the provider.
#[tokio::test(start_paused = true)]
async fn mod_auth_openidc_2026_08_11_a_frame_revokes_no_tokens() {
    let rig = rig(RedirectActions::default());
    let endpoint = format!("{ISSUER}/revoke");
    let metadata = ("revocation_endpoint", json!(endpoint));
    rig.fake.knobs().metadata.insert(metadata.0, metadata.1);
    rig.fake.knobs().revoke = Box::new(|_| panic!("revoked"));
    rig.grants().claims.insert("sid", json!("s1"));
    signed_in(&rig).await;
    let done = rig.send(linked("logout=get&sid=s1", "cross-site")).await;
    assert_eq!(done.status, 200);
    let wait = Duration::from_secs(60);
    assert!(rig.shared.revocations.all_done(wait).await);
}

#[tokio::test(start_paused = true)]
async fn with_sessions_that_browsers_carry_no_provider_is_told_that_they_ended() {
    let rig = Rig::carrying();
    rig.reload(vec![acting(RedirectActions::default())]);
    for ask in [
        at("logout=get&sid=s1"),
        post(&format!("{PATH}?logout=backchannel")),
    ] {
        assert_eq!(rig.send(ask).await.status, 404);
    }
}

#[tokio::test(start_paused = true)]
async fn cve_2024_39315_info_tells_what_it_may_and_no_token() {
    use SessionFact::{AccessTokenExpires, Ends, IdTokenClaims, IdleEnds, Now, User, UserInfo};
    let rig = rig(RedirectActions {
        info: vec![
            Now,
            IdTokenClaims,
            UserInfo,
            AccessTokenExpires,
            Ends,
            IdleEnds,
            User,
        ],
        ..RedirectActions::default()
    });
    let nobody = rig.send(get(&format!("{PATH}?info=json"))).await;
    assert_eq!(nobody.status, 401);
    let mut browser = signed_in(&rig).await;
    let told = browser.send(&rig, get(&format!("{PATH}?info=json"))).await;
    let (said, now) = (told.json(), rig.now().as_secs());
    assert_eq!(said["iat"], now);
    assert_eq!(said["id_token"]["sub"], "ann");
    assert_eq!(said["remote_user"], "ann");
    assert_eq!(said["exp"], now + 36000);
    assert_eq!(said["timeout"], now + 7200);
    assert_eq!(said["access_token_expires"], (now + 3600).to_string());
    for absent in ["userinfo", "access_token", "refresh_token", "id_token_hint"] {
        assert!(said.get(absent).is_none(), "{absent}");
    }
    let page = browser.send(&rig, at("info=html")).await;
    assert_eq!(page.field("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.body.contains("Ann &lt;b&gt;Example"), "{}", page.body);
}

#[tokio::test(start_paused = true)]
async fn tokens_are_told_only_by_a_key_for_it() {
    let rig = rig(RedirectActions {
        info: vec![SessionFact::AccessToken],
        ..RedirectActions::default()
    });
    rig.grants()
        .answer
        .insert("access_token", json!("opaque-1"));
    let mut browser = signed_in(&rig).await;
    let told = browser.send(&rig, get(&format!("{PATH}?info=json"))).await;
    assert_eq!(told.json(), json!({ "access_token": "opaque-1" }));
}

#[tokio::test(start_paused = true)]
async fn info_keeps_a_session_alive_unless_it_is_told_not_to() {
    let rig = rig(RedirectActions {
        info: vec![SessionFact::Now],
        ..RedirectActions::default()
    });
    let mut browser = signed_in(&rig).await;
    let touches = || rig.log().iter().filter(|what| *what == "touch").count();
    tokio::time::advance(Duration::from_secs(600)).await;
    browser
        .send(&rig, at("info=json&extend_session=false"))
        .await;
    assert_eq!(touches(), 0);
    browser.send(&rig, at("info=json")).await;
    assert_eq!(touches(), 1);
}

#[tokio::test(start_paused = true)]
async fn info_of_nothing_is_nothing_and_of_an_old_token_renews_it() {
    let rig = rig(RedirectActions::default());
    let mut browser = signed_in(&rig).await;
    assert_eq!(browser.send(&rig, at("info=json")).await.status, 404);
    rig.reload(vec![acting(RedirectActions {
        info: vec![SessionFact::Now],
        ..RedirectActions::default()
    })]);
    let ask = || at("info=json&access_token_refresh_interval=60");
    browser.send(&rig, ask()).await;
    assert_eq!(rig.grants().refreshes, 0);
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(browser.send(&rig, ask()).await.status, 200);
    assert_eq!(rig.grants().refreshes, 1);
    let bad = at("info=json&access_token_refresh_interval=soon");
    assert_eq!(browser.send(&rig, bad).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_knows_its_token_has_it_renewed_and_comes_back() {
    let rig = rig(RedirectActions::default());
    let mut browser = signed_in(&rig).await;
    for (query, back) in [
        ("refresh=%2Fapp%2Fx", "/app/x?error_code=no_access_token"),
        (
            "refresh=%2Fapp%2Fx%3Fa%3Db&access_token=",
            "/app/x?a=b&error_code=no_access_token",
        ),
        (
            "refresh=%2Fapp%2Fx&access_token=access-token-2",
            "/app/x?error_code=no_access_token_match",
        ),
        ("refresh=%2Fapp%2Fx&access_token=access-token-1", "/app/x"),
        (
            "refresh=%2Fapp%2Fx&access_token=access-token-1",
            "/app/x?error_code=no_access_token_match",
        ),
    ] {
        let reply = browser.send(&rig, linked(query, "cross-site")).await;
        assert_eq!(reply.location(), back, "{query}");
    }
    assert_eq!(rig.grants().refreshes, 1);
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-2");
    let nobody = rig.send(at("refresh=%2Fapp&access_token=t")).await;
    assert_eq!(nobody.location(), "/app?error_code=no_access_token_exists");
    rig.grants().refuse_refresh = Some((503, json!({})));
    let ask = at("refresh=%2Fapp&access_token=access-token-2");
    let failed = browser.send(&rig, ask).await;
    assert_eq!(failed.location(), "/app?error_code=refresh_failed");
    assert!(browser.session().is_some());
    let head = at("refresh=%2Fapp&access_token=access-token-2").method("HEAD");
    assert_eq!(browser.send(&rig, head).await.status, 405);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_done_is_refused_with_the_reason_and_we_have_no_keys() {
    let rig = rig(RedirectActions::default());
    let mut browser = signed_in(&rig).await;
    let handle = browser.session().unwrap().clone();
    for query in [
        "session=logout",
        "session=iframe_rp",
        "session=check",
        "request_uri=x",
        "remove_at_cache=access-token-1",
        "dpop=t&url=u",
        &format!("revoke_session={handle}"),
    ] {
        let refused = browser.send(&rig, linked(query, "same-origin")).await;
        assert_eq!(refused.status, 400, "{query}");
        let name = query.split('=').next().unwrap();
        assert!(refused.body.contains(&format!("{name}=")), "{query}");
    }
    assert_eq!(browser.go(&rig, "/app").await.status, 200);
    let keys = rig.send(get(&format!("{PATH}?jwks=rsa"))).await;
    assert_eq!(keys.json(), json!({ "keys": [] }));
}

/// 2.4.20: scopes and parameters could be set by a link of another site.
#[tokio::test(start_paused = true)]
async fn mod_auth_openidc_2026_08_11_a_sign_in_another_site_starts_adds_nothing() {
    let rig = rig(RedirectActions::default());
    let issuer = "https%3A%2F%2Fidp.example.com";
    let asked =
        format!("iss={issuer}&target_link_uri=%2Fapp%2Fx&scopes=evil&auth_request_params=x");
    let page = rig.send(linked(&asked, "cross-site")).await;
    assert_eq!(page.status, 200, "the person says so first");
    for query in [
        "iss=",
        "iss=%2F",
        "iss=%00",
        "iss=https%3A%2F%2Fevil.example",
        &format!("iss={issuer}&target_link_uri=https%3A%2F%2Fevil.example%2F"),
    ] {
        let refused = rig.send(linked(query, "cross-site")).await;
        assert_eq!(refused.status, 400, "{query}");
    }
}

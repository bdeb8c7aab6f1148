use std::sync::Arc;

use vestibule_session::handle::Handle;

use super::*;
use crate::provider::fake::plan;
use crate::provider::{ProviderPlan, RedirectActions};
use crate::signin::rig::{Ask, Rig, get, post};

const SPA: &str = "https://spa.example.com";

async fn answer(rig: &Rig, ask: Ask) -> Response {
    let core = Core::new(0, Arc::default());
    handle(&rig.shared, &core, ask.arriving()).await
}

/// With the cookie of a session that nobody knows.
fn with_session(ask: Ask) -> Ask {
    let handle = Handle::from_entropy([7; 32]);
    ask.with(
        "Cookie",
        &format!("__Host-vestibule={}", handle.encoded().as_str()),
    )
}

/// Whoever answers, and whatever the answer says.
#[tokio::test(start_paused = true)]
async fn scripts_of_allowed_origins_may_read_every_answer_of_their_route() {
    let rig = Rig::new();
    rig.store.set_down(true);
    let preflight = get("/app/x")
        .method("OPTIONS")
        .with("Access-Control-Request-Method", "PUT");
    for (ask, status) in [
        (get("/app/x"), 401),
        (post("/app/x"), 401),
        (get("/app/x").with("Authorization", "Bearer x"), 401),
        (get("/app/x").with("Authorization", "Bearer"), 400),
        (with_session(get("/app/x")), 503),
        // Nothing answers behind it.
        (get("/public/x"), 500),
        (preflight, 204),
    ] {
        for (origin, allowed) in [(SPA, true), ("https://other.example.com", false)] {
            let response = answer(&rig, ask.clone().with("Origin", origin)).await;
            let fields = &response.head.fields;
            if allowed {
                assert_eq!(response.head.status, status);
            }
            let leave: Vec<_> = fields.all("access-control-allow-origin").collect();
            let expected: &[&[u8]] = if allowed { &[SPA.as_bytes()] } else { &[] };
            assert_eq!(leave, expected, "{status} {origin}");
            let varies = fields.all("vary").any(|value| value.starts_with(b"Origin"));
            assert_eq!(varies, allowed, "{status} {origin}");
            let exposed = fields.contains("access-control-expose-headers");
            assert_eq!(exposed, allowed && status == 401, "{status} {origin}");
        }
    }
    for elsewhere in ["/nowhere", "/.vestibule/me"] {
        let response = answer(&rig, get(elsewhere).with("Origin", SPA)).await;
        let fields = &response.head.fields;
        assert!(!fields.contains("access-control-allow-origin"));
    }
}

/// The code that the answer says is the one in the log.
#[tokio::test(start_paused = true)]
async fn every_error_answer_of_ours_has_its_code_in_the_log() {
    let rig = Rig::with(vec![ProviderPlan {
        redirect_path: Some("/app/here".to_owned()),
        redirect_actions: Some(RedirectActions::default()),
        ..plan("main")
    }]);
    let down = Rig::new();
    down.store.set_down(true);
    let cross_site = |ask: Ask| ask.with("Sec-Fetch-Site", "cross-site");
    let own = |name: &str| get(&format!("/.vestibule/{name}"));
    for (rig, ask, status, code) in [
        (&rig, get("/app/x"), 401, "no_session"),
        (&rig, get("/nowhere"), 404, "not_found"),
        (
            &rig,
            get("/nowhere").at("other.example.com"),
            421,
            "host_unknown",
        ),
        (&rig, get("/public/x"), 500, "upstream_unknown"),
        (&rig, get("/app/here?info=json"), 401, "no_session"),
        (
            &rig,
            get("/app/here?revoke_session=x"),
            400,
            "redirect_action_not_done",
        ),
        (&rig, own("nope"), 404, "not_found"),
        (&rig, own("me").method("PUT"), 405, "method_not_allowed"),
        (
            &rig,
            cross_site(own("me").method("POST")),
            403,
            "fetch_site_not_same",
        ),
        (
            &rig,
            cross_site(own("sign-out").method("POST")),
            403,
            "fetch_site_not_same",
        ),
        (&rig, cross_site(own("events")), 403, "fetch_site_not_same"),
        (&rig, own("events"), 401, "no_session"),
        (&rig, own("sign-in?prompt=x"), 400, "sign_in_parameter"),
        (&down, with_session(get("/app/x")), 503, "store_unavailable"),
        (&down, with_session(own("me")), 503, "store_unavailable"),
        (&down, with_session(own("events")), 503, "store_unavailable"),
    ] {
        let target = ask.clone();
        let response = answer(rig, ask).await;
        let logged = response.entry.unwrap().error;
        assert_eq!(
            (response.head.status, logged),
            (status, Some(code)),
            "{target:?}"
        );
        let body = response.body.collect(1 << 16).await.unwrap();
        let body = String::from_utf8_lossy(&body);
        assert!(body.contains(code) || status == 403, "{body}");
    }
    for fine in [own("me"), own("sign-out"), own("signed-out")] {
        let response = answer(&rig, fine).await;
        assert_eq!(response.head.status, 200);
        assert_eq!(response.entry.unwrap().error, None);
    }
}

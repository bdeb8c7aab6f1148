use std::sync::Arc;

use vestibule_session::handle::Handle;

use super::*;
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

//! Who may hear of the end of a session.

use super::super::rig::{Browser, Rig, get, post};

#[tokio::test(start_paused = true)]
async fn whoever_has_no_session_is_told_so_and_asks_no_more() {
    let rig = Rig::new();
    // A status other than 200 keeps an EventSource from connecting again.
    let nobody = Browser::default()
        .send(&rig, get("/.vestibule/events"))
        .await;
    assert_eq!(nobody.status, 401);
    assert_eq!(nobody.json()["error"], "no_session");
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    for site in ["cross-site", "same-site"] {
        let ask = get("/.vestibule/events").with("Sec-Fetch-Site", site);
        let other = browser.send(&rig, ask).await;
        assert_eq!(other.status, 403, "{site}");
    }
    for origin in ["https://evil.example", "null"] {
        let ask = get("/.vestibule/events").with("Origin", origin);
        let other = browser.send(&rig, ask).await;
        assert_eq!(other.status, 403, "{origin}");
        // A field that a script can't write does not speak for another page.
        let ask = get("/.vestibule/events")
            .with("Origin", origin)
            .with("Sec-Fetch-Site", "none");
        let other = browser.send(&rig, ask).await;
        assert_eq!(other.status, 403, "{origin}");
    }
    assert_eq!(
        browser.send(&rig, post("/.vestibule/events")).await.status,
        405
    );
    rig.store.set_down(true);
    let unknown = browser.send(&rig, get("/.vestibule/events")).await;
    assert_eq!(unknown.status, 503);
}

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;
use vestibule_session::handle::{Handle, StoreKey};
use vestibule_session::record::fixture::RecordFixture;
use vestibule_session::store::Store as _;

use super::step::MOST_LOOKED_AT;
use super::*;
use crate::provider::fake::ISSUER;
use crate::signin::rig::{Browser, Rig};

const OTHER_ISSUER: &str = "https://other.example";

/// A session of somebody who signed in just now: lists go by this machine's clock.
fn session(rig: &Rig, subject: &str) -> RecordFixture {
    RecordFixture {
        provider: "main".to_owned(),
        issuer: ISSUER.to_owned(),
        ..RecordFixture::new(subject, rig.shared.now())
    }
}

async fn keep(rig: &Rig, number: u32, fixture: RecordFixture) -> StoreKey {
    let mut entropy = [0; 32];
    entropy[..4].copy_from_slice(&number.to_be_bytes());
    let key = Handle::from_entropy(entropy).store_key();
    rig.store.insert(&key, fixture.build()).await.unwrap();
    key
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn subject(of: &str, issuer: Option<&str>) -> Which {
    Which::Subject {
        subject: name(of),
        issuer: issuer.map(name),
    }
}

fn sid(of: &str, issuer: Option<&str>) -> Which {
    Which::Sid {
        sid: name(of),
        issuer: issuer.map(name),
    }
}

/// All of them, as a client asks: from where a step ended.
async fn listed(rig: &Rig, which: &Which, most: usize) -> Vec<SessionView> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let part = list(&rig.shared, which, after, most).await.unwrap();
        assert!(part.sessions.len() <= most.max(4));
        all.extend(part.sessions);
        match part.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

async fn subjects(rig: &Rig, which: &Which) -> Vec<String> {
    let mut subjects: Vec<String> = listed(rig, which, 100)
        .await
        .into_iter()
        .map(|view| view.subject)
        .collect();
    subjects.sort_unstable();
    subjects
}

/// Five sessions: two of ann, one of an ann elsewhere, bob, and one called Ann.
async fn crowd(rig: &Rig) -> Vec<StoreKey> {
    let ann = || session(rig, "ann").claim("preferred_username", "Ann@example.com");
    let with_sid = |fixture: RecordFixture, sid: &str| RecordFixture {
        sid: Some(sid.to_owned()),
        ..fixture
    };
    let elsewhere = RecordFixture {
        issuer: OTHER_ISSUER.to_owned(),
        ..with_sid(session(rig, "ann"), "s1")
    };
    let userinfo = json!({ "email": "bob@example.com" });
    let bob = RecordFixture {
        userinfo: userinfo.as_object().cloned(),
        ..session(rig, "bob")
    };
    vec![
        keep(rig, 1, with_sid(ann(), "s1")).await,
        keep(rig, 2, with_sid(ann(), "s2")).await,
        keep(rig, 3, elsewhere).await,
        keep(rig, 4, bob).await,
        keep(rig, 5, session(rig, "cem").claim("name", "Ann Ämter")).await,
    ]
}

#[tokio::test]
async fn sessions_are_found_by_what_is_known_of_them() {
    let rig = Rig::new();
    let keys = crowd(&rig).await;
    for (which, expected) in [
        (Which::All, &["ann", "ann", "ann", "bob", "cem"][..]),
        (Which::Id(SessionId::of(&keys[3])), &["bob"]),
        (Which::Id("0000000000000000".parse().unwrap()), &[]),
        (Which::User(name("ann@EXAMPLE.com")), &["ann", "ann"]),
        (Which::User(name("ann@example")), &[]),
        (Which::User(name("bob@example.com")), &["bob"]),
        (Which::User(name("ann ämter")), &["cem"]),
        (Which::User(name("bob")), &[]),
        (subject("ann", None), &["ann", "ann", "ann"]),
        (subject("ann", Some(ISSUER)), &["ann", "ann"]),
        (subject("ann", Some(OTHER_ISSUER)), &["ann"]),
        (subject("Ann", None), &[]),
        (sid("s1", None), &["ann", "ann"]),
        (sid("s1", Some(ISSUER)), &["ann"]),
        (sid("s3", Some(ISSUER)), &[]),
    ] {
        assert_eq!(subjects(&rig, &which).await, expected, "{which:?}");
    }
}

#[tokio::test]
async fn an_operator_sees_when_things_end_and_no_token_and_no_handle() {
    let rig = Rig::new();
    let handle = Handle::from_entropy([9; 32]);
    let fixture = RecordFixture {
        sid: Some("s9".to_owned()),
        ..session(&rig, "ann")
            .claim("upn", "ann@example.com")
            .claim("name", "Ann")
    };
    let record = fixture.build();
    let key = handle.store_key();
    rig.store.insert(&key, record.clone()).await.unwrap();
    let [view] = &listed(&rig, &Which::All, 10).await[..] else {
        panic!("one");
    };
    let lifetimes = *rig.shared.plan.load().gate.lifetimes();
    let at = record.created_at();
    assert_eq!(
        (view.name.as_deref(), view.user.as_deref()),
        (Some("Ann"), Some("ann@example.com"))
    );
    assert_eq!(view.signed_in_at, at.as_secs());
    assert_eq!(view.idle_end_at, (at + lifetimes.idle()).as_secs());
    assert_eq!(view.absolute_end_at, (at + lifetimes.absolute()).as_secs());
    let [token] = &view.tokens[..] else {
        panic!("one token");
    };
    assert_eq!(token.expires_at, Some(at.as_secs() + 3600));
    // A minute before its end, and up to half a minute earlier.
    let due = at.as_secs() + 3600 - 90..=at.as_secs() + 3600 - 60;
    assert!(due.contains(&token.due_at.unwrap()), "{token:?}");
    let shown = serde_json::to_string(view).unwrap() + &format!("{view:?}");
    for secret in [
        handle.encoded().as_str(),
        record.id_token().unwrap().expose(),
        record.refresh_token().unwrap().expose(),
        record.tokens().sign_in().unwrap().token().expose(),
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
    // Nor the whole store key.
    let hex: String = key
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert!(shown.contains(&hex[..16]) && !shown.contains(&hex[..17]));
}

#[tokio::test]
async fn what_nothing_can_renew_is_due_never() {
    let rig = Rig::new();
    let fixture = RecordFixture {
        refresh_token: None,
        ..session(&rig, "ann")
    };
    keep(&rig, 1, fixture).await;
    let view = listed(&rig, &Which::All, 10).await.remove(0);
    assert!(!view.has_refresh_token);
    assert_eq!(view.tokens[0].due_at, None);
}

#[tokio::test]
async fn what_has_ended_is_not_listed() {
    let rig = Rig::new();
    let absolute = rig.shared.plan.load().gate.lifetimes().absolute();
    let then = vestibule_oidc::time::UnixTime(
        rig.shared.now().as_secs() - i64::try_from(absolute.as_secs()).unwrap(),
    );
    let over = RecordFixture {
        provider: "main".to_owned(),
        ..RecordFixture::new("ann", then)
    };
    keep(&rig, 1, over).await;
    keep(&rig, 2, session(&rig, "bob")).await;
    assert_eq!(subjects(&rig, &Which::All).await, ["bob"]);
}

#[tokio::test]
async fn a_long_list_comes_in_parts_and_each_part_is_bounded_work() {
    let rig = Rig::new();
    let many = MOST_LOOKED_AT as u32 * 2 + 7;
    for number in 0..many {
        let subject = if number % 50 == 0 { "ann" } else { "bob" };
        keep(&rig, number, session(&rig, subject)).await;
    }
    for most in [4, 50, 1000] {
        let all = listed(&rig, &Which::All, most).await;
        assert_eq!(all.len(), many as usize);
        assert!(all.is_sorted_by_key(|view| view.id));
        let anns = listed(&rig, &subject("ann", None), most).await;
        assert_eq!(anns.len(), many.div_ceil(50) as usize);
    }
    // Whoever is looked for, a step ends.
    let nobody = list(&rig.shared, &subject("nobody", None), None, 10)
        .await
        .unwrap();
    assert_eq!(
        (nobody.looked_at, nobody.sessions.len()),
        (MOST_LOOKED_AT, 0)
    );
    assert!(nobody.next.is_some());
}

const ASKER: Asker = Asker::Socket {
    uid: 1000,
    pid: Some(7),
};

#[tokio::test]
async fn a_revoked_session_is_over_for_whoever_watches_it_and_the_others_live() {
    let rig = Rig::new();
    let keys = crowd(&rig).await;
    let watcher = rig.shared.session_end(keys[0]);
    let which = Which::Id(SessionId::of(&keys[0]));
    let ended = revoke(&rig.shared, &which, None, ASKER).await.unwrap();
    assert_eq!((ended.sessions.len(), ended.failed), (1, 0));
    assert_eq!(ended.sessions[0].subject, "ann");
    timeout(Duration::from_secs(1), watcher).await.unwrap();
    assert_eq!(
        subjects(&rig, &Which::All).await,
        ["ann", "ann", "bob", "cem"]
    );
    let again = revoke(&rig.shared, &which, None, ASKER).await.unwrap();
    assert_eq!(
        (again.sessions.len(), again.failed, again.looked_at),
        (0, 0, 0)
    );
}

#[tokio::test]
async fn what_lists_sessions_is_what_ends_them() {
    for (which, left) in [
        (subject("ann", Some(ISSUER)), &["ann", "bob", "cem"][..]),
        (subject("ann", None), &["bob", "cem"]),
        (sid("s1", None), &["ann", "bob", "cem"]),
        (Which::User(name("ann@example.com")), &["ann", "bob", "cem"]),
        (
            Which::User(name("nobody")),
            &["ann", "ann", "ann", "bob", "cem"],
        ),
        (Which::All, &[]),
    ] {
        let rig = Rig::new();
        crowd(&rig).await;
        revoke(&rig.shared, &which, None, ASKER).await.unwrap();
        assert_eq!(subjects(&rig, &Which::All).await, left, "{which:?}");
    }
}

#[tokio::test]
async fn all_of_many_end_in_steps() {
    let rig = Rig::new();
    let many = MOST_LOOKED_AT as u32 * 2 + 7;
    for number in 0..many {
        keep(&rig, number, session(&rig, "ann")).await;
    }
    let (mut count, mut after, mut steps) = (0, None, 0);
    loop {
        let ended = revoke(&rig.shared, &Which::All, after, ASKER)
            .await
            .unwrap();
        count += ended.sessions.len();
        steps += 1;
        assert!(ended.looked_at <= MOST_LOOKED_AT);
        after = ended.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((count, steps), (many as usize, 3));
    assert!(subjects(&rig, &Which::All).await.is_empty());
}

/// A session may be counted live again after a reload: it must not come back then.
#[tokio::test]
async fn a_session_that_was_idle_for_too_long_is_ended_all_the_same() {
    let rig = Rig::new();
    let key = keep(
        &rig,
        1,
        RecordFixture::new("ann", vestibule_oidc::time::UnixTime(1)),
    )
    .await;
    let ended = revoke(&rig.shared, &Which::All, None, ASKER).await.unwrap();
    assert!(ended.sessions.is_empty());
    assert!(rig.shared.store.load(&key).await.unwrap().is_none());
}

#[tokio::test]
async fn a_store_that_cannot_be_asked_is_no_empty_list() {
    let rig = Rig::new();
    crowd(&rig).await;
    rig.store.set_down(true);
    assert!(list(&rig.shared, &Which::All, None, 10).await.is_err());
    assert!(revoke(&rig.shared, &Which::All, None, ASKER).await.is_err());
    rig.store.set_down(false);
    assert_eq!(subjects(&rig, &Which::All).await.len(), 5);
}

#[tokio::test]
async fn sessions_that_browsers_carry_are_listed_by_nobody() {
    assert!(refusal(&Rig::new().shared).is_none());
    assert!(refusal(&Rig::carrying().shared).is_some_and(|why| why.contains("cookie")));
}

/// A provider that revokes tokens, and how many it was asked to.
fn revoking(rig: &Rig) -> Arc<Mutex<usize>> {
    let asked = Arc::new(Mutex::new(0));
    let endpoint = json!(format!("{ISSUER}/revoke"));
    let mut knobs = rig.fake.knobs();
    knobs.metadata.insert("revocation_endpoint", endpoint);
    let counted = Arc::clone(&asked);
    knobs.revoke = Box::new(move |_| {
        *counted.lock().unwrap() += 1;
        Ok((200, String::new()))
    });
    asked
}

/// By a person in a browser, so that there are tokens of a provider.
#[tokio::test(start_paused = true)]
async fn a_revoked_session_is_a_signed_out_person_whose_tokens_are_revoked() {
    let rig = Rig::new();
    let asked = revoking(&rig);
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    assert_eq!(browser.go(&rig, "/app").await.status, 200);
    revoke(&rig.shared, &subject("ann", Some(ISSUER)), None, ASKER)
        .await
        .unwrap();
    assert_eq!(browser.go(&rig, "/app").await.status, 303);
    let patience = Duration::from_secs(60);
    assert!(rig.shared.revocations.all_done(patience).await);
    assert_eq!(
        *asked.lock().unwrap(),
        2,
        "the refresh token and the access token"
    );
}

/// A line of the protocol has an end, whatever a provider writes into its tokens.
#[tokio::test]
async fn what_is_shown_of_a_session_is_bounded() {
    let rig = Rig::new();
    let long = "\u{1}".repeat(100_000);
    let fixture = RecordFixture {
        sid: Some(long.clone()),
        asked_for: vestibule_session::record::ResourceKey::new(Some(&long), &long),
        ..session(&rig, &long)
    };
    let fixture = fixture
        .claim("name", long.as_str())
        .claim("upn", long.as_str());
    keep(&rig, 1, fixture).await;
    let view = listed(&rig, &Which::All, 10).await.remove(0);
    let line = protocol::Answer::Session(Box::new(view)).line().unwrap();
    assert!(
        line.len() < protocol::ANSWER_MAX_BYTES / 4,
        "{}",
        line.len()
    );
}

/// The provider's answer takes a while, and an operator ends the person's sessions meanwhile: there is none to be
/// found yet.
#[tokio::test(start_paused = true)]
async fn what_ends_several_sessions_ends_the_sign_ins_under_way() {
    for (which, meant) in [
        (Which::All, true),
        (Which::User(name("ANN@example.com")), true),
        (subject("ann", None), true),
        (subject("ann", Some(ISSUER)), true),
        (sid("s1", None), true),
        (sid("s1", Some(ISSUER)), true),
        (Which::User(name("bob@example.com")), false),
        (subject("bob", None), false),
        (subject("ann", Some(OTHER_ISSUER)), false),
        (sid("s2", None), false),
    ] {
        let rig = Rig::new();
        let claims = [("sid", "s1"), ("preferred_username", "Ann@Example.com")];
        rig.grants()
            .claims
            .extend(claims.map(|(name, value)| (name, json!(value))));
        let mut browser = Browser::default();
        let start = browser.go(&rig, "/app").await;
        let callback = rig.at_provider(&start);
        let slow = Duration::from_millis(500);
        rig.fake.knobs().delays.insert("/token", slow);
        let (page, ended) = tokio::join!(browser.go(&rig, &callback), async {
            tokio::time::sleep(slow / 2).await;
            revoke(&rig.shared, &which, None, ASKER).await
        });
        assert!(ended.unwrap().sessions.is_empty(), "{which:?}");
        let refused = page.body.contains("logged_out_meanwhile");
        assert_eq!(refused, meant, "{which:?}: {page:?}");
        let left = rig.store.figures().sessions;
        assert_eq!(left, u64::from(!meant), "{which:?}");
        // Who signs in afterwards does.
        rig.fake.knobs().delays.clear();
        let mut later = Browser::default();
        later.sign_in(&rig, "/app").await;
        assert_eq!(later.go(&rig, "/app").await.status, 200, "{which:?}");
    }
}

//! Consent: who is asked, who need not be, and what a refusal looks like.

use crate::bench::{
    API_2, Answer, Bench, STRICT_CLIENT, STRICT_REDIRECT, STRICT_SECRET, TENANT, authorize,
    redemption, token_path,
};
use vestibule_idp::{Consent, IdpSettings};

const STRICT: [(&str, &str); 2] = [
    ("client_id", STRICT_CLIENT),
    ("redirect_uri", STRICT_REDIRECT),
];

async fn answer_consent(bench: &Bench, account: &str, decision: &str, everyone: bool) -> Answer {
    let url = bench.url(&authorize(&STRICT));
    let mut fields = vec![("account", account), ("decision", decision)];
    if everyone {
        fields.push(("for_everyone", "yes"));
    }
    bench.send(bench.form(&url, &fields)).await
}

#[tokio::test]
async fn a_person_is_asked_once_and_may_decline() {
    let bench = Bench::start().await;
    let page = bench.sign_in("ada", &STRICT).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Permissions requested"), "{}", page.body);
    assert!(!page.body.contains("for_everyone"), "not an administrator");
    let cookie = page.cookie();
    let silent = bench
        .authorize_with(&cookie, &[STRICT[0], STRICT[1], ("prompt", "none")])
        .await;
    assert_eq!(silent.sent_back()["error"], "consent_required");

    let declined = answer_consent(&bench, "ada", "decline", false)
        .await
        .sent_back();
    assert_eq!(declined["error"], "access_denied");
    assert_eq!(declined["error_subcode"], "cancel");
    assert!(declined["error_description"].starts_with("AADSTS65004"));

    let accepted = answer_consent(&bench, "ada", "accept", false).await;
    assert!(accepted.sent_back().contains_key("code"), "{accepted:?}");
    let again = bench.sign_in("ada", &STRICT).await;
    assert!(again.sent_back().contains_key("code"));
    let other = bench.sign_in("mina", &STRICT).await;
    assert!(
        other.body.contains("Permissions requested"),
        "another person is asked"
    );
    let insisting = bench
        .sign_in("ada", &[STRICT[0], STRICT[1], ("prompt", "consent")])
        .await;
    assert!(insisting.body.contains("Permissions requested"));
}

#[tokio::test]
async fn an_administrator_can_agree_for_everyone() {
    let bench = Bench::start().await;
    let page = bench.sign_in("rafael", &STRICT).await;
    assert!(page.body.contains("for_everyone"), "{}", page.body);
    answer_consent(&bench, "rafael", "accept", true).await;
    assert!(
        bench
            .sign_in("ada", &STRICT)
            .await
            .sent_back()
            .contains_key("code")
    );
}

#[tokio::test]
async fn where_only_an_administrator_may_agree_others_stay_on_a_page() {
    let mut settings = IdpSettings::built_in();
    settings.apps[1].consent = Consent::AdminOnly;
    let bench = Bench::start_with(settings).await;
    let page = bench.sign_in("ada", &STRICT).await;
    assert!(page.body.contains("AADSTS90094"), "{}", page.body);
    let forced = answer_consent(&bench, "ada", "accept", false).await;
    assert!(forced.body.contains("AADSTS90094"), "{}", forced.body);
    assert!(
        bench
            .sign_in("rafael", &STRICT)
            .await
            .body
            .contains("Permissions requested")
    );
}

#[tokio::test]
async fn a_resource_nobody_agreed_to_is_refused_at_the_token_endpoint() {
    let bench = Bench::start().await;
    let url = bench.url(&authorize(&STRICT));
    let answer = bench
        .send(bench.form(&url, &[("account", "ada"), ("decision", "accept")]))
        .await;
    let code = answer.sent_back()["code"].clone();
    let scope = format!("{API_2}/orders.read");
    let changes = [
        ("client_id", STRICT_CLIENT),
        ("client_secret", STRICT_SECRET),
        ("redirect_uri", STRICT_REDIRECT),
        ("scope", scope.as_str()),
    ];
    let answer = bench
        .post(&token_path(TENANT), &redemption(&code, &changes))
        .await;
    assert_eq!(answer.number(), 65001);
    assert_eq!(answer.json()["error"], "invalid_grant");
    assert_eq!(answer.json()["suberror"], "consent_required");
}

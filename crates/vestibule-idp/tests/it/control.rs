//! The control listener.

use serde_json::{Value, json};
use vestibule_idp::{ControlPort, IdpSettings};

use crate::bench::{Answer, Bench, TENANT, header};

async fn call(bench: &Bench, method: &str, path: &str, body: Option<Value>) -> Answer {
    let url = format!("http://{}{path}", bench.idp.control_address().unwrap());
    let mut request = bench.http.request(method.parse().unwrap(), url);
    if let Some(body) = body {
        request = request
            .header("content-type", "application/json")
            .body(body.to_string());
    }
    bench.send(request).await
}

#[tokio::test]
async fn faults_are_switched_on_listed_and_off() {
    let bench = Bench::start().await;
    let fault = json!({"kind": "status", "endpoint": "token", "status": 500, "times": 2});
    let answer = call(&bench, "POST", "/faults", Some(fault.clone())).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let many = json!([{"kind": "no-id-token"}, {"kind": "clock-offset", "seconds": 5}]);
    call(&bench, "POST", "/faults", Some(many)).await;
    let listed = call(&bench, "GET", "/faults", None).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 3);
    assert_eq!(listed[0]["times"], 2);
    assert_eq!(
        bench
            .post(&format!("/{TENANT}/oauth2/v2.0/token"), &[])
            .await
            .status,
        500
    );
    assert_eq!(
        call(&bench, "DELETE", "/faults", None).await.json(),
        json!([])
    );
    assert_eq!(
        bench
            .post(&format!("/{TENANT}/oauth2/v2.0/token"), &[])
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn keys_roll_and_grants_are_revoked() {
    let bench = Bench::start().await;
    let tokens = bench.tokens("ada", &[]).await;
    let kid = call(&bench, "POST", "/roll-keys", None).await.json()["signing"].clone();
    assert_ne!(header(&tokens["id_token"])["kid"], kid);
    assert_eq!(
        header(&bench.tokens("ada", &[]).await["id_token"])["kid"],
        kid
    );
    let answer = call(
        &bench,
        "POST",
        "/roll-keys",
        Some(json!({"how": "emergency"})),
    )
    .await;
    assert_ne!(answer.json()["signing"], kid);
    assert_eq!(
        call(&bench, "POST", "/roll-keys", Some(json!({"how": "x"})))
            .await
            .status,
        400
    );
    call(&bench, "POST", "/revoke", None).await;
    let answer = bench
        .refresh(tokens["refresh_token"].as_str().unwrap(), &[])
        .await;
    assert_eq!(answer.number(), 50173);
}

#[tokio::test]
async fn the_log_counts_grants_and_key_fetches_and_holds_no_secret() {
    let bench = Bench::start().await;
    let tokens = bench.tokens("ada", &[]).await;
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    for _ in 0..3 {
        bench.refresh(refresh_token, &[]).await;
    }
    bench.get("/common/discovery/keys").await;
    bench.refresh("unknown", &[]).await;
    let answer = call(&bench, "GET", "/log", None).await;
    let log = answer.json();
    assert_eq!(log["counters"]["token"], 5);
    assert_eq!(log["counters"]["token.authorization_code"], 1);
    assert_eq!(log["counters"]["token.refresh_token"], 4);
    assert_eq!(log["counters"]["keys"], 1);
    assert_eq!(log["counters"]["aadsts.9002313"], 1);
    let token_requests: Vec<&Value> = log["requests"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|request| request["endpoint"] == "token")
        .collect();
    assert_eq!(token_requests[0]["client_authentication"], "post");
    assert_eq!(token_requests[0]["status"], 200);
    for secret in [refresh_token, crate::bench::SECRET, "1.AS"] {
        assert!(!answer.body.contains(secret));
    }
    assert_eq!(bench.idp.journal().counters["keys"], 1);
    call(&bench, "DELETE", "/log", None).await;
    assert_eq!(
        call(&bench, "GET", "/log", None).await.json()["counters"],
        json!({})
    );
}

#[tokio::test]
async fn web_pages_and_wrong_requests_are_refused() {
    let bench = Bench::start().await;
    let url = format!("http://{}/faults", bench.idp.control_address().unwrap());
    let fault = r#"{"kind":"no-id-token"}"#;
    let json = |request: reqwest::RequestBuilder| {
        request
            .header("content-type", "application/json")
            .body(fault)
    };
    for (status, request) in [
        (
            403,
            json(bench.http.post(&url)).header("origin", "http://evil.example"),
        ),
        (
            403,
            json(bench.http.post(&url)).header("sec-fetch-site", "cross-site"),
        ),
        (
            421,
            json(bench.http.post(&url)).header("host", "evil.example"),
        ),
        (
            415,
            bench
                .http
                .post(&url)
                .header("content-type", "text/plain")
                .body(fault),
        ),
        (
            400,
            bench
                .http
                .post(&url)
                .header("content-type", "application/json")
                .body("{"),
        ),
        (405, bench.http.put(&url)),
        (404, bench.http.get(url.replace("faults", "nothing"))),
    ] {
        assert_eq!(bench.send(request).await.status, status);
    }
    assert_eq!(call(&bench, "GET", "/faults", None).await.json(), json!([]));
}

#[tokio::test]
async fn the_control_listener_can_be_left_off() {
    let mut settings = IdpSettings::built_in();
    settings.control_port = ControlPort::Off;
    let bench = Bench::start_with(settings).await;
    assert!(bench.idp.control_address().is_none());
    assert!(
        !bench
            .idp
            .describe()
            .iter()
            .any(|(name, _)| *name == "control_url")
    );
}

use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber, span};

use super::*;
use crate::provider::call::CallError;
use crate::provider::fake::FakeProvider;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// What this thread logs, one line per event.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn keep() -> (Self, DefaultGuard) {
        let log = Self::default();
        let guard = tracing::subscriber::set_default(log.clone());
        (log, guard)
    }

    /// The lines since the last call.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("vestibule")
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

fn said(lines: &[String], parts: &[&str]) -> usize {
    let has_all = |line: &&String| parts.iter().all(|part| line.contains(part));
    lines.iter().filter(has_all).count()
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_logged_with_its_cause_and_its_place_and_so_is_its_end() {
    let (log, _guard) = Log::keep();
    let fake = FakeProvider::new();
    fake.knobs().down = true;
    let mut plan = crate::provider::fake::plan("main");
    plan.metadata_url.set_query(Some("appid=secret"));
    let provider = fake.start_with(plan);
    sleep(3 * SECOND).await;
    let lines = log.take();
    let place = "idp.example.com/.well-known/openid-configuration\"";
    let cause = "connect to the provider: connection refused";
    assert_eq!(
        said(&lines, &["WARN", "does not answer", place, cause]),
        1,
        "{lines:#?}"
    );
    assert_eq!(lines.len(), 1, "{lines:#?}");
    fake.knobs().down = false;
    sleep(3 * SECOND).await;
    let lines = log.take();
    assert_eq!(
        said(&lines, &["INFO", "answers again", place]),
        1,
        "{lines:#?}"
    );
    assert_eq!(lines.len(), 1, "{lines:#?}");

    // Later, by the token endpoint.
    fake.knobs().token = Box::new(|_| Ok((503, "<html>".to_owned())));
    for _ in 0..2 {
        let request = vestibule_oidc::token::TokenHttpRequest {
            url: provider.known_metadata().unwrap().token_endpoint().clone(),
            authorization: None,
            form_body: "code=secret".into(),
        };
        assert!(provider.token(request).await.is_err());
    }
    sleep(3 * SECOND).await;
    let lines = log.take();
    assert_eq!(
        said(&lines, &["WARN", "/token\"", "status 503"]),
        1,
        "{lines:#?}"
    );
    assert_eq!(said(&lines, &["INFO", "answers again"]), 1, "{lines:#?}");
    assert_eq!(said(&lines, &["secret"]), 0, "{lines:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_document_is_logged_with_status_and_number_alone() {
    let (log, _guard) = Log::keep();
    let fake = FakeProvider::new();
    let refusal = json!({
        "error": "invalid_request",
        "error_description": "AADSTS90002: Tenant 'contoso' not found.",
    });
    fake.knobs().jwks = Some(Ok((400, refusal.to_string())));
    let provider = fake.start();
    sleep(SECOND).await;
    let lines = log.take();
    let parts = [
        "ERROR",
        "/keys\"",
        "status 400, AADSTS90002",
        "nobody can sign in",
    ];
    assert_eq!(said(&lines, &parts), 1, "{lines:#?}");
    assert_eq!(
        said(&lines, &["contoso"]) + said(&lines, &["stays in use"]),
        0
    );

    fake.knobs().jwks = None;
    sleep(5 * SECOND).await;
    let lines = log.take();
    assert_eq!(said(&lines, &["INFO", "usable again"]), 1, "{lines:#?}");
    assert!(provider.keys().await.is_ok());

    // A cause below the first level, and documents to go on with.
    fake.knobs().jwks = Some(Ok((200, "[]".to_owned())));
    sleep(HOUR).await;
    let lines = log.take();
    let parts = [
        "ERROR",
        "use the provider's keys: read the provider's key set: ",
        "stays in use",
    ];
    assert_eq!(said(&lines, &parts), 1, "{lines:#?}");

    // Keys that can't be fetched are no outage of the circuit's, and said once.
    fake.knobs().jwks = Some(Err(CallError::TimedOut));
    sleep(5 * HOUR).await;
    let lines = log.take();
    assert_eq!(
        said(&lines, &["WARN", "/keys\"", "in time"]),
        1,
        "{lines:#?}"
    );
}

#[test]
fn a_number_is_taken_from_a_refusal_alone() {
    for (status, body, expected) in [
        (
            400,
            r#"{"error":"a","error_description":"AADSTS50020: b"}"#,
            "provider_status AADSTS50020",
        ),
        (
            400,
            r#"{"error_description":"AADSTS50020: b"}"#,
            "provider_status ",
        ),
        (400, r#"{"error":"a"}"#, "provider_status "),
        (404, "<html>AADSTS50020", "provider_status "),
        (
            503,
            r#"{"error":"a","error_description":"AADSTS50020: b"}"#,
            "provider_unavailable ",
        ),
    ] {
        let answer = ProviderAnswer {
            status,
            retry_after: None,
            content_type: None,
            date: None,
            body: body.into(),
        };
        let error = success(Endpoint::Keys, answer).unwrap_err();
        let text = error.to_string();
        let number = text.find("AADSTS").map_or("", |at| &text[at..]);
        assert_eq!(format!("{} {number}", error.code()), expected);
    }
}

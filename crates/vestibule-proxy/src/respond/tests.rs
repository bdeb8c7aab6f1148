use vestibule_gate::refusal::Refusal;

use super::*;
use crate::signin::rig::{Rig, get};

#[tokio::test(start_paused = true)]
async fn a_request_that_was_not_read_gets_its_code_and_nothing_else() {
    let rig = Rig::new();
    let plan = rig.shared.plan.load_full();
    let context = Context::unread(&plan, IncidentId::from_entropy([9; 10]));
    for (refusal, status) in [
        (Refusal::TargetFragment, 400),
        (Refusal::HeadTooLarge, 431),
        (Refusal::HostUnknown, 421),
        (Refusal::MethodRefused, 405),
        (Refusal::TransferCodingUnknown, 501),
    ] {
        let response = refused(refusal, &context);
        assert_eq!(response.head.status, status);
        assert_eq!(response.head.fields.contains("allow"), status == 405);
        let body = response.body.collect(4096).await.unwrap();
        let said: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(said["error"], refusal.code());
        assert_eq!(said["incident"], context.incident().to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_a_page_for_people_and_json_for_programs() {
    let rig = Rig::new();
    let page = rig.send(get("/nowhere").navigating()).await;
    assert_eq!(page.status, 404);
    assert!(page.field("content-type").unwrap().starts_with("text/html"));
    assert!(page.body.contains("not_found"));
    let program = rig
        .send(get("/nowhere").with("Accept", "application/json"))
        .await;
    assert_eq!(program.status, 404);
    assert_eq!(program.json()["error"], "not_found");
    assert!(program.field("vary").unwrap().contains("Accept"));
}

#[tokio::test(start_paused = true)]
async fn the_status_follows_the_fault() {
    let rig = Rig::new();
    let plan = rig.shared.plan.load_full();
    let context = Context::unread(&plan, IncidentId::draw());
    for (fault, lasting) in [
        (Fault::Client, 400),
        (Fault::Provider, 502),
        (Fault::Operator, 500),
        (Fault::Internal, 500),
    ] {
        let failure = Failure::new("code", fault, "Message.");
        assert_eq!(failed(&failure, &context).head.status, lasting);
        let response = failed(&failure.temporary(), &context);
        assert_eq!(response.head.status, 503);
        assert!(response.head.fields.contains("retry-after"));
    }
}

/// A browser gets a page that leads to the right address, a program the same as JSON.
#[tokio::test(start_paused = true)]
async fn plain_http_at_a_tls_port_is_told_the_right_address() {
    let rig = Rig::new();
    let plan = rig.shared.plan.load_full();
    let origin = plan.gate.sites()[0].origin().to_owned();
    let context = Context::unread(&plan, IncidentId::draw());
    for (context, form) in [
        (context.for_person(), format!("href=\"{origin}/\"")),
        (context, format!("\"public_url\":\"{origin}\"")),
    ] {
        let response = refused(Refusal::PlainHttp, &context);
        assert_eq!(response.head.status, 400);
        let body = response.body.collect(64 * 1024).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains(&form), "{form} is missing in {body}");
        assert!(body.contains("This port speaks https"), "{body}");
    }
}

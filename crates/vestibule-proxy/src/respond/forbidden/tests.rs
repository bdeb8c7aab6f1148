use vestibule_gate::rule::{Judgement, Verdict};

use super::*;
use crate::incident::IncidentId;
use crate::signin::rig::Rig;

fn judged(verdict: Verdict, reason: Reason, parts: Vec<Judgement>) -> Judgement {
    Judgement {
        verdict,
        reason,
        parts,
    }
}

fn fails(reason: Reason) -> Judgement {
    judged(Verdict::Fails, reason, Vec::new())
}

fn holds(reason: Reason) -> Judgement {
    judged(Verdict::Holds, reason, Vec::new())
}

#[tokio::test(start_paused = true)]
async fn another_account_is_offered_only_where_it_would_help() {
    use Reason::{
        All, Any, GroupsOverage, MethodDiffers, NetworkDiffers, NetworkMatches, Not,
        ScopeNotGranted,
    };
    let rig = Rig::new();
    let plan = rig.shared.plan.load_full();
    let context = Context::unread(&plan, IncidentId::draw());
    let unknown = || judged(Verdict::Unknown, GroupsOverage, Vec::new());
    for (judgement, helps, said) in [
        (fails(ScopeNotGranted), true, "this account may not"),
        (unknown(), true, "which groups you are in"),
        (fails(NetworkDiffers), false, "network"),
        (fails(MethodDiffers), false, "kind of request"),
        (
            judged(Verdict::Fails, Not, vec![holds(NetworkMatches)]),
            false,
            "network",
        ),
        (
            judged(
                Verdict::Fails,
                All,
                vec![holds(Reason::ScopeGranted), fails(NetworkDiffers)],
            ),
            false,
            "network",
        ),
        // Another account would have passed by its scope, wherever it is.
        (
            judged(
                Verdict::Fails,
                Any,
                vec![fails(ScopeNotGranted), fails(NetworkDiffers)],
            ),
            true,
            "this account may not",
        ),
        (
            judged(
                Verdict::Unknown,
                Any,
                vec![unknown(), fails(NetworkDiffers)],
            ),
            true,
            "which groups you are in",
        ),
    ] {
        let groups_unknown =
            (judgement.decisive().reason == GroupsOverage).then_some(GroupsUnknown::NowhereToAsk);
        let instead = groups_unknown.map_or(TurnedAway::Forbidden, TurnedAway::GroupsUnknown);
        let why = NotAuthorized {
            judgement,
            groups_unknown,
        };
        for person in [true, false] {
            let mut context = context.for_person();
            context.person = Some(person);
            let response = answer(&why, instead, &context);
            assert_eq!(response.head.status, 403);
            let body = response.body.collect(1 << 16).await.unwrap();
            let body = String::from_utf8_lossy(&body);
            assert!(body.contains(said), "{why:?} {body}");
            assert!(body.contains(why.code()), "{why:?} {body}");
            let offered = body.contains("prompt=select_account");
            assert_eq!(offered, helps && person, "{why:?} {body}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_route_may_answer_otherwise_those_who_may_not_pass() {
    let rig = Rig::new();
    let plan = rig.shared.plan.load_full();
    let context = Context::unread(&plan, IncidentId::draw()).for_person();
    let why = NotAuthorized {
        judgement: fails(Reason::ScopeNotGranted),
        groups_unknown: None,
    };
    let answered = |instead| answer(&why, instead, &context).head;
    let elsewhere = answered(TurnedAway::Elsewhere("/no"));
    assert_eq!(elsewhere.fields.first("location"), Some(&b"/no"[..]));
    let again = answered(TurnedAway::SignIn);
    let location = again.fields.first("location").unwrap();
    assert!(location.starts_with(b"/.vestibule/sign-in?prompt=select_account"));
    let refused = answered(TurnedAway::Unauthorized);
    assert!(refused.fields.contains("www-authenticate"));
}

/// What the gate says of the status, `explain` and the log's trace repeat.
#[tokio::test(start_paused = true)]
async fn the_status_is_the_one_that_was_decided() {
    let rig = Rig::new();
    let plan = rig.shared.plan.load_full();
    let context = Context::unread(&plan, IncidentId::draw());
    let why = NotAuthorized {
        judgement: fails(Reason::NetworkDiffers),
        groups_unknown: None,
    };
    for instead in [
        TurnedAway::Forbidden,
        TurnedAway::Unauthorized,
        TurnedAway::SignIn,
        TurnedAway::Elsewhere("/no"),
        TurnedAway::GroupsUnknown(GroupsUnknown::Forbidden),
        TurnedAway::GroupsUnknown(GroupsUnknown::NoAnswer { status: Some(503) }),
    ] {
        let head = answer(&why, instead, &context).head;
        assert_eq!(head.status, instead.status(), "{instead:?}");
    }
}

use serde_json::json;

use super::*;

fn parse(value: Value) -> Result<ArmedFault, serde_json::Error> {
    serde_json::from_value(value)
}

#[test]
fn a_fault_is_written_as_its_kind_and_its_members() {
    let armed =
        parse(json!({"kind": "slow", "endpoint": "token", "millis": 5, "times": 2})).unwrap();
    assert_eq!(armed.times, Some(2));
    assert_eq!(
        armed.fault,
        Fault::Slow {
            endpoint: Endpoint::Token,
            millis: 5
        }
    );
    assert_eq!(parse(serde_json::to_value(&armed).unwrap()).unwrap(), armed);
}

#[test]
fn an_unknown_kind_or_member_is_refused() {
    for bad in [
        json!({"kind": "sloow", "endpoint": "token", "millis": 5}),
        json!({"kind": "slow", "endpoint": "tokens", "millis": 5}),
        json!({"kind": "slow", "endpoint": "token", "milis": 5}),
        json!({"kind": "no-id-token", "times": -1}),
    ] {
        assert!(parse(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn a_limited_fault_acts_so_often_and_no_more() {
    let faults = Faults::new(vec![ArmedFault {
        fault: Fault::NoIdToken,
        times: Some(2),
    }]);
    assert!(faults.fires(&Fault::NoIdToken));
    assert!(!faults.fires(&Fault::NoRefreshToken));
    assert!(faults.fires(&Fault::NoIdToken));
    assert!(!faults.fires(&Fault::NoIdToken));
    assert!(faults.armed().is_empty());
}

#[test]
fn a_fault_on_all_endpoints_acts_on_each() {
    let faults = Faults::new(vec![
        Fault::Status {
            endpoint: Endpoint::All,
            status: 503,
            retry_after_secs: None,
        }
        .into(),
    ]);
    for endpoint in [Endpoint::Discovery, Endpoint::Token, Endpoint::Other] {
        assert_eq!(faults.on_arrival(endpoint).status, Some((503, None)));
    }
}

#[test]
fn asking_for_the_clock_does_not_use_the_fault() {
    let faults = Faults::new(vec![ArmedFault {
        fault: Fault::ClockOffset { seconds: -30 },
        times: Some(1),
    }]);
    assert_eq!(faults.clock_offset_secs(), -30);
    assert_eq!(faults.clock_offset_secs(), -30);
}

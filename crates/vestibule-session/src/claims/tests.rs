use proptest::prelude::*;
use serde_json::json;

use super::*;

fn set(claims: Value) -> ClaimsSet {
    ClaimsSet::of(claims.as_object().unwrap())
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,80}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            any_members(inner).prop_map(Value::from),
        ]
    })
}

fn any_members(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((".{0,70}", value), 0..8).prop_map(Map::from_iter)
}

proptest! {
    #[test]
    fn any_claims_come_back_in_their_order(claims in any_members(any_value())) {
        let kept = ClaimsSet::of(&claims);
        let back = kept.members().to_map();
        prop_assert_eq!(Value::from(back.clone()).to_string(), Value::from(claims.clone()).to_string());
        prop_assert_eq!(&back, &claims);
        for (name, value) in &claims {
            prop_assert_eq!(&Value::from(kept.get(name).unwrap()), value);
        }
    }

    /// Nothing else is ever read, and nothing else would do harm.
    #[test]
    fn what_was_not_written_here_never_panics(text in "[a-z\u{0}-\u{7f}ü😀]{0,60}") {
        let set = ClaimsSet { text: text.into(), leaves_groups_out: false };
        let _ = (set.members().to_map(), set.get("a"), format!("{set:?}"));
    }
}

#[test]
fn numbers_keep_their_text_and_are_what_they_were() {
    let kept = set(json!({
        "i": -7, "u": u64::MAX, "r": 1.0, "e": 1e300, "z": -0.0, "s": 0.1, "exp": 1_800_000_000
    }));
    let number = |name: &str| match kept.get(name) {
        Some(Claim::Number(number)) => number,
        other => panic!("{name}: {other:?}"),
    };
    for (name, text, whole, real) in [
        ("i", "-7", Some(-7), None),
        ("u", "18446744073709551615", None, None),
        ("r", "1.0", None, Some(1.0)),
        ("e", "1e+300", None, Some(1e300)),
        ("z", "-0.0", None, Some(-0.0)),
        ("s", "0.1", None, Some(0.1)),
        ("exp", "1800000000", Some(1_800_000_000), None),
    ] {
        let number = number(name);
        assert_eq!(number.as_str(), text);
        assert_eq!((number.as_i64(), number.as_real()), (whole, real), "{name}");
    }
    assert_eq!(
        kept.members().to_string(),
        r#"{"i":-7,"u":18446744073709551615,"r":1.0,"e":1e+300,"z":-0.0,"s":0.1,"exp":1800000000}"#
    );
}

#[test]
fn each_of_a_list_is_what_is_in_it_and_of_all_else_itself() {
    let kept = set(json!({ "list": ["a", ["b"]], "none": [], "one": "a", "null": null }));
    let each = |name: &str| -> Vec<Value> {
        let claim = kept.get(name).unwrap();
        claim.each().map(Value::from).collect()
    };
    assert_eq!(each("list"), [json!("a"), json!(["b"])]);
    assert_eq!(each("none"), Vec::<Value>::new());
    assert_eq!(each("one"), [json!("a")]);
    assert_eq!(each("null"), [Value::Null]);
    assert!(kept.get("absent").is_none());
}

#[test]
fn large_claims_are_read_and_take_hardly_more_than_their_text() {
    let long = "x".repeat(300_000);
    let groups: Vec<String> = (0..1000).map(|n| format!("{n:036}")).collect();
    let claims = json!({ "long": long, "groups": groups, "last": 1 });
    let kept = set(claims.clone());
    assert_eq!(Value::from(kept.members().to_map()), claims);
    assert!(kept.len() < claims.to_string().len());
}

#[test]
fn debug_shows_no_value() {
    let kept = set(json!({ "email": "secret", "n": 42, "o": { "in": "secret" }, "l": ["secret"] }));
    let shown = format!("{kept:?} {:?}", kept.members().iter().collect::<Vec<_>>());
    assert!(shown.contains("email"), "{shown}");
    assert!(
        !shown.contains("secret") && !shown.contains("42"),
        "{shown}"
    );
}

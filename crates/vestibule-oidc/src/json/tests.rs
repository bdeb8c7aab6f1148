use proptest::prelude::*;

use super::*;

#[test]
fn duplicate_members_are_refused_at_every_depth() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"[{"x":{"b":1,"c":2,"b":3}}]"#,
    ] {
        let error = parse(text.as_bytes(), 1024).unwrap_err();
        assert!(
            matches!(error, JsonError::DuplicateMember { .. }),
            "{text}: {error}"
        );
    }
}

#[test]
fn nesting_deeper_than_the_limit_is_refused() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(nested(MAX_DEPTH).as_bytes(), 1024).is_ok());
    assert_eq!(
        parse(nested(MAX_DEPTH + 1).as_bytes(), 1024),
        Err(JsonError::TooDeep)
    );
    let objects = format!("{}1{}", r#"{"a":"#.repeat(17), "}".repeat(17));
    assert_eq!(parse(objects.as_bytes(), 1024), Err(JsonError::TooDeep));
}

#[test]
fn objects_of_more_members_than_the_limit_are_refused_at_every_depth() {
    let object = |members: usize| {
        let members: Vec<_> = (0..members).map(|at| format!("\"{at}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert!(parse(object(MAX_MEMBERS).as_bytes(), 1 << 20).is_ok());
    let over = object(MAX_MEMBERS + 1);
    for text in [over.clone(), format!("{{\"a\":[{over}]}}")] {
        assert_eq!(
            parse(text.as_bytes(), 1 << 20),
            Err(JsonError::TooManyMembers)
        );
    }
}

#[test]
fn size_is_judged_before_anything_is_read() {
    assert_eq!(
        parse(b"[[[[", 3),
        Err(JsonError::TooLarge { limit: 3, found: 4 })
    );
    assert!(parse(b"[1]", 3).is_ok());
}

#[test]
fn what_is_not_json_is_refused() {
    for text in [
        &b""[..],
        b"{",
        b"{}{}",
        b"{} x",
        b"nul",
        b"1e999",
        b"\"\xff\"",
        b"\"\\ud800\"",
        b"'a'",
        b"\xef\xbb\xbf{}",
        b"{\"a\":1,}",
        b"NaN",
        b"01",
        b"\"\n\"",
    ] {
        let error = parse(text, 1024).unwrap_err();
        assert!(
            matches!(error, JsonError::Syntax { .. }),
            "{text:?}: {error}"
        );
    }
}

#[test]
fn an_object_is_required_where_one_is_expected() {
    for (text, found) in [
        ("[]", "an array"),
        ("1", "a number"),
        ("null", "null"),
        ("\"\"", "a string"),
    ] {
        assert_eq!(
            parse_object(text.as_bytes(), 64),
            Err(JsonError::NotAnObject { found })
        );
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".*".prop_map(Value::String),
    ];
    leaf.prop_recursive(6, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::btree_map(".*", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn reads_what_serde_json_writes(value in any_json()) {
        let text = serde_json::to_vec(&value).unwrap();
        prop_assert_eq!(parse(&text, usize::MAX).unwrap(), value);
    }

    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        let _ = parse(&bytes, 200);
    }
}

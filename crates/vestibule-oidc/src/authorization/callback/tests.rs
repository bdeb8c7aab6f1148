use proptest::prelude::*;

use super::*;

const ISSUER: &str = "https://idp.example";

fn run(query: &str, iss_required: bool) -> Result<Callback, &'static str> {
    let expected = CallbackExpected {
        state: &State::from_stored("st"),
        issuer: &TokenIssuer::exact(ISSUER),
        metadata_issuer: ISSUER,
        iss_required,
    };
    CallbackParams::parse(query.as_bytes())
        .and_then(|parameters| parameters.check(&expected))
        .map_err(|error| error.code())
}

#[test]
fn an_answer_is_a_code_or_an_error() {
    assert_eq!(
        run("code=c%2B1&state=st", false),
        Ok(Callback::Code(Secret::from("c+1")))
    );
    let Ok(Callback::Error(error)) = run(
        "error=access_denied&error_description=AADSTS65004%3a+User%0d%0adeclined&error_subcode=cancel&state=st",
        false,
    ) else {
        panic!("an error")
    };
    assert_eq!(error.error, "access_denied");
    assert_eq!(
        error.description.as_deref(),
        Some("AADSTS65004: User  declined")
    );
    assert_eq!(error.subcode.as_deref(), Some("cancel"));
    assert_eq!(error.aadsts(), Some(65004));
    assert!(error.is_cancelled());
}

#[test]
fn what_cannot_be_read_is_refused() {
    let long_code = format!("code={}&state=st", "c".repeat(MAX_CODE_BYTES + 1));
    let long_state = format!("code=c&state={}", "s".repeat(MAX_STATE_BYTES + 1));
    let long_iss = format!("code=c&state=st&iss={}", "i".repeat(513));
    let long = format!("code=c&state=st&x={}", "x".repeat(MAX_BYTES));
    for (query, code) in [
        ("", "callback_empty"),
        ("state=st", "callback_empty"),
        ("code=&state=st", "callback_empty"),
        ("error=&state=st", "callback_empty"),
        ("code=c&error=e&state=st", "callback_code_and_error"),
        ("code=&error=e&state=st", "callback_code_and_error"),
        ("code=c", "callback_state_missing"),
        ("error=e", "callback_state_missing"),
        ("code=c&state=", "callback_state_missing"),
        ("code=c&state=%", "callback_encoding"),
        ("code=c&state=%2", "callback_encoding"),
        ("code=c&state=%zz", "callback_encoding"),
        ("code=%ff&state=st", "callback_encoding"),
        ("x=%c0%ae&code=c&state=st", "callback_encoding"),
        (&long_code, "callback_too_long"),
        (&long_state, "callback_too_long"),
        (&long_iss, "callback_too_long"),
        (&long, "callback_too_long"),
    ] {
        assert_eq!(run(query, false), Err(code), "{query:.60}");
    }
    let longest = format!("code={}&state=st", "c".repeat(MAX_CODE_BYTES));
    assert!(run(&longest, false).is_ok());
}

/// mod_auth_openidc silently took the last of several.
#[test]
fn mod_auth_openidc_2026_08_12_duplicate_parameters_are_refused() {
    for name in [
        "code",
        "state",
        "iss",
        "error_description",
        "session_state",
        "id_token",
        "response",
    ] {
        let query = format!("code=c&state=st&{name}=1&{name}=1");
        assert_eq!(
            run(&query, false),
            Err("callback_duplicate_parameter"),
            "{name}"
        );
    }
    assert_eq!(
        run("code=c&c%6fde=c&state=st", false),
        Err("callback_duplicate_parameter")
    );
    // `;` does not separate, and parameters nobody knows may repeat.
    assert_eq!(run("code=c;state=st", false), Err("callback_state_missing"));
    assert!(run("code=c&state=st&x=1&x=2", false).is_ok());
}

#[test]
fn an_answer_to_another_browser_is_refused_even_if_it_is_an_error() {
    for query in [
        "code=c&state=other",
        "error=access_denied&state=other",
        "code=c&state=st%00",
    ] {
        assert_eq!(run(query, false), Err("callback_state_mismatch"), "{query}");
    }
}

/// RFC 9207 §2.4, and an empty `iss` that once read out of bounds.
#[test]
fn mod_auth_openidc_2026_05_22_an_answer_of_another_issuer_is_refused() {
    for iss in [
        "",
        "%2F",
        "%00",
        "https://evil.example",
        "https%3A%2F%2Fidp.example%2F",
        "h",
    ] {
        for required in [false, true] {
            let query = format!("code=c&state=st&iss={iss}");
            assert_eq!(
                run(&query, required),
                Err("callback_issuer_mismatch"),
                "{iss}"
            );
        }
    }
    assert_eq!(run("code=c&state=st", true), Err("callback_issuer_missing"));
    assert_eq!(
        run("error=e&state=st", true),
        Err("callback_issuer_missing")
    );
    assert!(run("code=c&state=st&iss=https%3A%2F%2Fidp.example", true).is_ok());
}

#[test]
fn debug_shows_neither_code_nor_state() {
    let parameters = CallbackParams::parse(b"code=c0de&state=5tate").unwrap();
    let shown = format!("{parameters:?}");
    assert!(
        !shown.contains("c0de") && !shown.contains("5tate"),
        "{shown}"
    );
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = CallbackParams::parse(&bytes);
    }

    #[test]
    fn reads_what_the_usual_encoder_writes(code in "\\PC{1,40}", state in "\\PC{1,40}") {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("code", &code)
            .append_pair("state", &state)
            .finish();
        let parameters = CallbackParams::parse(query.as_bytes()).unwrap();
        prop_assert_eq!(parameters.state(), state.as_str());
    }
}

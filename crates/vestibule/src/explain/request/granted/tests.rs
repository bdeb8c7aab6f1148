use super::*;

/// Whether a scope is there (`yes`, `no`), or nobody knows (`open`).
fn entra(asked: &[&str], scope: &str) -> &'static str {
    let asked: Vec<String> = asked.iter().map(|one| (*one).to_owned()).collect();
    match of_entra(&asked, scope) {
        State::Yes(_) => "yes",
        State::No(_) => "no",
        State::Open(_) => "open",
    }
}

const GUID: &str = "9e59d98b-d747-4a9a-96fd-178f04d08b02";

#[test]
fn entra_lists_an_apis_scopes_and_what_default_grants_is_not_known() {
    let all = format!("api://{GUID}/.default");
    let read = format!("api://{GUID}/read");
    let bare = format!("{GUID}/read");
    let by_default = ["openid", "profile", "offline_access", &all];
    let by_name = ["openid", "profile", &read];
    for (asked, scope, expected) in [
        (&by_default[..], "openid", "no"),
        (&by_default, "offline_access", "no"),
        (&by_default, &read, "open"),
        (&by_default, &bare, "open"),
        (&by_default, &all, "open"),
        (&by_default, "api://other/read", "no"),
        (&by_default, "User.Read", "no"),
        (&by_name, &read, "yes"),
        (&by_name, &format!("api://{GUID}/write"), "open"),
        (&by_name, "profile", "no"),
        (&["openid", "profile"], "profile", "yes"),
        (&["openid", "profile"], "email", "open"),
        (&["openid", "offline_access"], "offline_access", "open"),
        (&["openid", "User.Read"], "openid", "yes"),
        (&["openid", "User.Read"], "User.Read", "open"),
        (
            &["openid", "https://graph.microsoft.com/User.Read"],
            "openid",
            "yes",
        ),
        (&["openid", &format!("api://{GUID}")], &read, "open"),
    ] {
        assert_eq!(entra(asked, scope), expected, "{asked:?} {scope}");
    }
}

#[test]
fn every_answer_is_tried_and_never_too_many() {
    let open = |count: usize| Granted {
        known: vec!["a".to_owned()],
        open: (0..count)
            .map(|at| Scope {
                name: format!("o{at}"),
                why: String::new(),
            })
            .collect(),
        told: Vec::new(),
        is_said: false,
    };
    assert_eq!(open(0).answers(), ["a"]);
    assert_eq!(open(2).answers(), ["a", "a o0", "a o1", "a o0 o1"]);
    let many = open(40).answers();
    assert_eq!(many.len(), 64);
    assert_eq!(many.last().map(|all| all.split(' ').count()), Some(41));
}

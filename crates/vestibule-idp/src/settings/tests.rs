use super::*;
use crate::faults::{Endpoint, Fault};

#[test]
fn the_built_in_settings_parse_and_fit_together() {
    let settings = IdpSettings::built_in();
    assert!(Directory::new(&settings).is_ok());
    assert_eq!(settings, IdpSettings::from_toml("").unwrap());
    assert_eq!(settings, IdpSettings::from_toml(BUILT_IN_TOML).unwrap());
    let portal = &settings.apps[0];
    assert_eq!(portal.redirect, RedirectMatching::AnyLocalhost);
    assert!(portal.optional_claims.iter().any(|claim| claim == "upn"));
    assert_eq!(settings.people[0].account, "ada");
}

#[test]
fn a_file_replaces_the_lists_it_names_and_keeps_the_rest() {
    let settings = IdpSettings::from_toml(
        r#"
        control_port = "off"
        [tokens]
        access_token_secs = 5
        refresh_reuse = "revokes-all"
        [[person]]
        account = "solo"
        name = "Solo"
        username = "solo@contoso.localhost"
        [[fault]]
        kind = "slow"
        endpoint = "token"
        millis = 10
        times = 3
        "#,
    )
    .unwrap();
    assert_eq!(settings.control_port, ControlPort::Off);
    assert_eq!(settings.people.len(), 1);
    assert_eq!(settings.apps, IdpSettings::built_in().apps);
    assert_eq!(settings.tokens.access_token_secs, Some(5));
    assert_eq!(settings.tokens.id_token_secs, 3_600);
    assert_eq!(
        settings.faults[0].fault,
        Fault::Slow {
            endpoint: Endpoint::Token,
            millis: 10
        }
    );
    assert_eq!(settings.faults[0].times, Some(3));
}

#[test]
fn a_misspelt_key_is_refused_with_its_line() {
    let error = IdpSettings::from_toml("[[person]]\naccount = \"a\"\nnmae = \"A\"\n").unwrap_err();
    let SettingsError::Toml(source) = error else {
        panic!("{error}")
    };
    assert!(source.to_string().contains("line 3"), "{source}");
    assert!(source.to_string().contains("nmae"), "{source}");
}

#[test]
fn parts_that_do_not_fit_together_are_named_all_at_once() {
    let error = IdpSettings::from_toml(
        r#"
        [[person]]
        account = "new"
        name = "N"
        username = "n@contoso.localhost"
        [[person]]
        account = "ada"
        name = "A"
        username = "a@contoso.localhost"
        tenant = "00000000-1111-2222-3333-444444444444"
        [[person]]
        account = "ada"
        name = "B"
        username = "b@contoso.localhost"
        "#,
    )
    .unwrap_err();
    let SettingsError::Problems(problems) = error else {
        panic!("{error}")
    };
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[test]
fn an_api_for_personal_accounts_must_have_version_2_tokens() {
    let error = IdpSettings::from_toml(
        r#"
        [[app]]
        name = "A"
        client_id = "9a41c7d2-5b0e-4e86-b3f9-17d6e2c8a001"
        app_id_uris = ["api://a"]
        accounts = "organizations-and-personal"
        "#,
    )
    .unwrap_err();
    assert!(
        error.to_string().contains("access_token_version = 2"),
        "{error}"
    );
}

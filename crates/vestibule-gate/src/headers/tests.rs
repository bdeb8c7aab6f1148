use super::*;
use crate::fixture::object;
use vestibule_session::claims::ClaimsSet;

const TOKEN: Token<'static> = Token {
    value: "eyJ0.eyJh.c2ln",
    token_type: "Bearer",
    expires_at: Some(UnixTime(1_700_000_000)),
    scope: Some("api://x/.default"),
};

fn written(
    plan: &HeaderPlan,
    id_token: &str,
    userinfo: Option<&str>,
    token: Option<Token<'_>>,
) -> Fields {
    let id_token = object(id_token);
    let userinfo = userinfo.map(object);
    let claims = Claims {
        id_token: &id_token,
        userinfo: userinfo.as_ref(),
        access_token: None,
        groups: None,
    };
    plan.write(&Identity {
        claims,
        user: Some("alice"),
        token,
        id_token: Some("h.p.s"),
        userinfo_token: Some("u.i.s"),
        refresh_token: Some("refresh-me"),
    })
}

fn pairs(fields: &Fields) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|&byte| char::from(byte))
            .collect::<String>()
    };
    fields
        .iter()
        .map(|field| (text(field.name), text(field.value)))
        .collect()
}

fn check(fields: &Fields, expected: &[(&str, &str)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect();
    assert_eq!(pairs(fields), expected);
}

fn apache(preset: ModAuthOpenidc) -> HeaderPlan {
    of_version(Version::NEWEST, preset)
}

fn of_version(version: Version, preset: ModAuthOpenidc) -> HeaderPlan {
    HeaderPlan {
        presets: vec![Preset::ModAuthOpenidc(preset)],
        writing: version.writing(),
        precedence: version.precedence(),
        ..HeaderPlan::default()
    }
}

#[test]
fn mod_auth_openidc_headers_are_those_of_apache() {
    let fields = written(
        &apache(ModAuthOpenidc::default()),
        r#"{"iss":"https://i","aud":"c","exp":1700000000,"upn":"g\u00fcnther","email_verified":true,
            "groups":["a","b,c",3],"address":{"b":1,"a":"x"},"rate":1.5,"gone":null,"empty":"","nonce":"n"}"#,
        None,
        Some(TOKEN),
    );
    check(
        &fields,
        &[
            ("OIDC_CLAIM_iss", "https://i"),
            ("OIDC_CLAIM_aud", "c"),
            ("OIDC_CLAIM_exp", "1700000000"),
            ("OIDC_CLAIM_upn", "g\u{fc}nther"),
            ("OIDC_CLAIM_email_verified", "1"),
            ("OIDC_CLAIM_groups", "a,b\\,c"),
            ("OIDC_CLAIM_address", r#"{"b":1,"a":"x"}"#),
            ("OIDC_CLAIM_rate", "1.5"),
            ("OIDC_CLAIM_empty", ""),
            ("OIDC_CLAIM_nonce", "n"),
            ("OIDC_access_token", "eyJ0.eyJh.c2ln"),
            ("OIDC_access_token_type", "Bearer"),
            ("OIDC_access_token_expires", "1700000000"),
            ("OIDC_scope", "api://x/.default"),
        ],
    );
}

#[test]
fn user_info_replaces_the_id_token_in_mod_auth_openidc_headers() {
    let fields = written(
        &apache(ModAuthOpenidc::default()),
        r#"{"sub":"s","email":"old"}"#,
        Some(r#"{"email":"new","phone":"1"}"#),
        None,
    );
    check(
        &fields,
        &[
            ("OIDC_CLAIM_sub", "s"),
            ("OIDC_CLAIM_email", "new"),
            ("OIDC_CLAIM_phone", "1"),
        ],
    );
}

#[test]
fn mod_auth_openidc_passes_whole_tokens_where_asked() {
    let preset = ModAuthOpenidc {
        id_token_claims: false,
        id_token_payload: true,
        id_token_serialized: true,
        userinfo_claims: false,
        userinfo_json: true,
        userinfo_jwt: true,
        danger_refresh_token: true,
        ..ModAuthOpenidc::default()
    };
    let fields = written(
        &apache(preset),
        r#"{"sub":"s","b":1}"#,
        Some(r#"{"x":true}"#),
        None,
    );
    check(
        &fields,
        &[
            ("OIDC_id_token_payload", r#"{"sub":"s","b":1}"#),
            ("OIDC_id_token", "h.p.s"),
            ("OIDC_userinfo_json", r#"{"x":true}"#),
            ("OIDC_userinfo_jwt", "u.i.s"),
            ("OIDC_refresh_token", "refresh-me"),
        ],
    );
}

#[test]
fn the_token_of_user_info_goes_to_whoever_is_set_to_get_it() {
    let module = |userinfo_jwt| {
        apache(ModAuthOpenidc {
            id_token_claims: false,
            userinfo_claims: false,
            userinfo_jwt,
            ..ModAuthOpenidc::default()
        })
    };
    let nobody = module(false);
    assert!(!nobody.passes_userinfo_token());
    check(&written(&nobody, "{}", Some("{}"), None), &[]);

    let mut as_the_module_encodes = module(true);
    as_the_module_encodes.writing.encoding = value::Encoding::Base64Url;
    let own_name = HeaderPlan {
        own: vec![own("X-Info", Source::UserinfoToken)],
        ..HeaderPlan::default()
    };
    for (plan, header, value) in [
        (module(true), "OIDC_userinfo_jwt", "u.i.s"),
        (as_the_module_encodes, "OIDC_userinfo_jwt", "dS5pLnM"),
        (own_name, "X-Info", "u.i.s"),
    ] {
        assert!(plan.passes_userinfo_token());
        // A client's own never passes.
        assert!(plan.names().contains(header.to_uppercase().as_bytes()));
        check(&written(&plan, "{}", Some("{}"), None), &[(header, value)]);
        let id_token = ClaimsSet::default();
        let of_plain_json = Identity {
            claims: Claims {
                id_token: &id_token,
                userinfo: Some(&id_token),
                access_token: None,
                groups: None,
            },
            user: None,
            token: None,
            id_token: None,
            userinfo_token: None,
            refresh_token: None,
        };
        check(&plan.write(&of_plain_json), &[]);
    }
}

#[test]
fn mod_auth_openidc_speaks_utf_8_and_base64url_where_asked() {
    for (encoding, expected) in [
        (value::Encoding::Utf8, "g\u{c3}\u{bc}"),
        (value::Encoding::Base64Url, "Z8O8"),
        (value::Encoding::Latin1, "g\u{fc}"),
    ] {
        let mut plan = apache(ModAuthOpenidc::default());
        plan.writing.encoding = encoding;
        let fields = written(&plan, r#"{"n":"gü"}"#, None, None);
        check(&fields, &[("OIDC_CLAIM_n", expected)]);
    }
}

#[test]
fn claims_cannot_write_headers_of_their_own() {
    let fields = written(
        &apache(ModAuthOpenidc::default()),
        r#"{"x\r\nEvil":"1","y":"a\r\nEvil: 1\u0000","list":["a\nb"]}"#,
        None,
        None,
    );
    check(
        &fields,
        &[
            ("OIDC_CLAIM_x--Evil", "1"),
            ("OIDC_CLAIM_y", "a  Evil: 1"),
            ("OIDC_CLAIM_list", "a b"),
        ],
    );
    assert!(fields.iter().all(|field| is_token(field.name)));
}

#[test]
fn two_claims_that_upstreams_take_for_one_are_one() {
    let fields = written(
        &apache(ModAuthOpenidc::default()),
        r#"{"a b":"1","a-b":"2","a_b":"3"}"#,
        None,
        None,
    );
    check(&fields, &[("OIDC_CLAIM_a_b", "3")]);
}

/// User info first and the ID token over it, six decimals, JSON with spaces, nothing but the token and when it ends.
#[test]
fn mod_auth_openidc_of_debian_12_sends_what_it_sends() {
    let version = Version([2, 4, 12, 3]);
    let fields = written(
        &of_version(version, version.preset()),
        r#"{"sub":"s","upn":"g\u00fcnther","rate":1.5,"address":{"b":1,"a":"x"},"Role":"id","email":"id"}"#,
        Some(r#"{"email":"info","phone":"1","role":"info","sub":"s"}"#),
        Some(TOKEN),
    );
    check(
        &fields,
        &[
            ("OIDC_CLAIM_email", "id"),
            ("OIDC_CLAIM_phone", "1"),
            ("OIDC_CLAIM_role", "id"),
            ("OIDC_CLAIM_sub", "s"),
            ("OIDC_CLAIM_upn", "g\u{c3}\u{bc}nther"),
            ("OIDC_CLAIM_rate", "1.500000"),
            ("OIDC_CLAIM_address", r#"{"b": 1, "a": "x"}"#),
            ("OIDC_access_token", "eyJ0.eyJh.c2ln"),
            ("OIDC_access_token_expires", "1700000000"),
        ],
    );
}

#[test]
fn only_selected_claims_are_passed_one_by_one_and_as_json() {
    let preset = ModAuthOpenidc {
        id_token_payload: true,
        userinfo_json: true,
        ..ModAuthOpenidc::default()
    };
    let mut plan = apache(preset);
    plan.selection = Selection {
        only: Some(vec!["sub".to_owned(), "email".to_owned()]),
        without: vec!["email".to_owned()],
    };
    plan.own = vec![
        own("X-Info", Source::Userinfo),
        own("X-Mail", Source::Claims(vec![ClaimPath::new("email")])),
    ];
    check(
        &written(
            &plan,
            r#"{"sub":"s","email":"e","iss":"i"}"#,
            Some(r#"{"x":1,"sub":"s"}"#),
            None,
        ),
        &[
            ("OIDC_CLAIM_sub", "s"),
            ("OIDC_id_token_payload", r#"{"sub":"s"}"#),
            ("OIDC_userinfo_json", r#"{"sub":"s"}"#),
            ("X-Info", r#"{"sub":"s"}"#),
            ("X-Mail", "e"),
        ],
    );
}

#[test]
fn no_claim_takes_the_place_of_a_token_or_of_a_field_of_http() {
    for (prefix, claims) in [
        (
            "OIDC_",
            r#"{"access_token":"x","Access-Token":"x","scope":"x","id_token":"x","a":"1"}"#,
        ),
        (
            "X-",
            r#"{"forwarded-for":"x","Forwarded_Host":"x","real-ip":"x","a":"1"}"#,
        ),
        ("Content-", r#"{"length":"0","type":"x","a":"1"}"#),
        (
            "",
            r#"{"host":"x","transfer-encoding":"chunked","cookie":"x","Authorization":"x","--":"x","a":"1"}"#,
        ),
    ] {
        let preset = ModAuthOpenidc {
            prefix: prefix.to_owned(),
            ..ModAuthOpenidc::default()
        };
        let fields = written(&apache(preset), claims, None, None);
        check(&fields, &[(&format!("{prefix}a"), "1")]);
    }
}

#[test]
fn what_begins_with_the_prefix_passes_from_no_client() {
    let names = |prefix: &str, only: &[&str]| {
        let preset = ModAuthOpenidc {
            prefix: prefix.to_owned(),
            ..ModAuthOpenidc::default()
        };
        let mut plan = apache(preset);
        plan.selection.only = Some(only.iter().map(|&claim| claim.to_owned()).collect());
        plan.names()
    };
    let of_prefix = names("X-Claim-", &[]);
    for name in [
        "x_claim_sub",
        "X-CLAIM-",
        "xclaimadmin",
        "OIDC_access_token",
    ] {
        assert!(of_prefix.contains(name.as_bytes()), "{name}");
    }
    let by_name = names("", &["sub", "http://x/role name"]);
    for name in ["sub", "SUB", "http---x-role_name", "oidc-claim-x"] {
        assert!(by_name.contains(name.as_bytes()), "{name}");
    }
    assert!(!by_name.contains(b"accept"));
}

#[test]
fn own_headers_are_written_like_the_presets() {
    let mut plan = of_version(Version([2, 4, 15, 0]), ModAuthOpenidc::default());
    plan.presets.clear();
    plan.own = vec![
        own("X-User", Source::User),
        own("X-Name", Source::Claims(vec![ClaimPath::new("name")])),
        own("X-Rate", Source::Claims(vec![ClaimPath::new("rate")])),
    ];
    plan.writing.encoding = value::Encoding::Base64Url;
    check(
        &written(
            &plan,
            r#"{"name":"id","rate":0.5}"#,
            Some(r#"{"name":"gü"}"#),
            None,
        ),
        &[
            ("X-User", "alice"),
            ("X-Name", "Z8O8"),
            ("X-Rate", "MC41MDAwMDA"),
        ],
    );
}

/// Comparing each name with each would take a minute here; looking each up takes a moment.
#[test]
fn a_block_of_very_many_claims_costs_no_more_than_its_size() {
    let claims = |letter: char| -> String {
        let members: Vec<_> = (0..3_000)
            .map(|at| format!("\"{}{letter}{at:05}\":1", "x".repeat(300)))
            .collect();
        format!("{{{}}}", members.join(","))
    };
    let began = std::time::Instant::now();
    let fields = written(
        &apache(ModAuthOpenidc::default()),
        &claims('a'),
        Some(&claims('b')),
        None,
    );
    assert_eq!(fields.len(), 6_000);
    assert!(began.elapsed() < std::time::Duration::from_secs(10));
}

#[test]
fn oauth2_proxy_headers_are_both_sets() {
    let plan = HeaderPlan {
        presets: vec![Preset::Oauth2Proxy(Oauth2Proxy::default())],
        ..HeaderPlan::default()
    };
    let id_token = r#"{"sub":"s","email":"a@b","preferred_username":"al","groups":["x","y"]}"#;
    check(
        &written(&plan, id_token, None, Some(TOKEN)),
        &[
            ("X-Forwarded-User", "alice"),
            ("X-Forwarded-Email", "a@b"),
            ("X-Forwarded-Preferred-Username", "al"),
            ("X-Forwarded-Groups", "x,y"),
            ("X-Forwarded-Access-Token", "eyJ0.eyJh.c2ln"),
            ("X-Auth-Request-User", "alice"),
            ("X-Auth-Request-Email", "a@b"),
            ("X-Auth-Request-Preferred-Username", "al"),
            ("X-Auth-Request-Groups", "x,y"),
            ("X-Auth-Request-Access-Token", "eyJ0.eyJh.c2ln"),
        ],
    );
    let bare = written(&plan, "{}", None, None);
    check(
        &bare,
        &[
            ("X-Forwarded-User", "alice"),
            ("X-Auth-Request-User", "alice"),
        ],
    );
}

fn own(name: &str, source: Source) -> OwnHeader {
    OwnHeader {
        name: HeaderName::parse(name).unwrap(),
        source,
    }
}

#[test]
fn own_names_and_the_bearer_are_set_and_absent_values_are_not() {
    let plan = HeaderPlan {
        own: vec![
            own("Remote-User", Source::User),
            own(
                "X_Mail",
                Source::Claims(vec![ClaimPath::new("mail"), ClaimPath::new("email")]),
            ),
            own("X-Absent", Source::Claims(vec![ClaimPath::new("absent")])),
            own("X-Token", Source::AccessToken),
            own("X-Id-Token", Source::IdToken),
            own("X-From", Source::Constant("the front".to_owned())),
            own("X-Internal", Source::Nothing),
        ],
        bearer: true,
        ..HeaderPlan::default()
    };
    check(
        &written(&plan, r#"{"email":"ü@b"}"#, None, Some(TOKEN)),
        &[
            ("Remote-User", "alice"),
            ("X_Mail", "\u{c3}\u{bc}@b"),
            ("X-Token", "eyJ0.eyJh.c2ln"),
            ("X-Id-Token", "h.p.s"),
            ("X-From", "the front"),
            ("Authorization", "Bearer eyJ0.eyJh.c2ln"),
        ],
    );
    check(
        &written(&plan, "{}", None, None),
        &[
            ("Remote-User", "alice"),
            ("X-Id-Token", "h.p.s"),
            ("X-From", "the front"),
        ],
    );
    assert!(plan.names().contains(b"X_INTERNAL") && plan.names().contains(b"x-from"));
}

#[test]
fn names_that_are_not_an_identitys_to_have_are_refused() {
    for name in [
        "",
        "a b",
        "x:",
        "--",
        "Host",
        "host",
        "Content_Length",
        "X-Forwarded-For",
        "x.real.ip",
        "Cookie",
        "authorization",
        "Transfer-Encoding",
        "Upgrade",
    ] {
        assert!(HeaderName::parse(name).is_err(), "{name}");
    }
    for name in ["Remote-User", "X-Forwarded-User", "X_User", "REMOTE_USER"] {
        assert!(HeaderName::parse(name).is_ok(), "{name}");
    }
}

#[test]
fn debug_shows_no_token_and_no_claim() {
    let id_token = object(r#"{"email":"secret@b"}"#);
    let claims = Claims {
        id_token: &id_token,
        userinfo: None,
        access_token: None,
        groups: None,
    };
    let identity = Identity {
        claims,
        user: None,
        token: Some(TOKEN),
        id_token: Some("h.p.s"),
        userinfo_token: Some("u.i.s"),
        refresh_token: Some("refresh-me"),
    };
    let shown = format!("{identity:?}");
    assert!(
        !shown.contains("eyJ0")
            && !shown.contains("secret")
            && !shown.contains("h.p.s")
            && !shown.contains("u.i.s")
            && !shown.contains("refresh-me"),
        "{shown}"
    );
}

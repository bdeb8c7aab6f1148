use super::fixture::RecordFixture;
use super::*;
use minicbor::Encoder;
use proptest::prelude::*;
use serde_json::{Map, Value};
use std::time::Duration;

const NOW: UnixTime = UnixTime(1_700_000_000);

fn full() -> Record {
    let fixture = RecordFixture::new("alice", NOW).claim("groups", vec!["a", "b"]);
    let some = |name: &str| Some(Map::from_iter([(name.to_owned(), Value::from(1.5))]));
    RecordFixture {
        sid: Some("sid".into()),
        auth_time: Some(UnixTime(1_699_999_000)),
        userinfo: some("u"),
        access_claims: some("a"),
        asked_for: ResourceKey::new(Some("urn:api"), "b a b"),
        scope: Some("a b c".into()),
        ..fixture
    }
    .build()
}

fn assert_same(a: &Record, b: &Record) {
    assert_eq!(a.encode(), b.encode());
    assert_eq!(
        (a.claims(), a.userinfo(), a.access_claims()),
        (b.claims(), b.userinfo(), b.access_claims())
    );
    assert_eq!(a.userinfo_token(), b.userinfo_token());
    assert_eq!(
        a.granted_scopes().collect::<Vec<_>>(),
        b.granted_scopes().collect::<Vec<_>>()
    );
}

#[test]
fn a_record_reads_back_as_it_was_written() {
    for record in [full(), RecordFixture::new("", UnixTime(i64::MIN)).build()] {
        let read = Record::decode(&record.encode()).unwrap();
        assert_same(&record, &read);
        assert_eq!(read.subject(), record.subject());
        assert_eq!(read.refresh_token(), record.refresh_token());
        assert_eq!(read.tokens().sign_in_key(), record.tokens().sign_in_key());
        assert_eq!(
            read.tokens().sign_in().unwrap().token(),
            record.tokens().sign_in().unwrap().token()
        );
    }
}

/// The signed token of user info is written, and counts where sessions are weighed; without user info it is none.
#[test]
fn the_token_of_user_info_stays_with_it() {
    let with = |claims: Option<Map<String, Value>>, token: Option<&str>| {
        RecordFixture {
            userinfo: claims,
            userinfo_token: token.map(str::to_owned),
            ..RecordFixture::new("alice", NOW)
        }
        .build()
    };
    let (without, kept) = (
        with(Some(Map::new()), None),
        with(Some(Map::new()), Some("h.p.s")),
    );
    let read = Record::decode(&kept.encode()).unwrap();
    assert_same(&kept, &read);
    assert_eq!(read.userinfo_token().unwrap().expose(), "h.p.s");
    assert_eq!(kept.memory_bytes(), without.memory_bytes() + 5 + 16);
    let weight = ("user info token".to_owned(), 5);
    assert!(kept.weights().contains(&weight) && !without.weights().contains(&weight));
    assert_eq!(
        kept.clone().fitted().userinfo_token(),
        kept.userinfo_token()
    );
    assert!(!format!("{kept:?}").contains("h.p.s"));
    assert_eq!(with(None, Some("h.p.s")).userinfo_token(), None);
}

/// The map in `bytes` with more entries, as a newer version of the program would write.
fn with_extra(bytes: &[u8], write: impl Fn(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let entries = decoder.map().unwrap().unwrap();
    let body = &bytes[decoder.position()..];
    let mut extra = Vec::new();
    write(&mut Encoder::new(&mut extra));
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out);
    encoder.map(entries + 1).unwrap();
    out.extend_from_slice(body);
    out.extend_from_slice(&extra);
    out
}

#[test]
fn fields_of_a_newer_version_are_skipped() {
    let record = full();
    let newer = with_extra(&record.encode(), |e| {
        e.u32(900)
            .unwrap()
            .array(2)
            .unwrap()
            .str("x")
            .unwrap()
            .map(1)
            .unwrap();
        e.u8(1).unwrap().null().unwrap();
    });
    assert_same(&Record::decode(&newer).unwrap(), &record);
}

#[test]
fn a_record_that_needs_a_newer_version_says_so() {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes);
    encoder
        .map(3)
        .unwrap()
        .u8(0)
        .unwrap()
        .u32(9)
        .unwrap()
        .u8(1)
        .unwrap()
        .u32(8)
        .unwrap();
    encoder.u8(2).unwrap().array(0).unwrap();
    assert_eq!(
        Record::decode(&bytes).unwrap_err(),
        RecordError::TooNew { needs: 8 }
    );
}

/// A record that this version's first release wrote. Whoever changes the encoding and breaks this
/// signs everybody out at the next upgrade.
#[test]
fn the_first_format_still_reads() {
    let hex = include_str!("format-1.hex");
    let bytes: Vec<u8> = hex
        .split_ascii_whitespace()
        .flat_map(|line| {
            (0..line.len() / 2)
                .map(move |at| u8::from_str_radix(&line[2 * at..2 * at + 2], 16).unwrap())
        })
        .collect();
    let read = Record::decode(&bytes).unwrap();
    assert_eq!(read.claims(), full().claims());
    let own = read.tokens().sign_in().unwrap();
    assert_eq!(
        read.known_at(),
        own.received_at(),
        "it knew of no such time"
    );
    assert_same(&read, &full());
}

#[test]
fn damaged_records_are_malformed() {
    let bytes = full().encode();
    for length in 0..bytes.len() {
        assert_eq!(
            Record::decode(&bytes[..length]).unwrap_err(),
            RecordError::Malformed,
            "{length}"
        );
    }
    assert_eq!(Record::decode(b"\xa0").unwrap_err(), RecordError::Malformed);
    assert_eq!(Record::decode(b"null").unwrap_err(), RecordError::Malformed);
}

#[test]
fn debug_shows_no_token_and_no_claim() {
    let shown = format!("{:?}", full());
    for hidden in ["token-of", "groups", "alice"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

#[test]
fn a_session_is_good_on_its_own_site_only() {
    let record = RecordFixture::new("alice", NOW).build();
    assert!(record.is_of(&Site::loopback_http("localhost", 8080).unwrap()));
    for other in [
        Site::loopback_http("localhost", 8081).unwrap(),
        Site::loopback_http("127.0.0.1", 8080).unwrap(),
        Site::https("localhost", 8080).unwrap(),
    ] {
        assert!(!record.is_of(&other), "{other}");
    }
}

#[test]
fn scopes_are_a_set() {
    let key = |scope: &str| ResourceKey::new(None, scope);
    assert_eq!(key("b  a b"), key("a b"));
    assert_ne!(key("a b"), key("ab"));
    assert_ne!(ResourceKey::new(Some("a"), ""), key("a"));
    assert_ne!(key("a").with_audience(Some("x")), key("a"));
    assert!(key("a b").is_wider_than(&key("b")));
    for other in [key("a b"), key("c"), ResourceKey::new(Some("r"), "b")] {
        assert!(!key("a b").is_wider_than(&other), "{other:?}");
    }
    assert_eq!(key(" b a ").scope(), "a b");
}

#[test]
fn granted_scopes_are_what_was_told_else_what_was_asked_for() {
    let granted = |scope: Option<&str>| {
        let fixture = RecordFixture::new("alice", NOW);
        let record = RecordFixture {
            scope: scope.map(str::to_owned),
            ..fixture
        }
        .build();
        record.granted_scopes().collect::<Vec<_>>().join(",")
    };
    assert_eq!(granted(None), "openid,profile");
    assert_eq!(granted(Some("openid")), "openid");
    assert_eq!(granted(Some("")), "");
}

#[test]
fn a_token_is_refreshed_before_it_expires() {
    let token = |lasts: Option<i64>| {
        let expires_at = lasts.map(|secs| UnixTime(NOW.0 + secs));
        let fixture = RecordFixture::new("alice", NOW);
        RecordFixture {
            expires_at,
            ..fixture
        }
        .build()
        .tokens()
        .sign_in()
        .unwrap()
        .clone()
    };
    let margin = Duration::from_secs(60);
    for (lasts, after, due, expired) in [
        (Some(3600), 0, false, false),
        (Some(3600), 3539, false, false),
        (Some(3600), 3540, true, false),
        (Some(3600), 3600, true, true),
        // A token of one minute is not always due.
        (Some(60), 0, false, false),
        (Some(60), 30, true, false),
        (Some(0), 0, true, true),
        // Nobody told its end: it is renewed by its age, and good all the while.
        (None, 1739, false, false),
        (None, 1740, true, false),
        (None, 1_000_000, true, false),
    ] {
        let now = UnixTime(NOW.0 + after);
        let token = token(lasts);
        assert_eq!(
            (token.refresh_due(margin, 0, now), token.has_expired(now)),
            (due, expired),
            "{lasts:?} {after}"
        );
    }
    let hour = token(Some(3600));
    let due = |jitter, after| hour.refresh_due(margin, jitter, UnixTime(NOW.0 + after));
    assert_eq!((due(255, 3510), due(255, 3511)), (false, true));
    assert_eq!((due(128, 3524), due(128, 3525)), (false, true));
}

#[test]
fn what_rules_go_by_is_asked_for_again_when_it_is_old() {
    let known = RecordFixture::new("alice", NOW);
    let record = known.clone().build();
    let at = |minutes: i64| UnixTime(NOW.0 + minutes * 60);
    for (minutes, jitter, wanted) in [
        (0, 255, AskAnew::NotYet),
        (74, 255, AskAnew::NotYet),
        (75, 255, AskAnew::Soon),
        (75, 0, AskAnew::NotYet),
        (89, 0, AskAnew::NotYet),
        (89, 128, AskAnew::Soon),
        (90, 0, AskAnew::First),
        (9000, 255, AskAnew::First),
        // A clock that was put back.
        (-9000, 255, AskAnew::NotYet),
    ] {
        assert_eq!(record.ask_anew(jitter, at(minutes)), wanted, "{minutes}");
    }
    let without = RecordFixture {
        refresh_token: None,
        ..known
    };
    assert_eq!(without.build().ask_anew(255, at(9000)), AskAnew::NotYet);
    let record = Record::decode(&record.encode()).unwrap();
    assert_eq!(record.known_at(), NOW);
}

#[test]
fn a_record_names_the_format_that_who_reads_it_must_know() {
    let readable_by = |asked_for: ResourceKey| {
        let fixture = RecordFixture::new("alice", NOW);
        let bytes = RecordFixture {
            asked_for,
            ..fixture
        }
        .build()
        .encode();
        let mut decoder = minicbor::Decoder::new(&bytes);
        decoder.map().unwrap();
        let fields: Vec<u32> = (0..4).map(|_| decoder.u32().unwrap()).collect();
        assert_eq!(fields[..3], [0, FORMAT, 1]);
        fields[3]
    };
    let key = ResourceKey::new(None, "openid");
    assert_eq!(readable_by(key.clone()), 1);
    // A program that knows no audiences would take the token for another one.
    assert_eq!(readable_by(key.with_audience(Some("api"))), 2);
}

mod from_a_provider {
    use super::*;
    use serde_json::json;
    use vestibule_oidc::id_token::VerifiedIdToken;
    use vestibule_oidc::testing::TestProvider;
    use vestibule_oidc::token::TokenResponse;
    use vestibule_oidc::userinfo;
    use vestibule_oidc::userinfo::UserInfo;

    fn site() -> Site {
        Site::https("portal.example.com", 443).unwrap()
    }

    fn id_token(subject: &str, more: Value) -> VerifiedIdToken {
        let provider = TestProvider::new("https://provider.example");
        let mut claims = provider.id_token_claims("portal", subject, NOW);
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        provider.verified("portal", &claims, NOW).unwrap()
    }

    fn tokens(body: Value) -> TokenResponse {
        TokenResponse::parse(200, Some("application/json"), body.to_string().as_bytes()).unwrap()
    }

    fn sign_in_scopes() -> ResourceKey {
        ResourceKey::new(None, "openid api")
    }

    fn signed_in() -> Record {
        let tokens = tokens(json!({
            "access_token": "at1", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "rt1", "scope": "api openid",
        }));
        let body = br#"{"sub":"alice","email":"alice@example.com"}"#;
        let userinfo = userinfo::parse(200, Some("application/json"), body, "alice").unwrap();
        let signed_in = SignedIn {
            provider: "entra",
            site: &site(),
            id_token: &id_token(
                "alice",
                json!({"sid": "s1", "groups": ["a", "b"], "auth_time": NOW.0 - 5}),
            ),
            tokens: &tokens,
            asked_for: sign_in_scopes(),
            userinfo: Some(&userinfo),
            access_token: None,
            detour: None,
            groups: None,
        };
        Record::establish(signed_in, NOW)
    }

    fn refreshed(tokens: &TokenResponse) -> Refreshed<'_> {
        Refreshed {
            tokens,
            id_token: None,
            asked_for: sign_in_scopes(),
            userinfo: None,
            access_token: None,
            groups: None,
        }
    }

    fn token_of(record: &Record, key: &ResourceKey) -> Option<String> {
        record
            .tokens()
            .find(key)
            .map(|token| token.token().expose().clone())
    }

    #[test]
    fn a_session_is_what_the_id_token_says() {
        let record = signed_in();
        assert_eq!(
            (record.provider(), record.issuer()),
            ("entra", "https://provider.example")
        );
        assert_eq!((record.subject(), record.sid()), ("alice", Some("s1")));
        assert_eq!(record.auth_time(), Some(UnixTime(NOW.0 - 5)));
        assert_eq!((record.created_at(), record.refreshed_at()), (NOW, NOW));
        assert_eq!(
            record.claims().get("groups").map(Value::from),
            Some(json!(["a", "b"]))
        );
        let email = record.userinfo().unwrap().get("email").unwrap();
        assert_eq!(email.as_str(), Some("alice@example.com"));
        assert!(record.is_of(&site()));
        assert_eq!(
            record.granted_scopes().collect::<Vec<_>>(),
            ["api", "openid"]
        );
        let token = record.tokens().sign_in().unwrap();
        assert_eq!(token.expires_at(), Some(NOW + Duration::from_secs(3600)));
        assert_eq!(record.refresh_token().unwrap().expose(), "rt1");
    }

    #[test]
    fn a_rotated_refresh_token_replaces_the_old_and_none_keeps_it() {
        let later = NOW + Duration::from_secs(3000);
        let rotated =
            tokens(json!({"access_token": "at2", "token_type": "Bearer", "refresh_token": "rt2"}));
        let record = signed_in()
            .with_refreshed_tokens(refreshed(&rotated), later)
            .unwrap();
        assert_eq!(record.refresh_token().unwrap().expose(), "rt2");
        assert_eq!(token_of(&record, &sign_in_scopes()).as_deref(), Some("at2"));
        assert_eq!((record.created_at(), record.refreshed_at()), (NOW, later));
        assert_eq!(record.known_at(), later);
        // The scope was not told again, so it is as before (RFC 6749 §5.1).
        assert_eq!(
            record.granted_scopes().collect::<Vec<_>>(),
            ["api", "openid"]
        );

        let kept = tokens(json!({"access_token": "at3", "token_type": "Bearer"}));
        let record = record
            .with_refreshed_tokens(refreshed(&kept), later)
            .unwrap();
        assert_eq!(record.refresh_token().unwrap().expose(), "rt2");
    }

    #[test]
    fn a_scope_that_shrank_is_honoured() {
        let fewer =
            tokens(json!({"access_token": "at2", "token_type": "Bearer", "scope": "openid"}));
        let record = signed_in()
            .with_refreshed_tokens(refreshed(&fewer), NOW)
            .unwrap();
        assert_eq!(record.granted_scopes().collect::<Vec<_>>(), ["openid"]);
    }

    /// CVE-2021-41230: rules were judged on claims from before the refresh.
    #[test]
    fn cve_2021_41230_refreshed_claims_replace_the_old_ones_whole() {
        let answer = tokens(json!({"access_token": "at2", "token_type": "Bearer"}));
        let id_token = id_token("alice", json!({"roles": ["r"]}));
        let with_id_token = Refreshed {
            id_token: Some(&id_token),
            ..refreshed(&answer)
        };
        let record = signed_in()
            .with_refreshed_tokens(with_id_token, NOW)
            .unwrap();
        assert!(record.claims().get("groups").is_none());
        assert_eq!(
            record.claims().get("roles").map(Value::from),
            Some(json!(["r"]))
        );
        assert_eq!(record.id_token().as_ref(), Some(id_token.raw()));
    }

    /// User info that the provider signed, about alice.
    fn signed_userinfo(email: &str) -> UserInfo {
        let provider = TestProvider::new("https://provider.example");
        let expected = userinfo::SignedExpected {
            client_id: "portal",
            issuer: &vestibule_oidc::issuer::TokenIssuer::exact("https://provider.example"),
            algorithms: &vestibule_oidc::jose::Algorithm::DEFAULT,
            skew: Duration::from_secs(60),
        };
        let claims = json!({
            "iss": "https://provider.example", "aud": "portal", "sub": "alice", "email": email,
        });
        let signed = provider.sign(&claims);
        let keys = provider.key_set();
        userinfo::verify(signed.as_bytes(), &keys, &expected, "alice", NOW).unwrap()
    }

    #[test]
    fn a_refresh_renews_user_info_and_the_token_it_came_in_together() {
        let answer = tokens(json!({"access_token": "at2", "token_type": "Bearer"}));
        let after = |record: &Record, userinfo: Option<&UserInfo>| {
            let with = Refreshed {
                userinfo,
                ..refreshed(&answer)
            };
            record.with_refreshed_tokens(with, NOW).unwrap()
        };
        let (first, second) = (
            signed_userinfo("a@example.com"),
            signed_userinfo("b@example.com"),
        );
        let record = after(&signed_in(), Some(&first));
        assert_eq!(record.userinfo_token(), first.token());
        let record = after(&record, Some(&second));
        assert_eq!(record.userinfo_token(), second.token());
        assert_ne!(first.token(), second.token());
        let record = after(&record, None);
        assert_eq!(
            record.userinfo_token(),
            second.token(),
            "what was known stays"
        );
        let body = br#"{"sub":"alice"}"#;
        let plain = userinfo::parse(200, Some("application/json"), body, "alice").unwrap();
        let record = after(&record, Some(&plain));
        assert_eq!(
            record.userinfo_token(),
            None,
            "it says what is no longer so"
        );
    }

    #[test]
    fn a_refresh_about_somebody_else_is_refused() {
        let answer = tokens(json!({"access_token": "at2", "token_type": "Bearer"}));
        let id_token = id_token("mallory", json!({}));
        let other = Refreshed {
            id_token: Some(&id_token),
            ..refreshed(&answer)
        };
        assert_eq!(
            signed_in().with_refreshed_tokens(other, NOW).unwrap_err(),
            OtherPerson
        );
    }

    #[test]
    fn a_token_for_another_resource_stands_beside_the_sign_ins_own() {
        let answer = tokens(
            json!({"access_token": "other", "token_type": "Bearer", "scope": "api://x/.default"}),
        );
        let key = ResourceKey::new(None, "api://x/.default");
        let other = Refreshed {
            asked_for: key.clone(),
            ..refreshed(&answer)
        };
        let later = NOW + Duration::from_secs(60);
        let record = signed_in().with_refreshed_tokens(other, later).unwrap();
        assert_eq!(token_of(&record, &key).as_deref(), Some("other"));
        assert_eq!(token_of(&record, &sign_in_scopes()).as_deref(), Some("at1"));
        assert_eq!((record.refreshed_at(), record.known_at()), (later, NOW));
        assert_eq!(
            record.granted_scopes().collect::<Vec<_>>(),
            ["api", "openid"]
        );
        assert_same(&Record::decode(&record.encode()).unwrap(), &record);
    }

    #[test]
    fn a_sign_in_without_an_access_token_is_a_session() {
        let answer = tokens(json!({"id_token": "x.y.z"}));
        let signed_in = SignedIn {
            provider: "b2c",
            site: &site(),
            id_token: &id_token("alice", json!({})),
            tokens: &answer,
            asked_for: sign_in_scopes(),
            userinfo: None,
            access_token: None,
            detour: None,
            groups: None,
        };
        let record = Record::establish(signed_in, NOW);
        assert!(record.tokens().sign_in().is_none() && record.tokens().is_empty());
        assert_same(&Record::decode(&record.encode()).unwrap(), &record);
    }

    /// A sign-in for the token of one route, whose answer has `token`, and of the session before it.
    fn detour(asked_for: &ResourceKey, subject: &str, answer: Value) -> Record {
        let wanted = ResourceKey::new(None, "b");
        let before = signed_in();
        let signed_in = SignedIn {
            provider: "entra",
            site: &site(),
            id_token: &id_token(subject, json!({})),
            tokens: &tokens(answer),
            asked_for: asked_for.clone(),
            userinfo: None,
            access_token: None,
            groups: None,
            detour: Some(Detour {
                own: sign_in_scopes(),
                wanted: Some(wanted),
                before: Some(&before),
            }),
        };
        let record = Record::establish(signed_in, NOW + Duration::from_secs(60));
        assert_same(&Record::decode(&record.encode()).unwrap(), &record);
        record
    }

    #[test]
    fn a_sign_in_for_one_route_loses_nothing_and_its_token_feeds_no_rule() {
        let b = ResourceKey::new(None, "b");
        let answer = json!({"access_token": "b1", "token_type": "Bearer", "scope": "b b.admin"});
        let record = detour(&b, "alice", answer.clone());
        assert_eq!(token_of(&record, &b).as_deref(), Some("b1"));
        assert_eq!(token_of(&record, &sign_in_scopes()).as_deref(), Some("at1"));
        assert_eq!(record.tokens().sign_in_key(), &sign_in_scopes());
        let granted: Vec<_> = record.granted_scopes().collect();
        assert_eq!(granted, ["api", "openid"], "those of the sign-in before");
        assert_eq!(record.refresh_token().unwrap().expose(), "rt1");
        assert_eq!(record.signed_in_for(), None, "it brought what it was for");
        assert_eq!(record.known_at(), NOW, "of the sign-in before");
        assert!(
            record.userinfo().is_some(),
            "known of the same person before"
        );

        let record = detour(&b, "bob", answer);
        assert_eq!(token_of(&record, &sign_in_scopes()), None);
        assert_eq!(record.refresh_token(), None);
        assert_eq!(record.userinfo(), None);
        assert_eq!(
            record.granted_scopes().next(),
            None,
            "b.admin is for b alone"
        );
        let read = Record::decode(&record.encode()).unwrap();
        assert_eq!(read.granted_scopes().next(), None);
        // Its own token, when it comes, says what was granted; or that it is what was asked for.
        let own = |scope: Option<&str>| {
            let answer = json!({"access_token": "own", "token_type": "Bearer", "scope": scope});
            let answer = tokens(answer);
            let refreshed = read.with_refreshed_tokens(refreshed(&answer), NOW).unwrap();
            let granted = refreshed.granted_scopes().map(str::to_owned);
            granted.collect::<Vec<_>>()
        };
        assert_eq!(own(Some("openid")), ["openid"]);
        assert_eq!(own(None), ["api", "openid"]);
    }

    #[test]
    fn a_sign_in_that_did_not_bring_what_it_was_for_knows_it_until_it_is_there() {
        let answer = json!({"access_token": "at2", "token_type": "Bearer", "refresh_token": "rt2"});
        let record = detour(&sign_in_scopes(), "alice", answer);
        let b = ResourceKey::new(None, "b");
        assert_eq!(record.signed_in_for(), Some(&b));
        assert_eq!(token_of(&record, &sign_in_scopes()).as_deref(), Some("at2"));
        assert_eq!(record.refresh_token().unwrap().expose(), "rt2");
        let record = Record::decode(&record.encode()).unwrap();
        assert_eq!(record.signed_in_for(), Some(&b));
        let answer = tokens(json!({"access_token": "b1", "token_type": "Bearer"}));
        let fetched = Refreshed {
            asked_for: b,
            ..refreshed(&answer)
        };
        let record = record.with_refreshed_tokens(fetched, NOW).unwrap();
        assert_eq!(record.signed_in_for(), None);
    }

    #[test]
    fn what_was_granted_beside_the_own_token_stays_granted() {
        let all = ResourceKey::new(None, "openid api b");
        let answer = json!({"access_token": "all", "token_type": "Bearer", "refresh_token": "r"});
        let record = detour(&all, "alice", answer);
        // The one token for everything is the upstream's of nobody.
        assert_eq!(token_of(&record, &sign_in_scopes()).as_deref(), Some("at1"));
        assert_eq!(token_of(&record, &all).as_deref(), Some("all"));
        let answer = tokens(json!({"access_token": "own", "token_type": "Bearer", "scope": "api"}));
        let record = record
            .with_refreshed_tokens(refreshed(&answer), NOW)
            .unwrap();
        assert_eq!(token_of(&record, &sign_in_scopes()).as_deref(), Some("own"));
        let granted: Vec<_> = record.granted_scopes().collect();
        assert_eq!(granted, ["api", "b", "openid"]);
    }

    #[test]
    fn tokens_that_have_expired_and_are_nobodys_are_not_kept() {
        let put = |record: &Record, scope: &str, after: i64| {
            let answer =
                tokens(json!({"access_token": scope, "token_type": "Bearer", "expires_in": 60}));
            let fetched = Refreshed {
                asked_for: ResourceKey::new(None, scope),
                ..refreshed(&answer)
            };
            let now = UnixTime(NOW.0 + after);
            record.with_refreshed_tokens(fetched, now).unwrap()
        };
        let record = put(&put(&signed_in(), "b", 0), "c", 60);
        let held: Vec<String> = record.tokens().iter().map(|(key, _)| key.scope()).collect();
        assert_eq!(held, ["api openid", "c"]);
        let many = (0..100).fold(signed_in(), |record, at| put(&record, &format!("s{at}"), 0));
        assert_eq!(many.tokens().iter().count(), 32);
        assert!(many.tokens().sign_in().is_some());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Record::decode(&bytes);
    }

    #[test]
    fn one_altered_byte_never_panics(at in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut bytes = full().encode();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let _ = Record::decode(&bytes);
    }
}

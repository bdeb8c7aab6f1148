use super::*;
use crate::cookie::{Stripped, strip};
use crate::seal::SealingKey;

fn site() -> Site {
    Site::https("portal.example.com", 443).unwrap()
}

fn keys(byte: u8) -> KeyRing {
    let mut bytes = [byte; 32];
    bytes[31] = !byte;
    KeyRing::new(vec![SealingKey::from_bytes(&bytes).unwrap()]).unwrap()
}

const NOW: UnixTime = UnixTime(1_700_000_000);

fn flow(byte: u8, started_at: UnixTime) -> Pending {
    Pending {
        provider: "entra".to_owned(),
        state: State::from_entropy([byte; 32]),
        nonce: Nonce::from_entropy([byte ^ 0x55; 32]),
        verifier: Verifier::from_entropy([byte ^ 0xAA; 32]),
        return_to: ReturnTo::parse(b"/foo/?x=1").unwrap(),
        max_age: None,
        asked_for: ResourceKey::new(None, "openid"),
        wanted: None,
        kept_post: None,
        replaces: None,
        returns: Vec::new(),
        started_at,
    }
}

/// `name=value` as the browser sends it back.
fn sent_back(set_cookie: &str) -> &str {
    set_cookie.split(';').next().unwrap()
}

fn cookie(pending: &Pending) -> String {
    let line = pending.set_cookie(&site(), &keys(1), ResponseMode::Query, [7; NONCE_BYTES]);
    sent_back(&line.unwrap()).to_owned()
}

fn find(header: &str, state: &State, now: UnixTime) -> Result<Pending, PendingError> {
    Pending::find([header.as_bytes()], &site(), &keys(1), state.expose(), now)
}

#[test]
fn a_flow_comes_back_as_it_was_started() {
    let started = Pending {
        max_age: Some(Duration::from_secs(300)),
        asked_for: ResourceKey::new(Some("urn:api"), "openid read").with_audience(Some("api")),
        wanted: Some(ResourceKey::new(Some("urn:b"), "b").with_audience(Some("c"))),
        kept_post: Some(KeptPostId::from_entropy([8; 16])),
        replaces: Some(StoreKey::from_bytes([9; 32])),
        returns: vec![NOW - Duration::from_secs(9), NOW],
        ..flow(1, NOW)
    };
    let header = format!("a=b; {}; c=d", cookie(&started));
    let found = find(&header, &started.state, NOW + Duration::from_secs(599)).unwrap();
    assert_eq!(found.provider, "entra");
    assert_eq!(found.nonce, started.nonce);
    assert_eq!(found.verifier, started.verifier);
    assert_eq!(found.return_to, started.return_to);
    assert_eq!(found.max_age, Some(Duration::from_secs(300)));
    assert_eq!(found.asked_for, started.asked_for);
    assert_eq!(found.wanted, started.wanted);
    assert_eq!(found.kept_post, started.kept_post);
    assert_eq!(found.replaces, started.replaces);
    assert_eq!(found.returns, started.returns);
    assert_eq!(found.started_at, NOW);
}

#[test]
fn an_answer_without_its_cookie_is_refused() {
    let (one, two) = (flow(1, NOW), flow(2, NOW));
    assert_eq!(find("", &one.state, NOW).unwrap_err(), PendingError::Absent);
    assert_eq!(
        find(&cookie(&two), &one.state, NOW).unwrap_err(),
        PendingError::Absent
    );
}

#[test]
fn a_flow_cannot_take_the_place_of_another() {
    let (one, two) = (flow(1, NOW), flow(2, NOW));
    let value = cookie(&two).split_once('=').unwrap().1.to_owned();
    let moved = format!("{}={value}", site().cookies().pending(one.state.expose()));
    assert_eq!(
        find(&moved, &one.state, NOW).unwrap_err(),
        PendingError::Unreadable
    );
}

#[test]
fn a_flow_of_another_site_or_key_is_refused() {
    let one = flow(1, NOW);
    let header = cookie(&one);
    let other = Site::https("other.example.com", 443).unwrap();
    for (site, keys) in [(&other, keys(1)), (&site(), keys(2))] {
        let found = Pending::find([header.as_bytes()], site, &keys, one.state.expose(), NOW);
        assert_eq!(found.unwrap_err(), PendingError::Unreadable);
    }
}

#[test]
fn a_planted_cookie_of_the_same_name_does_not_hide_ours() {
    let one = flow(1, NOW);
    let name = site().cookies().pending(one.state.expose());
    let header = format!("{name}=planted; {}; {name}=", cookie(&one));
    assert!(find(&header, &one.state, NOW).is_ok());
}

#[test]
fn a_flow_lasts_ten_minutes() {
    let one = flow(1, NOW);
    let header = cookie(&one);
    for (now, outcome) in [
        (NOW, Ok(())),
        (NOW + Duration::from_secs(599), Ok(())),
        (NOW + Duration::from_secs(600), Err(PendingError::Lapsed)),
        (NOW - Duration::from_secs(60), Ok(())),
        (NOW - Duration::from_secs(61), Err(PendingError::Lapsed)),
    ] {
        assert_eq!(find(&header, &one.state, now).map(|_| ()), outcome, "{now}");
    }
}

#[test]
fn a_sixth_flow_evicts_the_oldest() {
    let flows: Vec<_> = (1..=5)
        .map(|n| flow(n, NOW + Duration::from_secs(n.into())))
        .collect();
    let room = |count: usize, now: UnixTime| {
        // The newest first: the order of the header means nothing.
        let header = flows
            .iter()
            .take(count)
            .rev()
            .map(cookie)
            .collect::<Vec<_>>()
            .join("; ");
        make_room(
            [header.as_bytes()],
            &site(),
            &keys(1),
            ResponseMode::Query,
            usize::MAX,
            now,
        )
    };
    let later = NOW + Duration::from_secs(10);
    assert!(room(4, later).is_empty());
    let oldest = delete_cookie(&site(), flows[0].state.expose(), ResponseMode::Query);
    assert_eq!(room(5, later), [oldest]);
    assert_eq!(room(5, NOW + Duration::from_secs(3600)).len(), 5);
}

#[test]
fn what_does_not_open_makes_room_first() {
    let header = format!(
        "__Host-vestibule-signin-aaaaaaaaaaaaaaaa=x; {}; __Host-vestibule=s; __Host-vestibule-signin-\u{e9}=y",
        cookie(&flow(1, NOW))
    );
    let room = make_room(
        [header.as_bytes()],
        &site(),
        &keys(1),
        ResponseMode::FormPost,
        usize::MAX,
        NOW,
    );
    assert_eq!(room.len(), 1, "{room:?}");
    assert!(room[0].starts_with("__Host-vestibule-signin-aaaaaaaaaaaaaaaa=; Path=/; Max-Age=0;"));
}

#[test]
fn the_oldest_flows_go_until_the_others_fit_into_the_room() {
    let cookies: Vec<_> = (1..=4)
        .map(|n| cookie(&flow(n, NOW + Duration::from_secs(n.into()))))
        .collect();
    let header = cookies.join("; ");
    let each = cookies[0].len() + 2;
    assert_eq!(field_bytes(&format!("{}; Path=/", cookies[0])), each);
    let dropped = |room_bytes: usize| {
        let later = NOW + Duration::from_secs(10);
        let mode = ResponseMode::Query;
        make_room(
            [header.as_bytes()],
            &site(),
            &keys(1),
            mode,
            room_bytes,
            later,
        )
        .len()
    };
    for (room_bytes, gone) in [
        (4 * each, 0),
        (4 * each - 1, 1),
        (2 * each, 2),
        (each - 1, 4),
        (0, 4),
    ] {
        assert_eq!(dropped(room_bytes), gone, "{room_bytes}");
    }
}

#[test]
fn a_flood_of_pending_cookies_is_looked_at_in_part() {
    let header: String = (0..1000)
        .map(|n| format!("__Host-vestibule-signin-{n:016}=x;"))
        .collect();
    let room = make_room(
        [header.as_bytes()],
        &site(),
        &keys(1),
        ResponseMode::Query,
        usize::MAX,
        NOW,
    );
    assert_eq!(room.len(), MOST_LOOKED_AT);
}

#[test]
fn the_longest_flow_fits_a_cookie() {
    let target = format!("/{}", "a".repeat(crate::return_to::LONGEST_BYTES - 1));
    let long = Pending {
        provider: "p".repeat(64),
        return_to: ReturnTo::parse(target.as_bytes()).unwrap(),
        max_age: Some(Duration::MAX),
        asked_for: ResourceKey::new(None, &"s".repeat(256)),
        replaces: Some(StoreKey::from_bytes([255; 32])),
        returns: vec![NOW; 4],
        ..flow(1, NOW)
    };
    assert!(find(&cookie(&long), &long.state, NOW).is_ok());
    let too_long = Pending {
        provider: "p".repeat(1024),
        ..long
    };
    let line = too_long.set_cookie(&site(), &keys(1), ResponseMode::Query, [7; NONCE_BYTES]);
    assert!(matches!(line, Err(PendingCookieError::TooLong { .. })));
}

#[test]
fn pending_cookies_do_not_reach_the_upstream() {
    let header = format!("{}; a=b", cookie(&flow(1, NOW)));
    assert_eq!(strip(header.as_bytes()), Stripped::Rest(b"a=b".to_vec()));
}

#[test]
fn the_cookie_shows_neither_state_nor_verifier() {
    let one = flow(1, NOW);
    let line = one
        .set_cookie(&site(), &keys(1), ResponseMode::Query, [7; 24])
        .unwrap();
    for secret in [
        one.state.expose(),
        one.nonce.expose(),
        one.verifier.expose(),
    ] {
        assert!(!line.contains(secret));
        assert!(!format!("{one:?}").contains(secret));
    }
}

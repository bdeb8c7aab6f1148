use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

use super::*;
use crate::cookie::{Stripped, strip};
use crate::handle::Handle;
use crate::record::ResourceKey;
use crate::record::fixture::RecordFixture;
use crate::seal::SealingKey;

const NOW: UnixTime = UnixTime(1_700_000_000);

fn site() -> Site {
    Site::https("portal.example.com", 443).unwrap()
}

fn keys(byte: u8) -> KeyRing {
    let mut bytes = [byte; 32];
    bytes[31] = !byte;
    KeyRing::new(vec![SealingKey::from_bytes(&bytes).unwrap()]).unwrap()
}

fn key(byte: u8) -> StoreKey {
    Handle::from_entropy([byte; 32]).store_key()
}

/// Text that does not compress, always the same.
fn noise(seed: u64, length: usize) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(alphabet[(state >> 58) as usize])
        })
        .collect()
}

fn jwt(claims: &serde_json::Value, seed: u64) -> String {
    let header = URL_SAFE_NO_PAD.encode(format!(
        r#"{{"typ":"JWT","alg":"RS256","kid":"{}"}}"#,
        noise(7, 27)
    ));
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("{header}.{payload}.{}", noise(seed, 342))
}

fn fixture() -> RecordFixture {
    let groups: Vec<String> = (30..42).map(|seed| noise(seed, 36)).collect();
    let claims = serde_json::json!({ "name": "Ann Lee", "oid": noise(1, 36), "tid": noise(2, 36), "email": "ann@example.com", "groups": groups });
    let mut fixture = RecordFixture::new("alice", NOW);
    fixture.site = site().origin().to_owned();
    fixture.id_token = jwt(&claims, 3);
    fixture.access_token = jwt(&claims, 4);
    fixture.refresh_token = Some(noise(5, 1200));
    fixture.claims = claims.as_object().unwrap().clone();
    fixture
}

fn written_within(
    record: &Record,
    limit: CookieLimit,
    id_token_may_go: bool,
) -> Result<Written, CarryError> {
    let load = Load {
        version: Version::from_number(7),
        last_seen: NOW,
        record,
        id_token_may_go,
        max_age_secs: None,
    };
    write(&load, &site(), &key(1), &keys(1), limit, [9; NONCE_BYTES])
}

fn written(record: &Record) -> Written {
    written_within(record, CookieLimit::new(usize::MAX), false).unwrap()
}

/// The cookies as the browser sends them back.
fn sent_back(written: &Written) -> Vec<String> {
    let pair = |line: &String| line.split(';').next().unwrap().to_owned();
    written.lines.iter().map(pair).collect()
}

fn opened(cookies: &[String], site: &Site, key: &StoreKey, keys: &KeyRing) -> Option<Carried> {
    let header = cookies.join("; ");
    read(
        &Brought::find([header.as_bytes()], site.cookies()),
        site,
        key,
        keys,
    )
}

fn comes_back(cookies: &[String]) -> bool {
    opened(cookies, &site(), &key(1), &keys(1)).is_some()
}

#[test]
fn a_session_comes_back_as_it_was_written() {
    let record = fixture().build();
    let written = written(&record);
    assert_eq!(written.left_out, LeftOut::Nothing);
    let carried = opened(&sent_back(&written), &site(), &key(1), &keys(1)).unwrap();
    assert_eq!(carried.version, Version::from_number(7));
    assert_eq!(carried.last_seen, NOW);
    assert_eq!(carried.record.encode(), record.encode());
}

/// Claims are in three parts of a record.
#[test]
fn an_ordinary_session_takes_much_less_than_its_record() {
    let record = fixture().build();
    let written = written(&record);
    assert!(
        written.bytes < record.encode().len() * 3 / 4,
        "{} of {}",
        written.bytes,
        record.encode().len()
    );
    assert!(written.bytes < 3600, "{}", written.bytes);
}

#[test]
fn lines_are_short_enough_for_every_browser_and_bound_to_the_host() {
    for port in [443, 65535] {
        let site = Site::https("portal.example.com", port).unwrap();
        let mut fixture = fixture();
        fixture.site = site.origin().to_owned();
        fixture.refresh_token = Some(noise(5, 9000));
        let record = fixture.build();
        let load = Load {
            version: Version::FIRST,
            last_seen: NOW,
            record: &record,
            id_token_may_go: false,
            max_age_secs: None,
        };
        let written = write(
            &load,
            &site,
            &key(1),
            &keys(1),
            CookieLimit::new(usize::MAX),
            [9; NONCE_BYTES],
        )
        .unwrap();
        assert!(written.lines.len() >= 3);
        for (number, line) in written.lines.iter().enumerate() {
            assert!(line.len() < 4000, "{}", line.len());
            assert!(line.starts_with(&format!("{}.{number}=", site.cookies().session())));
            assert!(line.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"));
        }
        let field = sent_back(&written).join("; ");
        let handle = Handle::from_entropy([1; 32]).encoded();
        let whole = format!("{}={}; {field}", site.cookies().session(), handle.as_str());
        assert_eq!(
            whole.len(),
            written.bytes,
            "the size that is judged is the size that is sent"
        );
        assert_eq!(
            strip(whole.as_bytes()),
            Stripped::Nothing,
            "none of it goes to an upstream"
        );
    }
}

#[test]
fn the_length_shows_in_steps_only() {
    let bytes = |name: &str| {
        let mut fixture = fixture();
        fixture.claims.insert("name".to_owned(), name.into());
        written(&fixture.build()).bytes
    };
    let all: std::collections::BTreeSet<usize> = (1..40).map(|n| bytes(&noise(11, n))).collect();
    assert!(all.len() <= 2, "{all:?}");
}

#[test]
fn a_set_with_a_chunk_missing_surplus_repeated_or_swapped_is_no_session() {
    let mut large = fixture();
    large.refresh_token = Some(noise(5, 9000));
    let whole = sent_back(&written(&large.build()));
    assert!(whole.len() >= 3 && comes_back(&whole));
    for at in 0..whole.len() {
        let mut missing = whole.clone();
        missing.remove(at);
        assert!(!comes_back(&missing), "without {at}");
        let mut repeated = whole.clone();
        repeated.push(whole[at].clone());
        assert!(!comes_back(&repeated), "{at} twice");
    }
    for surplus in [
        "__Host-vestibule.4=x",
        "__Host-vestibule.9=",
        "__Host-vestibule.00=x",
        "__Host-vestibule.=x",
    ] {
        let mut more = whole.clone();
        more.push(surplus.to_owned());
        assert!(!comes_back(&more), "{surplus}");
    }
    let text = |n: usize| whole[n].split_once('=').unwrap().1;
    let swapped: Vec<String> = vec![
        whole[0].clone(),
        format!("__Host-vestibule.1={}", text(2)),
        format!("__Host-vestibule.2={}", text(1)),
    ];
    assert!(!comes_back(&swapped));
    // Order in the header, and other cookies between, make no difference.
    let mut turned = whole.clone();
    turned.reverse();
    turned.insert(1, "a=b".to_owned());
    turned.push("__Host-vestibulex.1=c".to_owned());
    turned.push("__Host-vestibule.loops=1".to_owned());
    assert!(comes_back(&turned));
}

#[test]
fn chunks_of_two_writes_are_no_session() {
    let mut large = fixture();
    large.refresh_token = Some(noise(5, 5000));
    let record = large.build();
    let load = Load {
        version: Version::FIRST,
        last_seen: NOW,
        record: &record,
        id_token_may_go: false,
        max_age_secs: None,
    };
    let write = |nonce| {
        let limit = CookieLimit::new(usize::MAX);
        sent_back(
            &super::write(
                &load,
                &site(),
                &key(1),
                &keys(1),
                limit,
                [nonce; NONCE_BYTES],
            )
            .unwrap(),
        )
    };
    let (one, other) = (write(1), write(2));
    assert_eq!((one.len(), other.len()), (2, 2));
    assert!(comes_back(&one) && comes_back(&other));
    assert!(!comes_back(&[one[0].clone(), other[1].clone()]));
    assert!(!comes_back(&[other[0].clone(), one[1].clone()]));
}

#[test]
fn a_wrong_count_is_no_session() {
    let whole = sent_back(&written(&fixture().build()));
    assert_eq!(whole.len(), 1);
    let value = whole[0].split_once('=').unwrap().1;
    for count in ["0", "2", "6", "9", "a", "", "11"] {
        assert!(
            !comes_back(&[format!("__Host-vestibule.0={count}{}", &value[1..])]),
            "{count}"
        );
    }
    // Even when as many are there: the count is sealed with the text.
    let (head, tail) = value.split_at(value.len() / 2);
    let two = [
        format!("__Host-vestibule.0=2{}", &head[1..]),
        format!("__Host-vestibule.1={tail}"),
    ];
    assert!(!comes_back(&two));
}

#[test]
fn the_cookies_of_another_site_handle_or_key_are_no_session() {
    let cookies = sent_back(&written(&fixture().build()));
    assert!(opened(&cookies, &site(), &key(1), &keys(1)).is_some());
    assert!(opened(&cookies, &site(), &key(1), &keys(2)).is_none());
    assert!(opened(&cookies, &site(), &key(2), &keys(1)).is_none());
    let other = Site::https("other.example.com", 443).unwrap();
    assert!(opened(&cookies, &other, &key(1), &keys(1)).is_none());
    // Nor is a record of another site that was sealed for this one.
    let mut stray = fixture();
    stray.site = other.origin().to_owned();
    assert!(!comes_back(&sent_back(&written(&stray.build()))));
}

#[test]
fn a_key_behind_the_first_opens_and_one_taken_away_does_not() {
    let cookies = sent_back(&written(&fixture().build()));
    let ring = |bytes: &[u8]| {
        let keys = bytes.iter().map(|byte| {
            let mut key = [*byte; 32];
            key[31] = !byte;
            SealingKey::from_bytes(&key).unwrap()
        });
        KeyRing::new(keys.collect()).unwrap()
    };
    assert!(opened(&cookies, &site(), &key(1), &ring(&[2, 1])).is_some());
    assert!(opened(&cookies, &site(), &key(1), &ring(&[2, 3])).is_none());
}

#[test]
fn what_does_not_fit_is_left_out_in_order_and_the_rest_is_refused() {
    let mut large = fixture();
    large.id_token = noise(20, 1500);
    large.access_token = noise(21, 2500);
    large.refresh_token = Some(noise(22, 1500));
    let record = large.clone().build();
    let within = |limit: usize, id_token_may_go| {
        written_within(&record, CookieLimit(limit + 1024), id_token_may_go)
            .map(|written| written.left_out)
    };
    assert_eq!(within(7000, true), Ok(LeftOut::Nothing));
    assert_eq!(within(5800, true), Ok(LeftOut::IdToken));
    assert_eq!(within(3500, true), Ok(LeftOut::AllTokens));
    // A provider that wants the ID token at sign-out keeps it in.
    assert_eq!(within(5800, false), Ok(LeftOut::AllTokens));
    assert!(
        matches!(within(2000, true), Err(CarryError::TooLarge { bytes, most_bytes: 2000 }) if bytes > 2000)
    );
    // Without a refresh token nothing would bring an access token back.
    large.refresh_token = None;
    let record = large.build();
    let without = written_within(&record, CookieLimit(3000 + 1024), true);
    assert!(
        matches!(without, Err(CarryError::TooLarge { .. })),
        "{without:?}"
    );
}

#[test]
fn a_token_that_was_left_out_has_expired_and_is_fetched_again() {
    let mut large = fixture();
    large.access_token = noise(21, 5000);
    large.asked_for = ResourceKey::new(None, "openid api");
    let record = large.build();
    let written = written_within(&record, CookieLimit(5000), true).unwrap();
    assert_eq!(written.left_out, LeftOut::AllTokens);
    let carried = opened(&sent_back(&written), &site(), &key(1), &keys(1)).unwrap();
    let token = carried.record.tokens().sign_in().unwrap();
    // Even where the clock is behind.
    assert!(token.has_expired(UnixTime(1)) && token.token().expose().is_empty());
    assert!(carried.record.id_token().is_none());
    assert_eq!(carried.record.refresh_token(), record.refresh_token());
    assert_eq!(carried.record.claims(), record.claims());
}

#[test]
fn the_limit_is_kept_between_its_bounds() {
    assert_eq!(CookieLimit::new(0).bytes(), CookieLimit::LEAST_BYTES);
    assert_eq!(
        CookieLimit::new(usize::MAX).bytes(),
        CookieLimit::MOST_BYTES
    );
    assert_eq!(CookieLimit::DEFAULT.session_bytes(), 7168);
    // What may be written fits into the chunks there are.
    const { assert!(chunks::MOST * chunks::MOST_VALUE_BYTES >= CookieLimit::MOST_BYTES) };
}

proptest! {
    #[test]
    fn any_record_comes_back(
        subject in "[a-z]{1,20}",
        claims in prop::collection::btree_map("[a-z]{1,12}", "\\PC{0,200}", 0..6),
        id_token in "([A-Za-z0-9_.-]|\\PC){1,600}",
        refresh_token in prop::option::of("[!-~]{1,600}"),
        access_token in "[A-Za-z0-9_.-]{1,600}",
    ) {
        let mut fixture = RecordFixture::new(&subject, NOW);
        fixture.site = site().origin().to_owned();
        for (name, value) in claims {
            fixture.claims.insert(name, value.into());
        }
        fixture.id_token = id_token;
        fixture.refresh_token = refresh_token;
        fixture.access_token = access_token;
        let record = fixture.build();
        let written = written(&record);
        let carried = opened(&sent_back(&written), &site(), &key(1), &keys(1)).unwrap();
        prop_assert_eq!(carried.record.encode(), record.encode());
    }

    #[test]
    fn no_mutation_is_a_session(at in any::<prop::sample::Index>(), byte in any::<u8>(), insert in any::<bool>()) {
        let mut large = fixture();
        large.refresh_token = Some(noise(5, 5000));
        let whole = sent_back(&written(&large.build())).join("; ").into_bytes();
        let mut mutated = whole.clone();
        let at = at.index(whole.len());
        if insert { mutated.insert(at, byte) } else { mutated[at] = byte }
        let site = site();
        let brought = Brought::find([mutated.as_slice()], site.cookies());
        if brought.digest() != Brought::find([whole.as_slice()], site.cookies()).digest() {
            prop_assert!(read(&brought, &site, &key(1), &keys(1)).is_none());
        }
    }

    #[test]
    fn a_set_cut_off_anywhere_is_no_session(at in any::<prop::sample::Index>()) {
        let whole = sent_back(&written(&fixture().build())).join("; ").into_bytes();
        let cut = &whole[..at.index(whole.len())];
        let site = site();
        let brought = Brought::find([cut], site.cookies());
        prop_assert!(read(&brought, &site, &key(1), &keys(1)).is_none());
    }
}

use super::*;
use crate::claims::Claim;
use crate::record::Record;
use crate::record::fixture::RecordFixture;

const NOW: UnixTime = UnixTime(1_700_000_000);
const A: &str = "4d7a9e10-2c35-4f68-8b1d-90e3c6f7a101";
const B: &str = "4d7a9e10-2c35-4f68-8b1d-90e3c6f7a102";
const C: &str = "4d7a9e10-2c35-4f68-8b1d-90e3c6f7a103";

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

const REASONS: [GroupsUnknown; 9] = [
    GroupsUnknown::Forbidden,
    GroupsUnknown::NoToken { aadsts: None },
    GroupsUnknown::NoToken {
        aadsts: Some(65_001),
    },
    GroupsUnknown::NoRefreshToken,
    GroupsUnknown::NoAnswer { status: None },
    GroupsUnknown::NoAnswer { status: Some(503) },
    GroupsUnknown::Unusable,
    GroupsUnknown::TooMany,
    GroupsUnknown::NowhereToAsk,
];

#[test]
fn only_what_was_asked_about_is_known() {
    let all = Groups::all(texts(&[B, A, B]), NOW);
    let of = Groups::of(texts(&[A, B]), texts(&[B]), NOW);
    let unknown = Groups::unknown(GroupsUnknown::Forbidden, NOW);
    for (group, in_all, in_of) in [
        (A, Some(true), Some(false)),
        (B, Some(true), Some(true)),
        (&B.to_uppercase(), Some(true), Some(true)),
        (C, Some(false), None),
        // The directory knows groups by their ids alone.
        ("Finance", None, None),
        ("", None, None),
    ] {
        assert_eq!(all.has(group), in_all, "{group}");
        assert_eq!(of.has(group), in_of, "{group}");
        assert_eq!(unknown.has(group), None, "{group}");
    }
    let all: Vec<_> = all.list().unwrap().iter().collect();
    assert_eq!(all, [Claim::Text(A), Claim::Text(B)]);
    assert!(of.list().is_none() && unknown.list().is_none());
}

#[test]
fn a_record_keeps_what_the_directory_told() {
    let told = [
        Groups::all(texts(&[A, B]), NOW),
        Groups::all(Vec::new(), NOW),
        Groups::of(texts(&[A, B]), texts(&[A]), NOW),
    ];
    let unknown = REASONS.map(|why| Groups::unknown(why, NOW));
    for groups in told.into_iter().chain(unknown) {
        let mut fixture = RecordFixture::new("mina", NOW);
        fixture.groups = Some(groups.clone());
        let read = Record::decode(&fixture.build().encode()).unwrap();
        assert_eq!(read.groups(), Some(&groups));
    }
}

#[test]
fn only_what_may_mend_itself_is_temporary() {
    let temporary: Vec<&str> = REASONS
        .into_iter()
        .filter(|why| why.is_temporary())
        .map(GroupsUnknown::code)
        .collect();
    assert_eq!(temporary, ["groups_no_answer", "groups_no_answer"]);
    let answered = |status| GroupsUnknown::NoAnswer {
        status: Some(status),
    };
    assert!(answered(429).is_temporary() && !answered(400).is_temporary());
}

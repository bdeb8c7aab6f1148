use super::*;
use crate::head::Lines;

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().copied().collect()
}

fn read(lines: &[u8]) -> Fields {
    Lines::of(lines).fields(100).unwrap().0
}

fn written(fields: &Fields) -> String {
    let mut out = Vec::new();
    fields.write_lines(&mut out, |_| true).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn look_up_ignores_case_and_keeps_the_spelling() {
    let fields = fields(&[("OIDC_access_token", "a")]);
    assert_eq!(fields.first("oidc_ACCESS_token"), Some(&b"a"[..]));
    assert_eq!(fields.iter().next().unwrap().name, b"OIDC_access_token");
    assert_eq!(fields.first("oidc_ACCESS_toke"), None);
}

#[test]
fn set_replaces_every_field_of_that_name() {
    let mut fields = fields(&[("a", "1"), ("b", "x"), ("A", "2")]);
    fields.set("a", "3");
    assert_eq!(fields.all("a").collect::<Vec<_>>(), [b"3"]);
    assert_eq!(written(&fields), "b: x\r\na: 3\r\n");
}

#[test]
fn a_value_may_be_written_in_place() {
    let mut fields = fields(&[("a", "1")]);
    fields.push_with("b", |out| out.extend_from_slice(b"2"));
    fields.push_with("c", |_| {});
    assert_eq!(fields, self::fields(&[("a", "1"), ("b", "2"), ("c", "")]));
    assert!(fields.is_sound());
    fields.push_with("d", |out| out.push(b'\n'));
    assert!(!fields.is_sound());
}

#[test]
fn every_way_in_lets_a_name_be_found() {
    let mut one = Fields::new();
    one.push_with("Pushed-With", |_| {});
    one.set("Set", "");
    let mut two = read(b"Line: 1\r\nodd:2\r\n\r\n");
    two.extend_from(&one);
    two.push("Pushed", "");
    for name in ["pushed-with", "SET", "line", "Odd", "pushed"] {
        assert!(two.contains(name), "{name}");
        two.remove(name);
        assert!(!two.contains(name), "{name}");
    }
    assert!(two.is_empty());
}

#[test]
fn known_names_are_counted_on_every_way_in_and_out() {
    const AB: KnownSet = KnownSet::of([Known::Accept, Known::Cookie]);
    let mut all = fields(&[
        ("accept", "1"),
        ("x", "2"),
        ("Accept", "3"),
        ("cookie", "4"),
    ]);
    assert!(all.has(AB) && !all.has(KnownSet::of([Known::Host])));
    assert_eq!(all.repeated(AB), KnownSet::of([Known::Accept]));
    assert_eq!(all.first_known(Known::Accept), Some(&b"1"[..]));
    assert_eq!(all.all_known(Known::Accept).next_back(), Some(&b"3"[..]));
    assert_eq!(all.first_known(Known::Host), None);
    let copy = all.kept_without(KnownSet::of([Known::Cookie]), (0, 0), |_| true);
    assert!(copy.has(AB) && !copy.has(KnownSet::of([Known::Cookie])));
    assert_eq!(copy.repeated(AB), KnownSet::of([Known::Accept]));
    all.retain(|field| field.value != b"3");
    assert!(all.repeated(AB).is_empty());
    all.set("COOKIE", "5");
    assert_eq!(all.first("cookie"), Some(&b"5"[..]));
    all.remove_known(AB);
    assert_eq!(all, fields(&[("x", "2")]));
    assert!(!all.has(AB));
}

#[test]
fn rewrite_keeps_the_place() {
    let mut fields = fields(&[("a", "1"), ("b", "2"), ("c", "3")]);
    fields.rewrite(|field| field.is("b").then(|| b"longer than before".to_vec()));
    assert_eq!(
        written(&fields),
        "a: 1\r\nb: longer than before\r\nc: 3\r\n"
    );
}

#[test]
fn lines_that_were_removed_are_not_written() {
    let mut fields = fields(&[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]);
    fields.remove("B");
    assert_eq!(written(&fields), "a: 1\r\nc: 3\r\nd: 4\r\n");
    let mut out = Vec::new();
    fields
        .write_lines(&mut out, |field| !field.is("c"))
        .unwrap();
    assert_eq!(out, b"a: 1\r\nd: 4\r\n");
}

#[test]
fn extending_adds_all_in_order() {
    let mut from = read(b"a: 1\r\nb: 2\r\nc:3\r\n\r\n");
    from.rewrite(|field| field.is("a").then(|| b"9".to_vec()));
    from.push("d", "4");
    let mut to = fields(&[("z", "0")]);
    to.extend_from(&from);
    let all = [("z", "0"), ("a", "9"), ("b", "2"), ("c", "3"), ("d", "4")];
    assert_eq!(to, fields(&all));
    to.extend_from(&from);
    assert_eq!(to.len(), 9);
    assert_eq!(
        to.wire_bytes(),
        written(&to).len(),
        "every line is counted once"
    );
}

#[test]
fn what_is_kept_is_in_order_and_can_be_added_to() {
    let mut all = read(b"a: 1\r\nb:2\r\nc: 3\r\nTE: x\r\nDate: now\r\nd: 4\r\n\r\n");
    all.push("e", "5");
    let mut asked = Vec::new();
    let mut kept = all.kept_without(KnownSet::of([Known::Te]), (1, 10), |field| {
        asked.push(field.name.to_vec());
        !field.is("c")
    });
    assert_eq!(
        asked,
        [b"a", b"b", b"c", b"d", b"e"],
        "known names are settled"
    );
    kept.push("f", "6");
    let (b, date, d) = (("b", "2"), ("Date", "now"), ("d", "4"));
    assert_eq!(
        kept,
        fields(&[("a", "1"), b, date, d, ("e", "5"), ("f", "6")])
    );
    assert_eq!(
        written(&kept),
        "a: 1\r\nb: 2\r\nDate: now\r\nd: 4\r\ne: 5\r\nf: 6\r\n"
    );
    assert_eq!(all.len(), 7, "the others are as they were");
}

#[test]
fn the_end_of_a_head_and_what_was_added_are_no_neighbours() {
    // Without its status line and empty line a head would end where what was added begins.
    let mut fields = Fields::new();
    fields.text.head = Bytes::from_static(b"a: 1\r\n");
    fields.add(Span::new(0, 1, 1, None, true));
    fields.push("b", "2");
    assert_eq!(written(&fields), "a: 1\r\nb: 2\r\n");
    assert_eq!(fields, self::fields(&[("a", "1"), ("b", "2")]));
}

#[test]
fn what_is_written_without_some_names_is_the_same_in_one_copy_and_in_several() {
    const NONE: KnownSet = KnownSet::NONE;
    let without = |fields: &Fields, names| {
        let mut out = b"before ".to_vec();
        let written = fields.write_without(&mut out, names).is_ok();
        (written, String::from_utf8(out).unwrap())
    };
    let mut fields = fields(&[("a", "1"), ("cookie", "2"), ("c", "3")]);
    let all = "before a: 1\r\ncookie: 2\r\nc: 3\r\n";
    assert_eq!(without(&fields, NONE), (true, all.to_owned()));
    let cookie = KnownSet::of([Known::Cookie]);
    let others = "before a: 1\r\nc: 3\r\n".to_owned();
    assert_eq!(without(&fields, cookie), (true, others));
    fields.rewrite(|field| field.is("a").then(|| b"4".to_vec()));
    let rewritten = all.replace('1', "4");
    assert_eq!(without(&fields, NONE), (true, rewritten));
    fields.remove("a");
    let left = "before cookie: 2\r\nc: 3\r\n".to_owned();
    assert_eq!(without(&fields, NONE), (true, left));
    let mut unsound = self::fields(&[("a", "1"), ("b", "\n")]);
    assert_eq!(without(&unsound, NONE), (false, "before ".to_owned()));
    unsound.remove("b");
    assert_eq!(
        without(&unsound, NONE),
        (true, "before a: 1\r\n".to_owned())
    );
}

#[test]
fn what_has_no_place_can_not_be_written() {
    for (start, value) in [(1 << 32, 1), (0, 1 << 32), ((1 << 32) - 6, 1)] {
        assert!(!Span::new(start, 1, value, None, true).sound, "{start}");
    }
    let last = Span::new((1 << 32) - 7, 1, 1, None, true);
    assert!(last.sound && last.line().end == (1 << 32) - 1);
}

#[test]
fn a_field_that_would_change_the_head_is_not_written() {
    for (name, value) in [
        ("a b", "x"),
        ("", "x"),
        ("a:", "x"),
        ("a", "x\r\nb: y"),
        ("a", "x\n"),
        ("a", "\0"),
    ] {
        let fields = fields(&[("ok", "1"), (name, value)]);
        assert!(!fields.is_sound(), "{name:?} {value:?}");
        let refused = fields.write_lines(&mut Vec::new(), |_| true).unwrap_err();
        assert_eq!(refused.name, name.as_bytes());
        let mut copy = Fields::new();
        copy.extend_from(&fields);
        assert!(!copy.is_sound(), "a copy knows it too");
    }
}

#[test]
fn lines_as_they_came_are_written_with_one_space() {
    let read = read(b"A: 1\r\nb:2\r\nC:\t3 \r\nd: \r\ne:4\r\nf:\t5\r\ng:  6\r\nh:7 \r\n\r\n");
    assert_eq!(
        written(&read),
        "A: 1\r\nb: 2\r\nC: 3\r\nd: \r\ne: 4\r\nf: 5\r\ng: 6\r\nh: 7\r\n"
    );
}

#[test]
fn equality_is_about_fields_and_not_about_how_they_were_made() {
    let mut other = fields(&[("x", "0"), ("a", "1")]);
    other.remove("x");
    assert_eq!(other, fields(&[("a", "1")]));
    assert_ne!(other, fields(&[("A", "1")]));
}

#[test]
fn debug_shows_no_value() {
    let shown = format!("{:?}", fields(&[("cookie", "secret")]));
    assert!(
        shown.contains("cookie") && !shown.contains("secret"),
        "{shown}"
    );
}

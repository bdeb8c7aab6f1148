use super::*;
use crate::incident::IncidentId;

fn text(rendered: &Rendered) -> String {
    String::from_utf8(rendered.html.to_vec()).unwrap()
}

fn hostile() -> String {
    "</p><script>alert(1)</script><img src=x onerror=\"a\" '&amp;".to_owned()
}

fn error(message: String, detail: Option<String>) -> Page {
    Page::Error {
        title: hostile(),
        message,
        detail,
        findings: vec![PageFinding {
            code: "VST-SAMPLE",
            title: hostile(),
            seen: format!("`{}`", hostile()),
            cause: hostile(),
            changes: vec![PageChange {
                place: "In vestibule.toml",
                name: hostile(),
                text: hostile(),
                line: Some(hostile()),
            }],
        }],
        actions: vec![Link {
            label: hostile(),
            href: "/x?a=\"><script>".to_owned(),
        }],
        code: "callback_state_unknown",
        incident: IncidentId::from_entropy([7; 10]),
    }
}

/// CVE-2026-33525; mod_auth_openidc, 2026-05-20: what came with a request ran as a script on the page.
#[test]
fn cve_2026_33525_reflected_text_is_text_and_the_policy_is_set() {
    let pages = Pages::built_in().unwrap();
    let rendered = pages.render(&error(hostile(), Some(hostile())));
    let html = text(&rendered);
    assert!(!html.contains("<script"), "{html}");
    assert!(!html.contains("<img"), "{html}");
    assert!(html.contains("&lt;script&gt;"), "{html}");
    assert!(rendered.policy.contains("default-src 'none'"));
    assert!(!rendered.policy.contains("script-src"));
    assert!(!rendered.policy.contains("unsafe"));
    assert!(rendered.policy.contains("frame-ancestors 'none'"));
}

#[test]
fn every_page_is_a_whole_document_with_one_heading_and_no_script_but_the_one_that_sends() {
    let pages = Pages::built_in().unwrap();
    for page in sample::pages() {
        let html = text(&pages.render(&page));
        assert!(html.starts_with("<!doctype html>"), "{html}");
        assert!(html.contains("<html lang=\"en\">"));
        assert!(html.contains("name=\"viewport\""));
        assert_eq!(html.matches("<h1>").count(), 1);
        assert_eq!(html.matches("<main>").count(), 1);
        assert_eq!(
            html.matches("<script>").count(),
            usize::from(page.sends_itself())
        );
        assert!(
            !html.contains(" style="),
            "an inline style would be blocked: {html}"
        );
        assert!(!html.contains("onclick"));
    }
}

fn send_again(written_by: WrittenBy) -> Page {
    Page::SendAgain {
        action: "/app?a=\"><script>".to_owned(),
        fields: vec![
            (hostile(), hostile()),
            ("submit".to_owned(), "a\r\nb".to_owned()),
        ],
        written_by,
        plain_http: false,
    }
}

/// CVE-2021-32792: what a kept form held ran as a script on the page that sends it again.
#[test]
fn cve_2021_32792_a_kept_form_is_text_and_only_our_script_runs() {
    let pages = Pages::built_in().unwrap();
    for (written_by, scripts) in [
        (WrittenBy::You, 1),
        (WrittenBy::SomebodyElse, 0),
        (WrittenBy::NobodyKnows, 0),
    ] {
        let rendered = pages.render(&send_again(written_by));
        let html = text(&rendered);
        assert_eq!(html.matches("<script").count(), scripts, "{html}");
        assert_eq!(rendered.policy.matches("script-src").count(), scripts);
        assert!(!html.contains("<img") && !rendered.policy.contains("unsafe"));
        assert!(
            html.contains("action=\"/app?a=&quot;&gt;&lt;script&gt;\""),
            "{html}"
        );
        assert!(html.contains("value=\"a\r\nb\""), "{html}");
    }
}

#[test]
fn the_policy_names_the_very_script_that_sends_a_form() {
    let pages = Pages::built_in().unwrap();
    let rendered = pages.render(&send_again(WrittenBy::You));
    let html = text(&rendered);
    let script = html.split("<script>").nth(1).unwrap();
    let script = script.split("</script>").next().unwrap();
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, script.as_bytes()));
    let named = format!("script-src 'sha256-{hash}';");
    assert!(rendered.policy.contains(&named), "{}", rendered.policy);
}

#[test]
fn the_policy_names_the_very_style_that_is_in_the_document() {
    let pages = Pages::built_in().unwrap();
    let rendered = pages.render(&sample::pages()[0]);
    let html = text(&rendered);
    let style = html
        .split("<style>")
        .nth(1)
        .unwrap()
        .split("</style>")
        .next()
        .unwrap();
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, style.as_bytes()));
    assert!(
        rendered
            .policy
            .contains(&format!("style-src 'sha256-{hash}'")),
        "{}",
        rendered.policy
    );
    assert!(html.contains("prefers-color-scheme: dark"));
}

#[test]
fn only_the_pages_that_have_one_may_send_a_form() {
    let pages = Pages::built_in().unwrap();
    for page in sample::pages() {
        let policy = pages.render(&page).policy;
        match page {
            Page::SignOut { .. } | Page::SendAgain { .. } => {
                assert!(policy.contains("form-action 'self' https:;"))
            }
            _ => assert!(policy.contains("form-action 'none'")),
        }
    }
}

#[test]
fn an_error_page_shows_code_and_incident() {
    let html = text(
        &Pages::built_in()
            .unwrap()
            .render(&error("Oh.".to_owned(), None)),
    );
    assert!(html.contains("callback_state_unknown"));
    assert!(html.contains(&IncidentId::from_entropy([7; 10]).to_string()));
    assert!(!html.contains("provider said"));
}

#[test]
fn a_file_of_the_directory_replaces_the_page_of_its_name() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("signed_out.html"),
        "<p>Bye. {{ sign_in }}</p>",
    )
    .unwrap();
    std::fs::write(directory.path().join("style.css"), "body { color: red }").unwrap();
    let pages = Pages::with_overrides(directory.path()).unwrap();
    let signed_out = Page::SignedOut {
        sign_in: "/\"<b>".to_owned(),
        provider_session_may_live: false,
    };
    let rendered = pages.render(&signed_out);
    let html = text(&rendered);
    assert!(html.contains("Bye. /&quot;&lt;b&gt;"), "{html}");
    assert!(html.contains("body { color: red }"));
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, b"body { color: red }"));
    assert!(rendered.policy.contains(&hash));
    assert!(text(&pages.render(&sample::pages()[0])).contains("Choose the account"));
}

#[test]
fn a_notice_is_a_page_like_the_others() {
    let notice = Pages::built_in()
        .unwrap()
        .notice("Seen <all>", "You can close this & go.");
    let html = text(&notice);
    for part in [
        "<h1>Seen &lt;all&gt;</h1>",
        "<p>You can close this &amp; go.</p>",
        "name=\"viewport\"",
        "prefers-color-scheme: dark",
    ] {
        assert!(html.contains(part), "{part} is missing in {html}");
    }
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, BUILT_IN_STYLE.as_bytes()));
    assert!(notice.policy.contains(&hash) && notice.policy.contains("form-action 'none'"));
}

#[test]
fn a_broken_template_is_an_error_at_load_that_names_the_file() {
    for (name, source) in [
        ("error.html", "{% if %}"),
        ("choice.html", "{{ providers.nobody.label }}"),
        ("layout.html", "{{ content | no_such_filter }}"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(name), source).unwrap();
        let error = Pages::with_overrides(directory.path()).unwrap_err();
        let PagesError::Template { name: named, .. } = &error else {
            panic!("{name}: {error}")
        };
        assert_eq!(named, name);
    }
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("style.css"), "a{}</style><script>").unwrap();
    let error = Pages::with_overrides(directory.path()).unwrap_err();
    assert!(matches!(error, PagesError::StyleClosesElement));
}

#[test]
fn a_variable_that_a_page_has_not_is_named_with_those_that_it_has() {
    for (name, source, line, variables, known) in [
        (
            "error.html",
            "{{ message }}\n{% for link in actions %}{{ loop.index }}{{ link.href }}{% endfor %}\n{{ nope }}{{ never }}",
            3,
            "`never` and `nope` are no variables",
            "diagnosis",
        ),
        (
            "choice.html",
            "{{ Providers }}",
            1,
            "`Providers` is no variable",
            "providers",
        ),
        (
            "layout.html",
            "{{ message }}",
            1,
            "`message` is no variable",
            "content",
        ),
        (
            "findings.html",
            "{{ message }}",
            1,
            "`message` is no variable",
            "findings",
        ),
        (
            "send_again.html",
            "{{ name }}",
            1,
            "`name` is no variable",
            "script",
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(name), source).unwrap();
        let error = Pages::with_overrides(directory.path()).unwrap_err();
        let expected =
            format!("use the page template {name}: line {line}: {variables} of this page");
        assert_eq!(error.to_string(), expected);
        let PagesError::Variable { known: names, .. } = &error else {
            panic!("{error:?}")
        };
        assert!(names.iter().any(|name| name == known), "{names:?}");
    }
}

#[test]
fn a_template_that_fails_on_real_data_gives_the_bare_facts() {
    let directory = tempfile::tempdir().unwrap();
    // Passes on the sample, where there is a first finding, and fails where there is none.
    std::fs::write(
        directory.path().join("error.html"),
        "{{ findings[0].title }}",
    )
    .unwrap();
    let pages = Pages::with_overrides(directory.path()).unwrap();
    let page = Page::Error {
        title: "Sign-in failed".to_owned(),
        message: hostile(),
        detail: None,
        findings: Vec::new(),
        actions: Vec::new(),
        code: "callback_state_unknown",
        incident: IncidentId::from_entropy([1; 10]),
    };
    let html = text(&pages.render(&page));
    assert!(html.contains("callback_state_unknown"));
    assert!(!html.contains("<script"));
}

//! One case for each number: its text shows it, and what only comes close stays silent.

use crate::Evidence;
use crate::evidence::ProviderError;
use crate::testing::{RowCase, case, evidence};

use super::CODES;
use super::table::Code;

pub(in crate::family) fn all() -> Vec<RowCase> {
    let mut cases: Vec<RowCase> = CODES.iter().flat_map(|part| part.iter()).map(of).collect();
    cases.push(
        case("VST-AADSTS-OTHER")
            .shows(Evidence::of_text("AADSTS99999999: Something new happened."))
            .line("https://login.microsoftonline.com/error?code=99999999")
            .silent(Evidence::of_text(
                "AADSTS50011: a known one; AADSTS99999999 beside it",
            ))
            .silent(Evidence::of_text("code 99999999")),
    );
    cases
}

/// What a page says in words is its number's, where there is no number.
#[test]
fn a_page_without_a_number_is_known_by_its_words() {
    let app = crate::testing::CLIENT;
    let selected = format!(
        "Selected user account does not exist in tenant 'Contoso' and cannot access the application '{app}' in that tenant."
    );
    for (text, code) in [
        (selected.as_str(), "VST-AADSTS-50020"),
        (
            "You cannot access this right now. Your sign-in was successful but does not meet the criteria to access this \
             resource.",
            "VST-AADSTS-53003",
        ),
        (
            "User account 'ada@outlook.com' from identity provider 'live.com' does not exist in tenant 'Contoso' and cannot \
             access the application",
            "VST-AADSTS-50020",
        ),
        (
            "Application with identifier 'x' was not found in the directory 'Contoso'.",
            "VST-AADSTS-700016",
        ),
        ("You can't get there from here", "VST-AADSTS-53000"),
        (
            "invalid_scope: The provided value for the input parameter 'scope' is not valid. The scope 'openid api://x' is \
             not valid.",
            "VST-AADSTS-70011",
        ),
    ] {
        let found = crate::diagnose(&Evidence::of_text(text));
        let codes: Vec<_> = found.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [code], "{text}");
        assert!(found[0].seen.contains("says in words"), "{}", found[0]);
        assert_eq!(found[0].confidence, crate::Confidence::Observed);
    }
    let scope = crate::diagnose(&Evidence::of_text(
        "invalid_scope: The provided value for the input parameter 'scope' is not valid. The scope 'openid api://x/y' is not \
         valid.",
    ));
    assert!(scope[0].seen.contains("api://x/y"), "{}", scope[0]);
    // A number says more.
    let both = crate::diagnose(&Evidence::of_text(&format!("{selected} AADSTS90072")));
    assert!(
        both.iter()
            .all(|finding| finding.code != "VST-AADSTS-50020"),
        "{both:?}"
    );
    assert_eq!(
        crate::diagnose(&Evidence::of_text("your sign-in was successful")),
        []
    );
}

fn of(code: &Code) -> RowCase {
    let number = code.number;
    let row = super::ROWS
        .iter()
        .flat_map(|part| part.iter())
        .find(|row| row.code == format!("VST-AADSTS-{number}"))
        .unwrap();
    case(row.code)
        .shows(Evidence::of_text(&format!(
            "AADSTS{number}: Something happened."
        )))
        .shows(evidence(|evidence| {
            let mut error = ProviderError::new("invalid_request", None);
            error.aadsts.push(number);
            evidence.provider_error = Some(error);
        }))
        .says(format!("`AADSTS{number}`"))
        // A number alone is no code, and one digit more is another code.
        .silent(Evidence::of_text(&format!(
            "the job took {number} ms; error {number}"
        )))
        .silent(Evidence::of_text(&format!("AADSTS{number}99: Another.")))
}

#[test]
fn values_of_the_message_are_filled_into_cure_and_line() {
    let text = "AADSTS500011: The resource principal named api://9e59d98b-d747-4a9a-96fd-178f04d08b02 \
                was not found in the tenant named contoso.onmicrosoft.com. Correlation ID: \
                aaaa0000-bb11-2222-33cc-444444dddddd Timestamp: 2024-01-09 02:02:12Z";
    let finding = crate::diagnose(&Evidence::of_text(text)).remove(0);
    let all = serde_json::to_string(&finding).unwrap();
    assert!(
        finding
            .seen
            .contains("api://9e59d98b-d747-4a9a-96fd-178f04d08b02"),
        "{all}"
    );
    assert!(
        all.contains("api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default"),
        "{all}"
    );

    let text = "AADSTS53003: Access has been blocked. Correlation ID: \
                aaaa0000-bb11-2222-33cc-444444dddddd Timestamp: 2024-01-09 02:02:12Z";
    let finding = crate::diagnose(&Evidence::of_text(text)).remove(0);
    let all = serde_json::to_string(&finding).unwrap();
    assert!(
        all.contains("aaaa0000-bb11-2222-33cc-444444dddddd"),
        "{all}"
    );
    assert!(all.contains("2024-01-09 02:02:12Z"), "{all}");
}

/// Scopes that a message names stand in the line to write.
#[test]
fn scopes_of_the_message_are_in_the_cure() {
    const API: &str = "api://9e59d98b-d747-4a9a-96fd-178f04d08b02";
    let lines = |text: &str| -> Vec<String> {
        let finding = crate::diagnose(&Evidence::of_text(text)).remove(0);
        let lines = finding.change.into_iter().filter_map(|change| change.line);
        lines.collect()
    };
    for (text, line) in [
        (
            format!(
                "AADSTS28000: Provided value for the input parameter scope is not valid because it contains more than one \
                 resource. Scope https://graph.microsoft.com/User.Read {API}/access_as_user openid is not valid."
            ),
            format!("access_token = {{ scope = \"{API}/access_as_user\" }}"),
        ),
        (
            format!(
                "AADSTS1002012: The provided value for scope {API}/access_as_user is not valid. Client credential flows \
                 must have a scope value with /.default suffixed to the resource identifier (application ID URI)."
            ),
            format!("{API}/.default"),
        ),
        (
            "AADSTS650053: The application 'Portal' asked for scope 'access_as_usr' that doesn't exist on the resource \
             '9e59d98b-d747-4a9a-96fd-178f04d08b02'. Contact the app vendor."
                .to_owned(),
            format!("access_token = {{ scope = \"{API}/.default\" }}"),
        ),
        (
            "AADSTS650053: The application 'Portal' asked for scope 'access_as_user' that doesn't exist on the resource \
             '00000003-0000-0000-c000-000000000000'."
                .to_owned(),
            "access_token = { scope = \"api://<the API's application id>/access_as_user\" }".to_owned(),
        ),
        (
            format!(
                "{{'error': 'invalid_scope', 'error_description': \"AADSTS70011: The provided request must include a 'scope' \
                 input parameter. The provided value for the input parameter 'scope' is not valid. The scope {API}/access \
                 https://graph.microsoft.com/User.Read is not valid.\"}}"
            ),
            format!("access_token = {{ scope = \"{API}/access\" }}"),
        ),
        (
            "AADSTS70011: The provided value for the input parameter 'scope' is not valid. The scope openid profile \
             9e59d98b-d747-4a9a-96fd-178f04d08b02/access is not valid."
                .to_owned(),
            format!("access_token = {{ scope = \"{API}/access\" }}"),
        ),
        (
            "AADSTS65005: The application 'Portal' asked for scope 'access' that doesn't exist on the resource \
             '9e59d98b-d747-4a9a-96fd-178f04d08b02'."
                .to_owned(),
            format!("access_token = {{ scope = \"{API}/.default\" }}"),
        ),
        (
            "AADSTS650053: The application 'Portal' asked for scope 'groups' that doesn't exist on the resource \
             '00000003-0000-0000-c000-000000000000'."
                .to_owned(),
            "scopes = [\"openid\", \"profile\", \"offline_access\"]".to_owned(),
        ),
    ] {
        let found = lines(&text);
        assert_eq!(found.first(), Some(&line), "{text}: {found:?}");
    }
}

#[test]
fn apache_is_named_only_where_the_configuration_came_from_it() {
    use crate::evidence::{Origin, Settings};
    let places = |origin| {
        let mut evidence = Evidence::of_text("AADSTS7000222: The secret has expired.");
        evidence.settings = Some(Settings {
            origin: Some(origin),
            ..Settings::default()
        });
        let finding = crate::diagnose(&evidence).remove(0);
        finding
            .change
            .iter()
            .map(|change| change.place)
            .collect::<Vec<_>>()
    };
    use crate::Place::{Apache, Config};
    assert!(places(Origin::Apache).contains(&Apache) && !places(Origin::Apache).contains(&Config));
    assert!(places(Origin::Toml).contains(&Config) && !places(Origin::Toml).contains(&Apache));
}

#[test]
fn no_number_stands_twice() {
    let mut numbers: Vec<_> = CODES
        .iter()
        .flat_map(|part| part.iter())
        .map(|code| code.number)
        .collect();
    let count = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), count);
    assert!(count >= 200, "{count}");
}

/// A fault named after a number is the one of the number's own row.
#[test]
fn faults_of_numbers_are_named_alike_everywhere() {
    let own: Vec<_> = super::ROWS
        .iter()
        .flat_map(|part| part.iter())
        .filter_map(|row| row.fault)
        .collect();
    for row in crate::catalogue::rows() {
        let Some(fault) = row.fault else { continue };
        let numbered = fault.starts_with("token-error-") || fault.starts_with("authorize-error-");
        assert!(!numbered || own.contains(&fault), "{}: {fault}", row.code);
    }
}

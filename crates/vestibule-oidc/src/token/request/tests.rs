use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn request<'a>(
    endpoint: &'a Url,
    authentication: &'a ClientAuthentication,
    grant: Grant<'a>,
    scopes: &'a [String],
    extra: &'a ExtraParameters,
) -> TokenHttpRequest {
    TokenRequest {
        endpoint,
        client_id: "me:you",
        authentication,
        grant,
        scopes,
        extra,
    }
    .to_http()
}

#[test]
fn a_code_is_redeemed_with_its_redirect_uri_and_verifier() {
    let endpoint = Url::parse("https://idp.example/token?p=x").unwrap();
    let secret = || Secret::from("s&cret=%ü +");
    let (code, verifier) = (Secret::from("c&d"), Verifier::from_stored("v"));
    let grant = Grant::AuthorizationCode {
        code: &code,
        redirect_uri: "https://app.example/cb",
        verifier: Some(&verifier),
    };
    let form = "grant_type=authorization_code&code=c%26d\
                &redirect_uri=https%3A%2F%2Fapp.example%2Fcb&code_verifier=v";
    let none = ExtraParameters::default();

    let basic = ClientAuthentication::Basic { secret: secret() };
    let sent = request(&endpoint, &basic, grant, &[], &none);
    assert_eq!(sent.url, endpoint);
    assert_eq!(sent.form_body.expose(), form);
    // RFC 6749 §2.3.1: each half is form-urlencoded, then joined by the colon.
    let header = sent.authorization.unwrap();
    let decoded = STANDARD
        .decode(header.expose().strip_prefix("Basic ").unwrap())
        .unwrap();
    assert_eq!(
        String::from_utf8(decoded).unwrap(),
        "me%3Ayou:s%26cret%3D%25%C3%BC+%2B"
    );

    let post = ClientAuthentication::Post { secret: secret() };
    let sent = request(&endpoint, &post, grant, &[], &none);
    assert_eq!(sent.authorization, None);
    assert_eq!(
        sent.form_body.expose(),
        &format!("{form}&client_id=me%3Ayou&client_secret=s%26cret%3D%25%C3%BC+%2B")
    );

    let sent = request(&endpoint, &ClientAuthentication::None, grant, &[], &none);
    assert_eq!(sent.authorization, None);
    assert_eq!(
        sent.form_body.expose(),
        &format!("{form}&client_id=me%3Ayou")
    );

    // RFC 9700 §4.8.2: a verifier that nobody was challenged for is refused.
    let bare = Grant::AuthorizationCode {
        code: &code,
        redirect_uri: "https://app.example/cb",
        verifier: None,
    };
    let sent = request(&endpoint, &basic, bare, &[], &none);
    let form = form.strip_suffix("&code_verifier=v").unwrap();
    assert_eq!(sent.form_body.expose(), form);
}

#[test]
fn a_refresh_names_its_scopes_and_resource() {
    let endpoint = Url::parse("https://idp.example/token").unwrap();
    let token = Secret::from("rt");
    let extra = ExtraParameters::new([("resource".into(), "https://api.example".into())]).unwrap();
    let sent = request(
        &endpoint,
        &ClientAuthentication::None,
        Grant::RefreshToken {
            refresh_token: &token,
        },
        &["api://x/.default".into(), "openid".into()],
        &extra,
    );
    assert_eq!(
        sent.form_body.expose(),
        "grant_type=refresh_token&refresh_token=rt&scope=api%3A%2F%2Fx%2F.default+openid\
         &client_id=me%3Ayou&resource=https%3A%2F%2Fapi.example"
    );
    assert!(!format!("{sent:?}").contains("rt&"));
}
